"""Changes of stage: written at once or not at all, journalled, and always possible backwards."""
