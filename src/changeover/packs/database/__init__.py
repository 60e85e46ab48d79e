"""What a path changed in a database, row by row, and the database as it was before that."""
