"""What runs beside a program in production: the worker that replays what it recorded."""
