"""Pages of a project as it goes on: drawn anew for each request, and readable without a script."""
