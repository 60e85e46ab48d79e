"""`migration.use("files")`: what a path leaves in files, and nothing that a replay writes reaches them."""
