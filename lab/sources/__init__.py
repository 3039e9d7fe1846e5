"""Where a piece comes from: found on this machine, downloaded or built; the cache keeps it."""
