"""Ports for the libraries that programs use: each pack is one line, `migration.use(NAME)`."""
