"""A trading system on daily closes: the first program that is migrated with `changeover`."""
