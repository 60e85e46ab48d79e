"""The direct-call orchestrators: the reference of the migration, deleted at its end."""
