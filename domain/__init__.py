"""What is true: aggregates, their events and the rules. Pure: no I/O, no clock, no randomness, no framework."""
