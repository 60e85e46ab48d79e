"""One port for all HTTP clients: what is kept is request and answer, and nothing of the library."""
