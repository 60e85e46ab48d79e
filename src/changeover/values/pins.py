"""The stages that one run keeps from beginning to end, whatever is flipped meanwhile."""

from __future__ import annotations

import re
from collections import deque, namedtuple
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import fields, is_dataclass
from os import urandom
from typing import Any

from changeover.values.stage import ALL_STAGES, OFF, Roles, Setting, Stage, in_bucket, parse_setting, roles


class Pins:
    """The settings of all phases, the run's key, and its correlation id, minted when first asked for.

    They hold for the seams of one migration (`owner`; None: of all) until the run that took them has answered
    (`ended`); `around` are those of another migration whose run is still on. `problem` says that the key
    function did what it may not, so that the run is not compared.
    """

    key: str | None = None
    problem: str | None = None
    owner: object = None
    around: Pins | None = None
    ended = False
    _correlation_id: str | None = None
    _reopened_from: Pins | None = None

    def __init__(
        self, settings: Mapping[str, Setting], key: str | None = None, correlation_id: str | None = None
    ) -> None:
        self.settings = settings
        if key is not None:  # the class has the defaults: most runs at `off` need neither
            self.key = key
        if correlation_id is not None:
            self._correlation_id = correlation_id

    @property
    def correlation_id(self) -> str:
        """The same for every seam that this run passes."""
        if self._correlation_id is None:
            first = self._reopened_from or self
            if first._correlation_id is None:  # in two threads at once, it is the one that comes first
                vars(first).setdefault("_correlation_id", urandom(16).hex())
            self._correlation_id = first._correlation_id
        found: str = self._correlation_id or ""
        return found

    def setting(self, phase: str) -> Setting:
        """The stage of a phase in this run."""
        return self.settings.get(phase, OFF)

    def roles(self, phase: str) -> Roles:
        """Who answers in this run; a phase that ramps without a key answers with legacy."""
        setting, key = self.setting(phase), self.key
        picked = setting.stage is Stage.RAMP and key is not None and in_bucket(phase, key, setting.percent)
        return roles(setting.stage, in_bucket=picked)

    def of(self, owner: object) -> Pins | None:
        """The pins that hold for one migration, None where its next seam begins a run."""
        pins: Pins | None = self
        while pins is not None and (pins.ended or (pins.owner is not owner and pins.owner is not None)):
            pins = pins.around
        return pins

    def reopened(self) -> Pins:
        """The same pins with an end of their own, and with those around them that hold now."""
        copied = Pins(self.settings, self.key)
        copied._reopened_from = self._reopened_from or self
        copied.owner = self.owner
        around = still_on(self.around)
        if around is not None:
            copied.around = around.reopened()
        return copied

    def end(self) -> None:
        """Let no seam that is entered from now on use these, nor those that were reopened around them."""
        pins: Pins | None = self
        while pins is not None:
            pins.ended = True
            pins = pins.around

    def to_data(self) -> dict[str, Any]:
        """Plain values, for a message or a stored workflow."""
        settings = {phase: str(setting) for phase, setting in self.settings.items()}
        return {"stages": settings, "key": self.key, "correlation_id": self.correlation_id}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Pins:
        """The inverse of `to_data`; raises ValueError or KeyError where it is something else."""
        settings = {str(phase): parse_setting(text, ALL_STAGES) for phase, text in data["stages"].items()}
        return cls(settings, data["key"], str(data["correlation_id"]))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Pins):
            return NotImplemented
        return self.to_data() == other.to_data()

    __hash__ = None  # type: ignore[assignment]  # two pins are compared, never looked up

    def __repr__(self) -> str:
        return f"Pins({self.to_data()})"


PINNED: ContextVar[Pins | None] = ContextVar("changeover_pinned", default=None)


def still_on(pins: Pins | None) -> Pins | None:
    """The innermost of these pins whose run has not answered yet."""
    while pins is not None and pins.ended:
        pins = pins.around
    return pins


@contextmanager
def resumed(pins: Pins, owner: object = None) -> Iterator[Pins]:
    """Until the block ends, every seam of the migration (of all, without an owner) uses these pins, as if it
    were still the run that they come from.
    """
    before = PINNED.get()
    again = Pins(pins.settings, pins.key, pins.correlation_id)
    again.owner, again.around = owner, still_on(before)
    try:
        PINNED.set(again)
        yield again
    finally:
        again.ended = True
        PINNED.set(before)


def key_text(
    key: Callable[..., object] | None, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> str | None:
    """The key of a run as text, None without a key function or where it gives None."""
    if key is None:
        return None
    found = key(*args, **kwargs)
    return None if found is None else stable_text(found)


class UnstableKey(ValueError):
    """A key has no text that is the same for every object that means the same, and in every process."""


_TEXTS = (str, int, float, bool, complex, bytes, type(None))


def stable_text(value: Any) -> str:
    """The text of a key; sets and mappings in the order of their texts. Raises UnstableKey."""
    cls = type(value)
    if cls in _TEXTS:
        return str(value)
    ordered = _ordered(value)
    text = str(ordered)
    if ordered is value:  # else its parts were looked at, of which a text may say " at 0x1F"
        _check_text(value, text)
    return text


def _check_text(value: Any, text: str) -> None:
    """Raise UnstableKey where the text tells which object it is, and not what it means."""
    if _ADDRESS.search(text) or str(id(value)) in text or hex(id(value)) in text:
        name = type(value).__name__
        raise UnstableKey(f"gives a {name} without a text of its own, needed: a text or a number")


_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+\b| id='\d+'")
"""What a default `repr` says of where an object is, however names stand around it; the second: of a mock."""


class _Written(str):
    """A text that stands for itself inside another one."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _ordered(value: Any) -> Any:
    """The value with everything in an order that is the same in every process."""
    cls = type(value)
    if cls in (set, frozenset):
        parts = sorted(repr(_inside(part)) for part in value)
        return _Written(f"{{{', '.join(parts)}}}")
    if cls is dict:
        for name in value:
            _inside(name)
        return dict(sorted(((name, _inside(part)) for name, part in value.items()), key=repr))
    if cls in (list, tuple, deque):
        return cls(map(_inside, value))
    if _has_repr_of_fields(cls):
        names = value._fields if issubclass(cls, tuple) else [one.name for one in fields(value) if one.repr]
        parts = [f"{name}={_inside(getattr(value, name))!r}" for name in names]
        name = cls.__name__ if issubclass(cls, tuple) else cls.__qualname__
        return _Written(f"{name}({', '.join(parts)})")
    if cls.__module__ == "numpy" and hasattr(cls, "item") and not getattr(value, "shape", ()):
        return value.item()  # its repr would tell it from the same number of Python
    return value


def _inside(part: Any) -> Any:
    ordered = _ordered(part)
    if ordered is part and type(part) not in _TEXTS:
        _check_text(part, repr(part))
    return ordered


def _has_repr_of_fields(cls: type) -> bool:
    """Whether its text is the one that Python makes of the fields of a named tuple or a dataclass."""
    if vars(object)["__str__"] is not cls.__str__:
        return False
    if issubclass(cls, tuple):
        return hasattr(cls, "_fields") and cls.__repr__.__module__ == namedtuple.__module__
    return is_dataclass(cls) and hasattr(cls.__repr__, "__wrapped__")
