"""How events are read and written: versions, upcasters, and the committed baseline of their shapes."""
