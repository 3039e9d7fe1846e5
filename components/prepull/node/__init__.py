"""What runs on nodes: programs in sh and awk, as files."""
