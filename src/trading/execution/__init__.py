"""Turning a plan into orders."""
