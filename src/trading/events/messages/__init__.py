"""The events themselves: an envelope and a schema per type; nothing of how they travel or are kept."""
