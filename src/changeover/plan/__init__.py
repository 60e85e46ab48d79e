"""The plan of a migration, and where each of its phases stands."""
