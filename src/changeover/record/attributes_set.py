"""What a path sets of a port's object that was there before it: both paths set the same, and it is set once.

    client.account = "savings"

No call of a port says so. What the answering path sets is kept with its tape; a replay that sets the same in
the same order has set it, and anything else is refused it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FunctionType
from typing import Any
from weakref import ref

from changeover.record.outer_frame import outer_frame
from changeover.values.atom_types import ATOMS
from changeover.values.content_key import same_content
from changeover.values.copying import snapshot
from changeover.values.own_state import mro, namespace

_Place = tuple[int, str]
_FRAMES_TO_PROGRAM = 4  # its_own_affair, may_set, the instrumented `__setattr__`, and who sets
ATTRIBUTES_MAX = 1_000


class MadeObjects:
    """Objects that a path has made itself; held by nobody here."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[int, Callable[[], Any]] = {}

    def add(self, owner: Any) -> None:
        """Know one."""
        try:
            self._known[id(owner)] = ref(owner)
        except TypeError:
            self._known[id(owner)] = lambda: _UNKNOWN

    def __contains__(self, owner: Any) -> bool:
        known = self._known.get(id(owner))
        found = None if known is None else known()
        return found is owner or found is _UNKNOWN


_UNKNOWN = object()


class AttributesSet:
    """By object and name, the values in their order; `made` are objects that the path has made itself."""

    __slots__ = ("_count", "_owners", "made", "values")

    def __init__(self) -> None:
        self.made = MadeObjects()
        self.values: dict[_Place, list[tuple[Any, Any]]] = {}
        self._owners: dict[int, Any] = {}  # so that no other object gets the number of one of these
        self._count = 0

    def keep(self, owner: Any, name: str, value: Any) -> None:
        """Note what the answering path sets; what cannot be copied is known as itself alone."""
        if owner in self.made or self._count >= ATTRIBUTES_MAX:
            return
        self._count += 1
        self._owners[id(owner)] = owner
        kept = value
        if type(value) not in ATOMS:
            try:
                kept = snapshot(value)
            except Exception:  # noqa: BLE001  values are the program's own code
                kept = _NO_COPY
        self.values.setdefault((id(owner), name), []).append((value, kept))

    def name_at(self, place: _Place) -> str:
        """The class and name of what was set, for people."""
        return f"{type(self._owners[place[0]]).__name__}.{place[1]}"


_NO_COPY = object()


class AttributesAgain:
    """What a replay sets of that, so far."""

    __slots__ = ("_done", "_recorded", "made")

    def __init__(self, recorded: AttributesSet) -> None:
        self._recorded = recorded
        self._done: dict[_Place, int] = {}
        self.made = MadeObjects()

    def is_next(self, owner: Any, name: str, value: Any) -> bool:
        """Whether the answering path has set that as well, at this point of all that it set there."""
        place = (id(owner), name)
        number = self._done.get(place, 0)
        values = self._recorded.values.get(place, ())
        if number >= len(values):
            return False
        self._done[place] = number + 1
        itself, kept = values[number]
        if itself is value:
            return True
        try:
            return kept is not _NO_COPY and same_content(kept, value)
        except Exception:  # noqa: BLE001  values are the program's own code
            return False

    def missing(self) -> str | None:
        """What the answering path alone has set, None for nothing."""
        for place, values in self._recorded.values.items():
            if self._done.get(place, 0) < len(values):
                return self._recorded.name_at(place)
        return None


def is_its_own_affair(owner: Any) -> bool:
    """Whether code of its class, or of the standard library, sets it: what a port does to itself is its own.

    Of a class without an `__init__` in Python nobody knows which objects a path has made.
    """
    classes = mro(type(owner))
    if not any(isinstance(namespace(cls).get("__init__"), FunctionType) for cls in classes):
        return True
    frame = outer_frame(_FRAMES_TO_PROGRAM - 1)
    if frame is None:
        return True  # nobody called but C
    if str(frame.f_globals.get("__name__")).partition(".")[0] in sys.stdlib_module_names:
        return True
    code = frame.f_code
    if any(code.co_qualname.startswith(f"{cls.__qualname__}.") for cls in classes):
        return True
    is_made_for_it = code.co_filename.startswith("<") and code.co_argcount  # `__init__` of a dataclass, say
    return bool(is_made_for_it) and frame.f_locals.get(code.co_varnames[0]) is owner
