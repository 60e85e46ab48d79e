"""Models of every file that people write and of every JSON output; JSON Schemas are made from them."""
