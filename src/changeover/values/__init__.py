"""One reading of Python values, and the records that everything else is about."""
