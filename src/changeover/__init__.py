"""Move a running program from one implementation to another, and know that the new one does the same."""

__version__ = "0.1.0"
