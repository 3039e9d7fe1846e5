"""Whether a node has its images, and why not: the one place where that is decided."""
