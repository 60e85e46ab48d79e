"""Identifiers that each path mints for itself: `order-17` on the tape is `order-3` in the replay."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from changeover.values.content_key import frozen
from changeover.values.copying import field_names, kind_of

# A name with a digit in it and without space: not a word like SELL, not an amount, not a date.
_IDENTIFIER = re.compile(r"(?=.*\d)(?=.*[A-Za-z_])[^\s]{2,200}")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


def is_identifier(value: Any) -> bool:
    """Whether a value looks minted: a UUID, or a text with letters and digits that is no date or number."""
    if isinstance(value, UUID):
        return True
    if type(value) is not str or not _IDENTIFIER.fullmatch(value) or _DATE.match(value):
        return False
    try:
        float(value)
    except ValueError:
        return True
    return False


class IdMapping:
    """Pairs of an identifier on the tape and its twin in the replay; the first pair of a name stays."""

    def __init__(self) -> None:
        self._to_tape: dict[Any, Any] = {}
        self._to_path: dict[Any, Any] = {}

    def learn(self, on_tape: Any, of_path: Any) -> None:
        """Pair the identifiers that stand at the same places of two values and differ."""
        if type(on_tape) is not type(of_path):
            return
        if is_identifier(on_tape) and is_identifier(of_path):
            if on_tape != of_path and of_path not in self._to_tape and on_tape not in self._to_path:
                self._to_tape[of_path] = on_tape
                self._to_path[on_tape] = of_path
            return
        if isinstance(on_tape, list | tuple):
            for one, other in zip(on_tape, of_path, strict=False):
                self.learn(one, other)
        elif isinstance(on_tape, Mapping):
            for key in on_tape.keys() & of_path.keys():
                self.learn(on_tape[key], of_path[key])
        elif kind_of(type(on_tape)) != "shared":
            for name in field_names(on_tape) or ():
                self.learn(getattr(on_tape, name, None), getattr(of_path, name, None))

    def for_tape(self, value: Any) -> Any:
        """The value with the identifiers of the tape."""
        return _mapped(value, self._to_tape) if self._to_tape else value

    def for_path(self, value: Any) -> Any:
        """The value with the identifiers of the replayed path."""
        return _mapped(value, self._to_path) if self._to_path else value


def _mapped(value: Any, names: Mapping[Any, Any]) -> Any:
    cls = type(value)
    if cls is str or cls is UUID:
        return names.get(value, value)
    if cls in (tuple, list, set, frozenset):
        return cls(_mapped(item, names) for item in value)
    if cls is dict:
        return {_mapped(key, names): _mapped(item, names) for key, item in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return cls._make(_mapped(item, names) for item in value)
    if isinstance(value, BaseException):
        value.args = _mapped(value.args, names)
        vars(value).update(_mapped(vars(value), names))
        return value
    fields = None if kind_of(cls) == "shared" else field_names(value)
    if not fields:
        return value
    changed = {}
    for name in fields:
        item = getattr(value, name, None)
        new = _mapped(item, names)
        if frozen(new) != frozen(item):
            changed[name] = new
    if not changed:
        return value
    made = copy.copy(value)
    for name, item in changed.items():
        object.__setattr__(made, name, item)
    return made
