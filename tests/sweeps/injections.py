"""One change put into a random observation: the comparison must find it, and name it where it is.

Every case builds an observation of nested records, mappings, lists, sets, scalars and effects, copies it and
makes one change on one side. What is expected is derived from the change alone.
"""

from __future__ import annotations

import argparse
import copy
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from random import Random
from typing import Any
from uuid import UUID

from changeover.compare.comparison import compare
from changeover.values.divergence import Kind
from changeover.values.equality import strictly_same
from changeover.values.observation import Observation, Returned, Side
from changeover.values.place import Key, Place, render
from tests.sweeps.random_observations import Book, Lot, OrderSide, made_observation

NOT_APPLIED = "did not apply"
FINDINGS_SHOWN_MAX = 50


@dataclass(frozen=True, slots=True)
class Injection:
    """One change: what was done, the changed copy, and exactly what must be found."""

    note: str
    changed: Observation
    expected: frozenset[tuple[Kind, str]]


def main(arguments: Sequence[str]) -> int:
    """Print what was tried and 1 where a change was missed."""
    options = argparse.ArgumentParser(prog="python -m tests.sweeps injections", description=__doc__)
    options.add_argument("--count", type=int, default=50_000)
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args(arguments)
    started = time.perf_counter()
    notes, found = sweep(chosen.count, chosen.seed)
    injected = notes.total() - notes[NOT_APPLIED]
    print(f"cases      {chosen.count:,}, seed {chosen.seed}; each compared with its exact copy")
    print(f"injected   {injected:,} changes of {len(notes) - 1} sorts, each compared both ways")
    print(f"seconds    {time.perf_counter() - started:.1f}")
    print(f"missed     {len(found):,}")
    print("\n".join(found[:FINDINGS_SHOWN_MAX]))
    return 1 if found else 0


def sweep(count: int, seed: int) -> tuple[Counter[str], list[str]]:
    """How often each change was made, and a line for each that was missed, misnamed or found twice."""
    notes: Counter[str] = Counter()
    found: list[str] = []
    for number in range(count):
        random = Random(f"{seed}/{number}")  # noqa: S311  repeatable, not secret
        original = made_observation(random)
        unchanged = compare(original, copy.deepcopy(original))
        if unchanged.divergences:
            found.append(f"case {number}: an exact copy differs: {unchanged.divergences[0]}")
        injection = inject(random, original)
        notes[NOT_APPLIED if injection is None else injection.note] += 1
        if injection is None:
            continue
        for order, comparison in (
            ("forth", compare(original, injection.changed)),
            ("back", compare(injection.changed, original)),
        ):
            named = {(divergence.kind, divergence.place) for divergence in comparison.divergences}
            wanted = {
                (kind if order == "forth" else mirrored(kind), place) for kind, place in injection.expected
            }
            if named != wanted:
                found.append(
                    f"case {number} {order}: {injection.note}: expected {wanted}, found {named or 'nothing'}"
                )
    return notes, found


def mirrored(kind: Kind) -> Kind:
    """The kind of the same difference with the sides exchanged."""
    pairs = {
        Kind.MISSING: Kind.EXTRA,
        Kind.ROW_MISSING: Kind.ROW_EXTRA,
        Kind.EFFECT_MISSING: Kind.EFFECT_EXTRA,
    }
    return pairs.get(kind) or {after: before for before, after in pairs.items()}.get(kind, kind)


Change = tuple[str, Any, Kind, Place]
"""What was done, the changed value, the kind of the difference, and the place below the value."""


def inject(random: Random, original: Observation) -> Injection | None:
    """One random change of the observation; None where the one that was drawn does not apply."""
    if original.effects and random.random() < 0.4:
        return _inject_effect(random, original)
    assert isinstance(original.outcome, Returned)
    change = _changed(random, original.outcome.value)
    if change is None:
        return None
    note, value, kind, place = change
    if strictly_same(value, original.outcome.value):
        return None
    changed = replace(original, outcome=Returned(value), path=Side.CANDIDATE)
    return Injection(note, changed, frozenset({(kind, render(("result", *place)))}))


