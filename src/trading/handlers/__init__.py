"""The event-driven path: handlers that know events and services, and nothing of each other."""
