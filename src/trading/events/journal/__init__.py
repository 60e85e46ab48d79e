"""Where events and workflows are kept: the port, in memory, and in one SQLite file."""
