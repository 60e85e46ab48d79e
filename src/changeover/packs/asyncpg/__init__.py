"""`migration.use("asyncpg")`: statements of connections and pools that a program opens by itself."""
