"""Copies of collections that hold weakly: a copy holds what the original does, and lets go of it alike.

What stands in the copied value in another way too is held there alone, and is gone where a path drops it.
What somebody outside of the copied value holds is held for the copy by the copy.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary, WeakSet, WeakValueDictionary

from changeover.values.own_state import mro

KINDS: tuple[Any, ...] = (WeakSet, WeakKeyDictionary, WeakValueDictionary)
HELD = "(held)"
"""The attribute of a copy that holds what nothing else in it holds."""

Copied = Callable[[Any], Any]


def kind_of(cls: type) -> Any:
    """Which of them a class is, or is derived from; None where it is none."""
    return next((base for base in mro(cls) if base in KINDS), None)


def empty_of(cls: type) -> Any:
    """An empty one, for which no code of the program is called."""
    made: Any = object.__new__(cls)
    kind_of(cls).__init__(made)
    return made


def fill(made: Any, parts: Any, copied: Copied, is_known: Callable[[Any], bool]) -> None:
    """Give a copy what the original holds; `is_known` says what else in the copied value holds a part."""
    kind = kind_of(type(made))
    pairs = [(one, None) for one in parts] if kind is WeakSet else [*parts.items()]
    weak = [value if kind is WeakValueDictionary else key for key, value in pairs]
    outside = [one for one in weak if not is_known(one)]
    for key, value in pairs:
        if kind is WeakSet:
            WeakSet.add(made, copied(key))
        else:
            kind.__setitem__(made, copied(key), copied(value))
    vars(made)[HELD] = [copied(one) for one in outside]
