"""A call with two paths: who answers, and what is replayed and judged after it."""
