"""A number that no other living object has, as `id` gives one, without a word to the process.

CPython announces each call of `id` to audit hooks. Replays have one that is written in Python: from then on
`id` takes ten times as long. What `object` has as a hash is the same address, turned by four bits; it takes
somewhat longer than an `id` that nobody hears.
"""

from __future__ import annotations

from collections.abc import Callable

identity_of: Callable[[object], int] = object.__hash__
"""Also of what has no hash, or another one: no method of its class is called."""

number_of: Callable[[object], int] = id
"""The quicker of both just now, asked as `identity.number_of`; one operation goes on with one of them."""


def id_is_heard() -> None:
    """From now on there is an audit hook."""
    global number_of
    number_of = identity_of
