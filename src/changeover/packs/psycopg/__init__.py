"""`migration.use("psycopg")`: statements of connections that a program opens by itself, sync and async."""
