"""May this phase move to that stage? Pure functions over evidence, and the thin edge that collects it."""
