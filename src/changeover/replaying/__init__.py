"""The other path against a tape, with nothing of the world in reach."""
