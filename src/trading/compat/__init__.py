"""The compatibility layer: the only place that knows the legacy path. Deleted together with it."""
