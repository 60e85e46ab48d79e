"""Strategies: what to hold, from prices alone."""
