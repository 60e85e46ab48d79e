"""Every way to alter an observation in one place: what a comparison must notice, unless a rule hides it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import Any
from uuid import UUID

from changeover.compare.places import Place, RowKey
from changeover.compare.plain import PlainSet, plain
from changeover.observation import Observation, PortCall
from changeover.outcome import Raised, Returned

_FAR = 1_000_003
"""Further than any tolerance that could be meant."""


@dataclass(frozen=True, slots=True)
class Alteration:
    """One altered copy of an observation; everything else in it is shared with the original."""

    place: Place
    change: str
    observation: Observation


def alterations_of(observation: Observation) -> Iterator[Alteration]:
    """Every leaf changed and every name or row dropped; every effect dropped, doubled and changed."""
    outcome = observation.outcome
    if isinstance(outcome, Returned):
        for place, change, value in altered_values(plain(outcome.value), ("result",)):
            yield Alteration(place, change, replace(observation, outcome=Returned(value)))
    else:
        yield Alteration(
            ("error",), "other error", replace(observation, outcome=Raised(_OtherError(str(outcome.error))))
        )
    effects = observation.effects
    for index, call in enumerate(effects):
        before, after = effects[:index], effects[index + 1 :]
        key = RowKey.of(tuple(call.key) if isinstance(call.key, (tuple, list)) else (call.key,))
        place = ("effects", call.port, call.method, key)
        yield Alteration(place, "dropped", replace(observation, effects=before + after))
        yield Alteration(place, "doubled", replace(observation, effects=(*before, call, call, *after)))
        for below, change, other in _altered_calls(call, place):
            yield Alteration(below, change, replace(observation, effects=(*before, other, *after)))


class _OtherError(Exception):
    """An error of a type that no program raises."""


def _altered_calls(call: PortCall, place: Place) -> Iterator[tuple[Place, str, PortCall]]:
    for below, change, arguments in altered_values(plain(call.arguments), place):
        if below != place:
            yield below, change, replace(call, arguments=arguments)


def altered_values(value: Any, place: Place) -> Iterator[tuple[Place, str, Any]]:
    """A value in plain form, altered in one place at a time: place, what was done, the altered value."""
    if isinstance(value, Mapping):
        for name, part in value.items():
            below = (*place, str(name))
            yield below, "dropped", {key: other for key, other in value.items() if key is not name}
            for at, change, other in altered_values(part, below):
                yield at, change, {**value, name: other}
    elif isinstance(value, (list, PlainSet)):
        items = list(value)
        pack = list if isinstance(value, list) else _set
        for index, part in enumerate(items):
            below = (*place, index)
            yield below, "dropped", pack(items[:index] + items[index + 1 :])
            for at, change, other in altered_values(part, below):
                yield at, change, pack([*items[:index], other, *items[index + 1 :]])
    else:
        yield place, "changed", altered_leaf(value)


def _set(members: list[Any]) -> PlainSet:
    return PlainSet(tuple(members))


def altered_leaf(value: Any) -> Any:
    """Another value of the same type, far from this one; for a type that has none, a text."""
    if isinstance(value, Enum):
        return next((member for member in type(value) if member is not value), "altered")
    if isinstance(value, bool):
        return not value
    if isinstance(value, Decimal):
        return Decimal(_FAR) if not value.is_finite() or abs(value) < _FAR else Decimal(-_FAR)
    if isinstance(value, (int, float)):
        return type(value)(_FAR) if abs(value) < _FAR or value != value else type(value)(-_FAR)
    if isinstance(value, str):
        return f"{value}~"
    if isinstance(value, (bytes, bytearray)):
        return value + b"~"
    if isinstance(value, (date, datetime)):
        days = timedelta(days=1_000)
        return value - days if value.year > 5_000 else value + days
    if isinstance(value, time):
        return value.replace(hour=(value.hour + 1) % 24)
    if isinstance(value, timedelta):
        return value - timedelta(days=1_000) if value.days > 0 else value + timedelta(days=1_000)
    if isinstance(value, UUID):
        return UUID(int=value.int ^ 1)
    if isinstance(value, PurePath):
        return value / "~"
    return "altered"
