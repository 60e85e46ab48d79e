"""The end of a migration: who still needs the old code, and whether everything passes without it."""
