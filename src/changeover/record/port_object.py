"""Which object of a port's class was called: what tells it apart from others of the class, in texts.

Two paths may come with a client each, and a pool may give another connection: those are one port. What calls
itself otherwise (`Account("savings")`, `Account("salary")`) is another object of the world.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from enum import Enum
from types import MappingProxyType
from typing import Any, NamedTuple

from changeover.values.own_state import mro, own_state

_TEXT_MAX = 200
_MADE_ANEW = re.compile(r"[0-9a-fA-F]{6}|\d{3}|tmp")
"""In names that were given by a machine: identifiers, numbers of connections, moments."""
_PASSING = re.compile(
    r"stat(e|us)|last|current|mode|error|buffer|cursor|token|cookie|message|text|session|result|next|path|hostname|machine"
)
"""In names of attributes that say how an object is just now, rather than which one it is."""
_SECRET = re.compile(r"passw|pwd|secret|credential|auth|dsn|(api|access|private|signing)_?key")
"""In names of attributes that tell nothing apart that a spool should hold."""
_WITH_PASSWORD = re.compile(r"://[^/\s]*@")
"""In addresses that name who comes, and with which word."""
_NUMBERED = re.compile(r"(^|_)(id|number|no|code)$")
"""In names of attributes whose whole numbers are names."""
_NOTHING: Mapping[str, str] = MappingProxyType({})


class PortObject(NamedTuple):
    """An object, and what it called itself when it was first called in a run."""

    owner: Any
    texts: Mapping[str, str]

    @classmethod
    def of(cls, owner: Any) -> PortObject:
        """As it is now; asks no code of its class."""
        return cls(owner, _NOTHING if isinstance(owner, type) else _texts(owner))

    def differs_from(self, other: PortObject, among: Set[str] | None = None) -> str | None:
        """The attribute by which they are two, one of `among` where that is given; None for no such."""
        if self.owner is other.owner:
            return None
        texts = other.texts
        for name, text in self.texts.items():
            if texts.get(name, text) != text and (among is None or name in among):
                return name
        return None


def _texts(owner: Any) -> Mapping[str, str]:
    found = {}
    try:
        for name, value in own_state(owner).items():
            if type(value) is int and type(name) is str and _NUMBERED.search(name):
                found[name] = str(value)
                continue
            text = _text(value)
            if text is not None and type(name) is str and not _is_left_out(name):
                found[name] = text
    except Exception:  # noqa: BLE001  what cannot be looked into is told apart by nothing
        return _NOTHING
    return found or _NOTHING


def _is_left_out(name: str) -> bool:
    return _PASSING.search(name) is not None or _SECRET.search(name.lower()) is not None


def _text(value: Any) -> str | None:
    cls = type(value)
    if cls is not str:
        if Enum in mro(cls):
            name = own_state(value).get("_name_")
            return name if type(name) is str else None
        return None
    is_name = len(value) <= _TEXT_MAX and value.isprintable() and not _MADE_ANEW.search(value)
    return value if is_name and not _WITH_PASSWORD.search(value) else None
