"""The laws of values, on random values of generated classes whose own operators must never be asked.

Two values of one recipe do not differ, and have one key and one digest. Two of different recipes have one
token exactly where the comparison finds nothing, and one key where it finds nothing else than another offset
from UTC or another class of a scalar. A copy reads like its original, and nothing of the original changes.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter, deque
from collections.abc import Sequence
from random import Random
from typing import Any

from changeover.compare.comparison import compare
from changeover.values.changed_since_copy import is_unchanged
from changeover.values.content_key import digest, frozen, same_content
from changeover.values.copying import SnapshotError, snapshot
from changeover.values.digest_text import digest_text
from changeover.values.divergence import Kind
from changeover.values.equality import strictly_same
from changeover.values.form import Tokens, token
from changeover.values.key_text import canonical
from changeover.values.observation import Observation, Returned, Side
from changeover.values.own_state import own_state
from tests.changeover.support.generated_values import asked, build, changed, recipe

SHOWN_MAX = 30
KIND_PLACE = "(type)"
_COARSER = frozenset({Kind.ZONE, Kind.TYPE})
_IN_SETS = frozenset({Kind.ROW_MISSING, Kind.ROW_EXTRA})
PICTURE_MAX = 10_000


def main(arguments: Sequence[str]) -> int:
    """Print what was tried and 1 where a law did not hold."""
    options = argparse.ArgumentParser(prog="python -m tests.sweeps values", description=__doc__)
    options.add_argument("--count", type=int, default=100_000)
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args(arguments)
    started = time.perf_counter()
    notes, found = sweep(chosen.count, chosen.seed)
    print(f"values     {chosen.count:,}, seed {chosen.seed}")
    for note, times in notes.most_common():
        print(f"{times:>10,} {note}")
    print(f"seconds    {time.perf_counter() - started:.1f}")
    print(f"broken     {len(found):,}")
    print("\n".join(found[:SHOWN_MAX]))
    return 1 if found else 0


def sweep(count: int, seed: int) -> tuple[Counter[str], list[str]]:
    """How often each thing was seen, and a line for each law that did not hold."""
    notes: Counter[str] = Counter()
    found: list[str] = []
    for number in range(count):
        draw = Random(f"{seed}/{number}")  # noqa: S311  repeatable, not secret
        given = recipe(draw)
        other = changed(draw, given)
        try:
            broken = [*laws_of_one(given, notes), *laws_of_two(given, other, notes)]
        except Exception as error:  # noqa: BLE001  whatever it is, it is no answer
            broken = [f"{type(error).__name__}: {error}"]
        if asked:
            broken.append(f"asked {', '.join(sorted({*asked}))}")
            asked.clear()
        found += [f"case {number}: {text}\n    {given}\n    {other}" for text in broken]
    return notes, found


def laws_of_one(given: Any, notes: Counter[str]) -> list[str]:
    """What does not hold of a value, its twin and its copy."""
    one, twin = build(given), build(given)
    broken: list[str] = []
    kinds = _kinds(one, twin)
    if Kind.COMPARER_ERROR in kinds:
        notes["could not be compared"] += 1
        return broken
    if kinds:
        return [f"two of one recipe differ: {kinds}"]
    if not strictly_same(one, twin) or not same_content(one, twin):
        broken.append("two of one recipe are not the same")
    if digest_text(one) != canonical(Tokens(question=True, by_name=True).of(one)):
        broken.append("the text of its digest is not that of its key")
    if token(one) != token(twin) or frozen(one) != frozen(twin) or hash(frozen(one)) != hash(frozen(twin)):
        broken.append("two of one recipe have two keys")
    if digest(one) != digest(twin):
        broken.append("two of one recipe have two digests")
    before = picture(one)
    try:
        copy = snapshot(one)
    except SnapshotError as reason:
        notes[f"no copy: {reason.problem}"] += 1
    else:
        notes["copied"] += 1
        if not same_content(copy, one) or _kinds(one, copy) or not is_unchanged(copy, one):
            broken.append("a copy reads otherwise")
    if not is_unchanged(one, twin):
        broken.append("two of one recipe are taken for changed")
    if picture(one) != before:
        broken.append("the original changed")
    return broken


def laws_of_two(given: Any, other: Any, notes: Counter[str]) -> list[str]:
    """What does not hold of two values."""
    one, two = build(given), build(other)
    kinds = _kinds(one, two)
    if Kind.COMPARER_ERROR in kinds:
        return []
    notes["two that differ" if kinds else "two that are the same"] += 1
    broken: list[str] = []
    if strictly_same(one, two) == bool(kinds):
        broken.append(f"strictly_same says otherwise than the walk: {kinds}")
    # Whether two classes are two kinds is asked of a pair, and stands in no token of one value.
    if _kinds(one, two, but_for=KIND_PLACE) if token(one) == token(two) else not kinds:
        broken.append(f"token says otherwise than the walk: {kinds}")
    if is_unchanged(one, two) != same_content(one, two):
        broken.append("to be changed since it was copied is not to have another content")
    # In a set a member of another class is another member, which is then missing and extra.
    coarser = _COARSER | _IN_SETS if "'bag'" in repr(given) else _COARSER
    if (frozen(one) == frozen(two)) and not kinds <= coarser:
        broken.append(f"one key for two values: {kinds}")
    if not kinds and same_content(one, two) and frozen(one) != frozen(two):
        broken.append("two keys for one value")
    return broken


def _kinds(one: Any, two: Any, but_for: str = "nothing") -> set[Kind]:
    legacy = Observation(Side.LEGACY, Returned(one), (), ())
    candidate = Observation(Side.CANDIDATE, Returned(two), (), ())
    found = compare(legacy, candidate).divergences
    return {divergence.kind for divergence in found if not divergence.place.endswith(but_for)}


def _content(value: Any) -> list[Any]:
    bases = type(value).__mro__
    if dict in bases:
        return [part for pair in dict.items(value) for part in pair]
    if BaseException in bases:
        return [*value.args, value.__cause__, value.__context__, value.__traceback__]
    kinds: tuple[Any, ...] = (list, tuple, set, frozenset, deque)
    return next(([*base.__iter__(value)] for base in kinds if base in bases), [])


def picture(value: Any) -> list[Any]:
    """Every object below a value with what it holds, by identity."""
    seen: dict[int, Any] = {}
    waiting = [value]
    drawn: list[Any] = []
    while waiting and len(seen) < PICTURE_MAX:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen[id(one)] = one
        held = [*own_state(one).values(), *_content(one)]
        drawn.append((id(one), type(one), [id(part) for part in held]))
        waiting += held
    return drawn
