"""The pages of a project over HTTP: read by whoever reaches this machine, moved by whoever has the token."""
