"""Finds, downloads or builds the pieces of the lab: one file for each piece."""
