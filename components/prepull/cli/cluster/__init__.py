"""Asking a cluster: its address, its objects, its logs."""
