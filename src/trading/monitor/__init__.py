"""Looking on: what the journal of an account says at one moment, and what of it needs a person."""
