"""The pack for Django: a database of its settings, its mail and its caches."""