def _inject_effect(random: Random, original: Observation) -> Injection | None:
    effects = copy.deepcopy(list(original.effects))
    at = random.randrange(len(effects))
    call = effects[at]
    key = ",".join(call.key) if isinstance(call.key, tuple) else call.key
    place = f"effects.{call.name}[{key}]"
    alike = [index for index, other in enumerate(effects) if (other.name, other.key) == (call.name, call.key)]
    expected: set[tuple[Kind, str]] = set()
    kind, note = Kind.EFFECT_MISSING, "effect dropped"
    match random.choice(("drop", "double", "argument", "swap", "key")):
        case "drop":
            if at != alike[-1]:
                return None  # with several alike it is the last of them that is missing
            del effects[at]
        case "double":
            effects.insert(alike[-1] + 1, copy.deepcopy(effects[alike[-1]]))
            kind, note = Kind.EFFECT_EXTRA, "effect doubled"
        case "argument":
            change = _changed(random, call.arguments, keep=True)
            if change is None or strictly_same(change[1], call.arguments):
                return None
            effects[at] = replace(call, arguments=change[1])
            kind, note = Kind.EFFECT_CHANGED, f"argument: {change[0]}"
            place = f"{place}.{render(change[3])}"
        case "swap":
            if at + 1 == len(effects) or at + 1 in alike:
                return None
            other = effects[at + 1]
            effects[at], effects[at + 1] = other, call
            kind, note = Kind.EFFECT_ORDER, "effects swapped"
            place = f"effects.{call.port}" if call.port == other.port else "effects"
        case _:
            if at != alike[-1]:
                return None
            effects[at] = replace(call, key="another key")
            note = "effect under another key"
            expected.add((Kind.EFFECT_EXTRA, f'effects.{call.name}["another key"]'))
    changed = replace(original, effects=tuple(effects), path=Side.CANDIDATE)
    return Injection(note, changed, frozenset({*expected, (kind, place)}))


def _changed(random: Random, value: Any, *, keep: bool = False) -> Change | None:
    """The value with one change somewhere in it; `keep` leaves its own names as they are."""
    if isinstance(value, dict):
        return _changed_mapping(random, value, keep=keep)
    if isinstance(value, (Lot, Book)):
        name = random.choice(list(value.__dataclass_fields__))
        return _below(name, _changed(random, getattr(value, name)), lambda new: replace(value, **{name: new}))
    if isinstance(value, (list, tuple)):
        return _changed_list(random, list(value), type(value))
    return _changed_leaf(random, value)


def _below(segment: Any, change: Change | None, put: Callable[[Any], Any]) -> Change | None:
    if change is None:
        return None
    note, value, kind, place = change
    return note, put(value), kind, (segment, *place)


def _changed_mapping(random: Random, value: dict[Any, Any], *, keep: bool) -> Change | None:
    name = random.choice(list(value))
    segment = _segment(name)
    action = random.choice(("inside", "inside", "drop", "add", "drop none"))
    if action == "inside" or keep:
        return _below(segment, _changed(random, value[name]), lambda new: {**value, name: new})
    if action == "add":
        return "name added", {**value, "new name": None}, Kind.EXTRA, (Key("new name"),)
    if action == "drop none" and value[name] is not None:
        return None
    rest = {key: part for key, part in value.items() if key is not name}
    return "name dropped", rest, Kind.MISSING, (segment,)


def _segment(name: Any) -> Any:
    return Key(name) if isinstance(name, str) else f"({type(name).__name__}) {name}"


