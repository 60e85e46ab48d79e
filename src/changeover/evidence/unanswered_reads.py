"""A question that the recorded path never asked: which of the three honest ways would answer it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from changeover.quick_dataclass import dataclass
from changeover.values.content_key import same_content
from changeover.values.observation import PortCall, Returned
from changeover.values.reading import Shape, reading_of


class Way(StrEnum):
    """How a question that is not on the tape can be answered all the same."""

    DERIVE = "derive"
    SUPPLEMENT = "supplement"
    FIXED = "fixed"


@dataclass(frozen=True, slots=True)
class Advice:
    """A way, and the line to add for it: to the port, or for a supplement to the phase in phases.toml."""

    way: Way
    line: str


def way_to_answer(asked: PortCall, reads: Sequence[PortCall], effects: Sequence[PortCall]) -> Advice:
    """The way that fits best; none of them makes two different questions one.

    Args:
        asked: the question without an answer.
        reads: what the recorded path asked.
        effects: what it did.
    """
    supplement = Advice(Way.SUPPLEMENT, f'supplement = ["{asked.name}"]')
    if any(call.name == asked.name and same_content(call.arguments, asked.arguments) for call in reads):
        return supplement  # asked before, and not after the effect that lies between
    broader = _broader(asked, reads)
    if broader is not None:
        return Advice(Way.DERIVE, _derive_line(asked, broader))
    known = [call for call in (*reads, *effects) if call.port == asked.port]
    if all(_is_known(name, value, known) for name, value in asked.arguments.items()):
        return supplement  # and so where it takes no arguments
    return Advice(Way.FIXED, f'fixed={{"{asked.method}"}}')


def _is_known(name: str, value: Any, calls: Sequence[PortCall]) -> bool:
    """Whether an argument stands in another call of the port, or is what one answered."""
    return any(
        (name in call.arguments and same_content(call.arguments[name], value))
        or (isinstance(call.outcome, Returned) and same_content(call.outcome.value, value))
        for call in calls
    )


def _broader(asked: PortCall, reads: Sequence[PortCall]) -> PortCall | None:
    """A read of the same port that was asked with less and gave a container."""
    found = [
        call
        for call in reads
        if call.port == asked.port
        and call.method != asked.method
        and len(call.arguments) < len(asked.arguments)
        and isinstance(call.outcome, Returned)
        and reading_of(type(call.outcome.value)).shape in (Shape.NAMES, Shape.ITEMS, Shape.BAG)
    ]
    return min(found, key=lambda call: len(call.arguments), default=None)


def _derive_line(asked: PortCall, broader: PortCall) -> str:
    given = ", ".join(name for name in broader.arguments if name in asked.arguments)
    rest = [name for name in asked.arguments if name not in broader.arguments]
    whole, last = f"recorded.{broader.method}({given})", rest[-1] if rest else "key"
    is_mapping = isinstance(broader.outcome, Returned) and isinstance(broader.outcome.value, Mapping)
    part = f"{whole}[{last}]" if is_mapping else f"next(one for one in {whole} if one.{last} == {last})"
    names = ", ".join(asked.arguments)
    return f'derive={{"{asked.method}": lambda recorded, {names}: {part}}}'
