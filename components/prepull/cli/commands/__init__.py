"""The commands of `prepull`, one file each."""
