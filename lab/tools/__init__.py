"""The programs that the lab runs, one file for each."""
