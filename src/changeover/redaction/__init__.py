"""What is secret is replaced before anything is written or shown."""
