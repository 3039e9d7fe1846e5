"""How it is measured: clocks, counters, and what brings nodes into the state that a round begins with."""
