"""The pack `redis`: redis-py, sync and awaited."""
