"""Reads from a cluster: its address, its objects, its logs."""
