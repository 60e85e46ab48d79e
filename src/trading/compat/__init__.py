"""The compatibility layer: seams between the legacy path and the handlers. Deleted together with legacy."""
