"""The arguments: read, checked, and completed to a plan."""
