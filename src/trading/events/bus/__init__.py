"""How events reach their handlers."""
