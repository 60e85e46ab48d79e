"""An observation for code of the program that looks at it: what it changes there changes nothing else."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from changeover.record.port import PortBook
from changeover.replay.kept_outcome import kept
from changeover.values.copying import snapshot
from changeover.values.observation import Observation, Outcome, Returned

_COPIED = frozenset({"outcome", "effects", "reads", "changed"})


class ObservationCopy(Observation):
    """Copies each part when it is asked for: the reads of a run may be many, and few look at them."""

    def __init__(self, original: Observation, book: PortBook) -> None:
        for one in fields(original):
            object.__setattr__(self, one.name, getattr(original, one.name))
        object.__setattr__(self, "_book", book)

    def __getattribute__(self, name: str) -> Any:
        found = object.__getattribute__(self, name)
        if name not in _COPIED:
            return found
        mine = object.__getattribute__(self, "__dict__")
        if name not in mine:
            mine[name] = _copied(name, found, mine["_book"])
        return mine[name]

    def __reduce__(self) -> Any:
        return Observation, tuple(getattr(self, one.name) for one in fields(self))


def _copied(name: str, part: Any, book: PortBook) -> Any:
    if name == "outcome":
        return kept(part, {}, None, "", book)[0]
    if name == "changed":
        return snapshot(part, by_reference=book.holds)
    given = [(call.key, call.arguments, _value_of(call.outcome)) for call in part]
    copies = snapshot(given, by_reference=book.holds)  # at once: most calls are small
    return tuple(
        replace(call, key=key, arguments=arguments, outcome=_with_value(call.outcome, value, book))
        for call, (key, arguments, value) in zip(part, copies, strict=True)
    )


def _value_of(outcome: Outcome) -> Any:
    return outcome.value if isinstance(outcome, Returned) else None


def _with_value(outcome: Outcome, value: Any, book: PortBook) -> Outcome:
    return Returned(value) if isinstance(outcome, Returned) else kept(outcome, {}, None, "", book)[0]
