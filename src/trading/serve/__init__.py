"""`python -m trading serve`: pages, metrics and alerts about the journal of one account."""
