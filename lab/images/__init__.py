"""The images of the nodes and of the registry."""
