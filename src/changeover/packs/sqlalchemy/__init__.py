"""`migration.use("sqlalchemy", engine)`: what a path changes in the database of an engine."""
