"""Two keys of a mapping that differ have places that do: a rule for one accepts nothing at the other."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from changeover import Migration, Run
from changeover.compare.rules_file import load_rules
from changeover.seam.judge import comparing_judge
from changeover.values.verdict import Verdict


@dataclass(frozen=True)
class Leg:
    symbol: str
    size: int = 1


class Pair(NamedTuple):
    first: Any
    second: Any = None


class Account:
    def __init__(self, number: int) -> None:
        self.number = number

    def __hash__(self) -> int:
        return 1

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Account) and other.number == self.number


class Side(Enum):
    BUY = 1
    SELL = 2


KEYS: dict[str, tuple[Any, Any]] = {
    "frozen sets": (frozenset({1}), frozenset({2})),
    "frozen sets of texts": (frozenset({"a", "b", "c"}), frozenset({"a", "b", "d"})),
    "dataclasses": (Leg("SPY"), Leg("TLT")),
    "objects": (Account(1), Account(2)),
    "named tuples": (Pair(1), Pair(2)),
    "tuples of objects": ((Leg("SPY"), 1), (Leg("TLT"), 1)),
    "tuples of frozen sets": ((frozenset({1}),), (frozenset({2}),)),
    "long tuples": ((0,) * 300 + (1,), (0,) * 300 + (2,)),
    "long bytes": (b"a" * 300 + b"x" + b"a" * 300, b"a" * 300 + b"y" + b"a" * 300),
    "very long bytes": (b"a" * 3000 + b"x" + b"a" * 3000, b"a" * 3000 + b"y" + b"a" * 3000),
    "nested": ((((Leg("SPY"),),),), (((Leg("SPY", 2),),),)),
    "members": (Side.BUY, Side.SELL),
    "numbers": (1, Decimal("1.5")),
}


def run_of(legacy: Any, candidate: Any, judge: Any = None) -> Run:
    runs: list[Run] = []
    migration = Migration(
        environment={"CHANGEOVER_STAGE_S": "shadow"}, refresh_s=0, sink=runs.append, judge=judge
    )
    migration.seam("s", legacy=lambda number: legacy, candidate=lambda number: candidate)(1)
    return runs[0]


@pytest.mark.parametrize("kind", KEYS)
def test_a_rule_for_one_key_accepts_nothing_at_another(kind: str, tmp_path: Path) -> None:
    one, other = KEYS[kind]
    (found,) = run_of({one: 1, other: 1}, {one: 2, other: 1}).divergences
    (beside,) = run_of({one: 1, other: 1}, {one: 1, other: 2}).divergences
    assert found.place != beside.place

    file = tmp_path / "rules.toml"
    file.write_text(f'[[rule]]\npath = {json.dumps(found.place)}\nreason = "known"\nignore = true\n')
    judge = comparing_judge(load_rules(file, today=date(2024, 1, 1)))
    assert run_of({one: 1, other: 1}, {one: 2, other: 1}, judge).verdict is Verdict.TOLERATED
    assert run_of({one: 1, other: 1}, {one: 1, other: 2}, judge).verdict is Verdict.DIVERGED


def test_the_place_of_a_key_is_the_same_in_whatever_order_its_members_stand() -> None:
    names = [f"name {number}" for number in range(20)]
    places = set()
    for members in (names, names[::-1]):
        (found,) = run_of({frozenset(members): 1}, {frozenset(members): 2}).divergences
        places.add(found.place)
    assert len(places) == 1
