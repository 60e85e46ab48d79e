"""The candidate under other orders of its events: twice, late, after a restart."""
