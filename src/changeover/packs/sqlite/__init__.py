"""Databases of `sqlite3`: what a path changes in them, whichever statements it sends."""
