"""Which parts of an answer others than the path may know: entities, and what somebody else holds.

A list, a dict or a table that nobody but the path holds is the path's own, to sort or to fill.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from sys import getrefcount
from typing import Any

from changeover.values.copy_plan import is_atom
from changeover.values.limits import DEPTH_MAX
from changeover.values.observation import Returned
from changeover.values.own_state import module_of_function
from changeover.values.reading import Shape, reading_of, remembered

_OPENED = (list, tuple, dict)
Path = tuple[int, ...]
"""Where a part stands in an answer: its number in each container on the way; empty for the answer itself."""


_DATA = frozenset(
    f"changeover.values.libraries.{name}_values" for name in ("numpy", "pandas", "polars", "pyarrow")
)
"""Of these libraries a value is data, and no entity that somebody may know of without holding it."""


@remembered
def _is_entity(cls: type) -> bool:
    reading = reading_of(cls)
    return (
        reading.shape is Shape.NAMES and not reading.mapping and module_of_function(reading.make) not in _DATA
    )


def _fresh_answer() -> int:
    value: list[Any] = []
    outcome = Returned(value)
    return getrefcount(outcome.value)


def _references(parts: Iterable[Any]) -> list[int]:
    return [getrefcount(part) for part in parts]


_FRESH = _fresh_answer()
_FRESH_ITEM, _FRESH_VALUE = _references([[]])[0], _references({0: []}.values())[0]


def is_held(outcome: Returned) -> bool:
    """Whether somebody besides the one who called has what the call just gave."""
    return getrefcount(outcome.value) > _FRESH


def watched(
    value: Any, before: Any, path: Path = (), *, held: bool = False
) -> Iterator[tuple[Path, Any, Any]]:
    """Paths of the parts whose change others may notice, with their copies: entities, and what others hold.

    What is the same in the copy cannot change.
    """
    if value is before:
        return
    cls = type(value)
    if held or cls not in _OPENED:
        if held or _is_entity(cls):
            yield path, before, value
        return
    if len(path) > DEPTH_MAX:
        return
    parts, copies = (value.values(), before.values()) if cls is dict else (value, before)
    usual = _FRESH_VALUE if cls is dict else _FRESH_ITEM
    counted = _references(parts)
    for number, (part, copy, references) in enumerate(zip(parts, copies, counted, strict=True)):
        if part is not copy:
            yield from watched(part, copy, (*path, number), held=references > usual)


def entities_in(value: Any, path: Path = ()) -> Iterator[Path]:
    """Paths of the entities in an answer that nobody holds."""
    cls = type(value)
    if cls not in _OPENED:
        if not is_atom(value) and _is_entity(cls):
            yield path
    elif len(path) <= DEPTH_MAX:
        for number, part in enumerate(value.values() if cls is dict else value):
            yield from entities_in(part, (*path, number))


def part_at(value: Any, path: Path) -> Any:
    """The part that stands there."""
    for number in path:
        value = [*value.values()][number] if type(value) is dict else value[number]
    return value
