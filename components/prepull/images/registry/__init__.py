"""Asks registries which digest a tag stands for, over the OCI distribution API.

`failures` needs the standard library only; the other modules need the extra `digests`. docs/digests.md compares the
available libraries.
"""
