"""The classes of a port: its own, those derived from it, and those that were registered with it.

`Port.register(Adapter)` makes a class one of an abstract class that it is not derived from. What else says
who is one of a class (a protocol, `__subclasshook__`) goes by names of methods alone, and is not asked.
"""

from __future__ import annotations

import abc
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from changeover.values.own_state import mro, namespace

_registered: Any = getattr(abc, "_get_dump", None)
"""Gives the weak references to what is registered, first of some; None where Python keeps that otherwise."""


def subclasses(cls: type) -> Iterator[type]:
    """The class and all classes of its family so far, each once."""
    seen = {cls}
    waiting = [cls]
    while waiting:
        current = waiting.pop()
        yield current
        for one in next_to(current):
            if one not in seen:
                seen.add(one)
                waiting.append(one)


def next_to(cls: type) -> list[type]:
    """Those that are derived from it, and those that are registered with it."""
    derived: list[type] = type.__subclasses__(cls)
    if _registered is not None and isinstance(cls, abc.ABCMeta) and "_abc_impl" in namespace(cls):
        with suppress(TypeError, IndexError):
            found = (one() for one in _registered(cls)[0])
            return [*derived, *(one for one in found if one is not None)]
    return derived


def is_of(cls: type, family: type) -> bool:
    """Whether a class is of the family."""
    return family in mro(cls) or any(one in mro(cls) for one in subclasses(family))


def is_protocol(cls: type) -> bool:
    """Whether it is a protocol, and not a class that is derived from one."""
    return bool(namespace(cls).get("_is_protocol", False))


def is_implemented(protocol: type) -> bool:
    """Whether a class that is no protocol is derived from it, or registered with it."""
    return not all(map(is_protocol, subclasses(protocol)))
