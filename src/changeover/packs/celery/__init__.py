"""Tasks: what Celery sends to a queue is one port, and the stages of a run travel with it."""
