"""The comparison: two observations, the rules that say what counts as the same, and what was found."""
