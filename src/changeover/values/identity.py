"""A number that no other living object has, as `id` gives one, without a word to the process.

CPython announces each call of `id` to audit hooks, and replays have one that is written in Python: it takes
ten times as long as `id` itself. What `object` has as a hash is the same address, turned by four bits.
"""

from __future__ import annotations

from collections.abc import Callable

identity_of: Callable[[object], int] = object.__hash__
"""Also of what has no hash, or another one: no method of its class is called."""