def _changed_list(random: Random, items: list[Any], pack: Callable[[list[Any]], Any]) -> Change | None:
    at = random.randrange(len(items))
    match random.choice(("inside", "inside", "drop", "add", "duplicate", "swap")):
        case "inside":
            return _below(
                at, _changed(random, items[at]), lambda new: pack([*items[:at], new, *items[at + 1 :]])
            )
        case "drop":
            end = _end_of_alike(items, at)
            rest = [*items[:at], *items[at + 1 :]]
            return "row dropped", pack(rest), Kind.ROW_MISSING, (end,)
        case "add":
            return "row added", pack([*items, "a new row"]), Kind.ROW_EXTRA, (len(items),)
        case "duplicate":
            end = _end_of_alike(items, at)
            copied = [*items[: end + 1], copy.deepcopy(items[end]), *items[end + 1 :]]
            return "row duplicated", pack(copied), Kind.ROW_EXTRA, (end + 1,)
        case _:
            other = random.randrange(len(items))
            if strictly_same(items[at], items[other]):
                return None
            items[at], items[other] = items[other], items[at]
            return "rows swapped", pack(items), Kind.ORDER, ()


def _end_of_alike(items: list[Any], at: int) -> int:
    # Which of several equal neighbours is gone cannot be told; the last of them is named.
    while at + 1 < len(items) and strictly_same(items[at], items[at + 1]):
        at += 1
    return at


def _changed_leaf(random: Random, value: Any) -> Change | None:
    changes: list[tuple[str, Any, Kind]] = [("became none", None, Kind.VALUE)]
    if value is None:
        changes = [("was none", 0, Kind.VALUE), ("was none", "", Kind.VALUE), ("was none", {}, Kind.VALUE)]
    elif isinstance(value, bool):
        changes += [("flipped", not value, Kind.VALUE), ("retyped", int(value), Kind.TYPE)]
    elif isinstance(value, Enum):
        changes += [("retyped", str(value.value), Kind.TYPE)]
        changes += [("changed", OrderSide.BUY if value is OrderSide.SELL else OrderSide.SELL, Kind.VALUE)]
    elif isinstance(value, (int, float)):
        changes += [("+1", value + 1, Kind.VALUE), ("sign", -value, Kind.VALUE)]
        changes += [("retyped", Decimal(value), Kind.TYPE), ("became text", str(value), Kind.TYPE)]
        changes += [("rounded", round(value, 1) if isinstance(value, float) else value, Kind.VALUE)]
        changes += [("other number type", float(value) if isinstance(value, int) else str(value), Kind.TYPE)]
    elif isinstance(value, Decimal):
        changes += [("retyped", float(value), Kind.TYPE), ("by a cent", value + Decimal("0.01"), Kind.VALUE)]
        changes += [("rounded", value.quantize(Decimal(1)), Kind.VALUE), ("x 10", value * 10, Kind.VALUE)]
    elif isinstance(value, str):
        changes += [("longer", f"{value} ", Kind.VALUE), ("case", value.swapcase(), Kind.VALUE)]
        changes += [("retyped", value.encode(), Kind.TYPE)]
    elif isinstance(value, datetime):
        aware = value.tzinfo is not None
        changes += [("zone lost", value.replace(tzinfo=None if aware else UTC), Kind.VALUE)]
        shifted = value.replace(tzinfo=timezone(timedelta(hours=9))) if aware else value + timedelta(hours=9)
        changes += [
            ("zone shifted", shifted, Kind.VALUE),
            ("a tick", value + timedelta.resolution, Kind.VALUE),
        ]
        changes += [("retyped", value.date(), Kind.TYPE)]
    elif isinstance(value, date):
        changes += [
            ("a day", value + timedelta(days=1), Kind.VALUE),
            ("retyped", value.isoformat(), Kind.TYPE),
        ]
    elif isinstance(value, timedelta):
        changes += [("a tick", value + timedelta.resolution, Kind.VALUE)]
    elif isinstance(value, UUID):
        changes += [("one bit", UUID(int=value.int ^ 1), Kind.VALUE), ("retyped", str(value), Kind.TYPE)]
    elif isinstance(value, bytes):
        changes += [("changed", value + b"\0", Kind.VALUE), ("retyped", bytearray(value), Kind.TYPE)]
    note, new, kind = random.choice(changes)
    return note, new, kind, ()
