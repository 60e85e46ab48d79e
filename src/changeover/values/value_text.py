"""One value, or a change of one, as a person reads it."""

from __future__ import annotations

from typing import Any

from changeover.quick_dataclass import dataclass
from changeover.values.divergence import ABSENT
from changeover.values.error_text import class_and_message
from changeover.values.form import plain
from changeover.values.limits import NotComparable
from changeover.values.observation import Outcome, Raised
from changeover.values.own_state import class_name, module_of
from changeover.values.reading import Reading, Shape, register
from changeover.values.safe_text import beginning, columns_of, visible
from changeover.values.scalars import base_of
from changeover.values.scalars import text as scalar_text

VALUE_SHOWN_MAX = 32
CHANGE_LOOKED_AT_MAX = 10_000


def value_text(value: Any, width: int = VALUE_SHOWN_MAX) -> str:
    """One value as a person reads it; its beginning where it is long."""
    text = visible(written(_start_of(value, 2 * width)))
    return text if columns_of(text) <= width else f"{beginning(text, width - 1)}…"


def parts_text(value: Any, width: int = VALUE_SHOWN_MAX) -> str:
    """Any object by its parts, as it is compared; what it says of itself is not asked."""
    try:
        return value_text(plain(value), width)
    except NotComparable:
        return class_name(type(value))


def outcome_text(outcome: Outcome | None, width: int = VALUE_SHOWN_MAX) -> str:
    """How a call ended, in a word or two; never raises, whatever the value does when it is read."""
    if outcome is None:
        return "not recorded"
    if isinstance(outcome, Raised):
        return f"raised {class_and_message(outcome.error)}"
    try:
        return value_text(outcome.value, width)
    except Exception:  # noqa: BLE001  see above
        return type(outcome.value).__name__


def _start_of(value: Any, length: int) -> Any:
    """Of a long text only what may be shown: to make all of it visible would take seconds."""
    if type(value) in (str, bytes, Bare) and len(value) > length:
        return type(value)(value[: length + 1])
    return value


def change_text(legacy: Any, candidate: Any, width: int = 2 * VALUE_SHOWN_MAX + 4) -> str:
    """`legacy -> candidate`, always that way round; where the texts are alike, the types say what differs."""
    old = visible(written(_start_of(legacy, CHANGE_LOOKED_AT_MAX)))
    new = visible(written(_start_of(candidate, CHANGE_LOOKED_AT_MAX)))
    if old == new and written_class(legacy) != written_class(candidate):
        old, new = (f"{text} ({type_of(side)})" for text, side in ((old, legacy), (new, candidate)))
    # The shorter text leaves its room to the other.
    half = (width - 4) // 2
    left = max(half, width - 4 - columns_of(new))
    right = max(half, width - 4 - columns_of(old))
    if columns_of(old) > half < columns_of(new):
        old, new = around_difference(old, new, half)
    return f"{value_text(Bare(old), left)} -> {value_text(Bare(new), right)}"


def around_difference(legacy: str, candidate: str, width: int) -> tuple[str, str]:
    """Long texts that begin alike, from a little before the place where they part."""
    pairs = zip(legacy, candidate, strict=False)
    same = next(
        (at for at, (one, other) in enumerate(pairs) if one != other), min(len(legacy), len(candidate))
    )
    start = max(0, min(same - width // 2, max(len(legacy), len(candidate)) - width + 1))
    if not start:
        return legacy, candidate
    return f"…{legacy[start:]}", f"…{candidate[start:]}"


class Bare(str):
    """A text that stands without quotes."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class WrittenValue:
    """Stands for a value of another process: how it is written, its class, and what a store keeps of it."""

    text: str
    type: str
    module: str
    kept: Any


register(WrittenValue, Reading(Shape.SCALAR, lambda written: written, scalar=WrittenValue))


def written_class(value: Any) -> tuple[str, str]:
    """The class of a value by its module and name, also of one that was written in another process."""
    if type(value) is WrittenValue:
        return value.module, value.type
    return module_of(type(value)), type(value).__name__


def type_of(value: Any) -> str:
    """The name of its class."""
    return written_class(value)[1]


def written(value: Any) -> str:
    """The whole value as a person reads it, on one line or several."""
    if type(value) is WrittenValue:
        return value.text
    if value is ABSENT:
        return "nothing"
    if type(value) is Bare:
        return str(value)
    cls = type(value)
    if cls is dict:
        return "{" + ", ".join(f"{_name(key)}: {written(part)}" for key, part in value.items()) + "}"
    if cls is list or cls is tuple:
        return "[" + ", ".join(map(written, value)) + "]"
    base = base_of(cls)
    if base is str:
        return f'"{scalar_text(value)}"'
    if base is bool or value is None:
        return {True: "true", False: "false", None: "none"}[value]
    return scalar_text(value) if base is not None else _stand_in(value)


def _name(key: Any) -> str:
    return scalar_text(key) if base_of(type(key)) is not None else _stand_in(key)


def _stand_in(value: Any) -> str:
    """What the toolkit puts in place of values says what it is; any other object is its class."""
    cls = type(value)
    if cls is tuple or cls is frozenset:
        parts = ", ".join(map(written, value))
        return f"({parts})" if cls is tuple else f"{{{parts}}}"
    return str(value) if module_of(cls).startswith("changeover.") else class_name(cls)
