"""Handles of libraries that can be made anew elsewhere: a session is one more session on the same engine.

What is written of one says how to make it. Only packs that the program itself has put in use make anything,
so that data can ask for nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from changeover.values.own_state import mro


class Remake(NamedTuple):
    """How one pack does it: `describe` gives data for a handle, None for one that is not its own or that
    cannot be made anew; `make` is the inverse, and raises ValueError for what it would not have written."""

    classes: tuple[type, ...]
    describe: Callable[[Any], Mapping[str, Any] | None]
    make: Callable[[Mapping[str, Any]], Any]


class RemadeHandles:
    """Those of all packs of a migration, by the name of the pack."""

    def __init__(self) -> None:
        self._packs: dict[str, Remake] = {}
        self._of_class: dict[type, tuple[str, ...]] = {}

    def add(self, pack: str, remake: Remake) -> None:
        """Objects of these classes, and of derived ones, are that pack's affair."""
        self._packs[pack] = remake
        self._of_class.clear()

    def described(self, value: Any) -> tuple[str, Mapping[str, Any]] | None:
        """The pack and what it writes; None for what is none of these handles."""
        if not self._packs:
            return None
        cls = type(value)
        names = self._of_class.get(cls)
        if names is None:
            bases = set(mro(cls))
            names = self._of_class[cls] = tuple(
                name for name, pack in self._packs.items() if not bases.isdisjoint(pack.classes)
            )
        for name in names:
            data = self._packs[name].describe(value)
            if data is not None:
                return name, data
        return None

    def made(self, pack: str, data: Any) -> Any:
        """The handle; raises LookupError where the program has no such pack, and what that raises."""
        if pack not in self._packs:
            raise LookupError(f"the program does not use {pack!r}")
        if not isinstance(data, Mapping):
            raise TypeError("a table was expected")
        return self._packs[pack].make(data)
