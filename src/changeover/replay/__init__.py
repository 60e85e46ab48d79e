"""The other path, run against a tape instead of the world."""
