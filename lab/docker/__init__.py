"""The Docker Engine that runs the lab, and its client."""
