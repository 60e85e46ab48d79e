"""Runs gathered, counted and kept: what a decision rests on."""
