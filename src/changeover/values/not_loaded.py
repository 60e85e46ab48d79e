"""What an entity of a database library has not fetched: it stands in the place of the attribute.

Reading never fetches it. On both sides of one primary key it is the same; where only one side has fetched the
attribute nothing can be said. A copy that a replay is handed cannot fetch: asking it ends the replay.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, NoReturn

from changeover.errors import NotLoadedError
from changeover.quick_dataclass import dataclass
from changeover.values.reading import Handle, Reading, Shape, register


@dataclass(frozen=True, slots=True)
class NotLoaded:
    """An attribute of the entity of a class that has this primary key, written out."""

    entity: str
    key: str
    attribute: str

    def __str__(self) -> str:
        return f"<{self.entity}.{self.attribute} of {self.key}, not loaded>"


register(
    NotLoaded,
    Reading(
        Shape.SCALAR,
        str,
        scalar=Handle,
        copied=lambda value: {"entity": value.entity, "key": value.key, "attribute": value.attribute},
        make=lambda cls, parts, _: NotLoaded(**parts),
        is_atom=True,
    ),
)

ON_ASKED: ContextVar[Callable[[str, str], None] | None] = ContextVar(
    "asked for what was not loaded", default=None
)
"""What a replay wants to be told, besides the exception that a path may swallow."""


def refuse(place: str, what: str) -> NoReturn:
    """End the replay in which a copy was asked for what its original had not loaded."""
    listener = ON_ASKED.get()
    if listener is not None:
        listener(place, what)
    raise NotLoadedError(f"{place}: {what}")


def is_one_sided(legacy: Any, candidate: Any) -> bool:
    """Whether one of the two was not loaded and the other was, or is another entity's."""
    sides = type(legacy) is NotLoaded, type(candidate) is NotLoaded
    return any(sides) and not (all(sides) and legacy == candidate)
