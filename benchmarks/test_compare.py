"""What comparing costs, next to `==` and to DeepDiff on the same values. Compare within one run and group.

Targets: equal states at most 10 times `==` on nested dicts; one differing leaf found and named at least 100
times faster than DeepDiff alone; rows matched by key linear in their number.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from typing import Any

import pytest
from deepdiff import DeepDiff
from pytest_benchmark.fixture import BenchmarkFixture

from changeover.compare.comparison import compare
from changeover.compare.paths import parse_path
from changeover.compare.rule import Rule
from changeover.compare.rules import Rules
from changeover.values.observation import Observation, Returned, Side

POSITIONS = 30


@dataclass(frozen=True, slots=True)
class Position:
    symbol: str
    quantity: Decimal
    price: Decimal
    market_value: Decimal
    weight: Decimal
    cost: Decimal
    profit: Decimal
    target_weight: Decimal


@dataclass(frozen=True, slots=True)
class State:
    cash: Decimal
    value: Decimal
    positions: tuple[Position, ...]


def state() -> State:
    numbers = range(POSITIONS)
    positions = (
        Position(
            f"S{n}",
            Decimal(f"{n}.5"),
            Decimal(f"{n * 3}.25"),
            Decimal(f"{n * 17}.125"),
            Decimal("0.03"),
            Decimal(f"1{n}.5"),
            Decimal(f"-{n}.75"),
            Decimal("0.04"),
        )
        for n in numbers
    )
    return State(Decimal("1.5"), Decimal("3.7"), tuple(positions))


def changed(original: State) -> State:
    middle = POSITIONS // 2
    position = replace(original.positions[middle], market_value=Decimal("9"))
    positions = (*original.positions[:middle], position, *original.positions[middle + 1 :])
    return replace(original, positions=positions)


def observed(value: Any, path: Side = Side.LEGACY) -> Observation:
    return Observation(path, Returned(value), (), ())


@pytest.mark.benchmark(group="two equal states of 30 positions")
@pytest.mark.parametrize("how", ["== on nested dicts", "compare", "DeepDiff"])
def test_equal_states(benchmark: BenchmarkFixture, how: str) -> None:
    one, other = state(), state()
    plain_one, plain_other = asdict(one), asdict(other)
    legacy, candidate = observed(one), observed(other, Side.CANDIDATE)
    ways: dict[str, Callable[[], object]] = {
        "== on nested dicts": lambda: plain_one == plain_other,
        "compare": lambda: compare(legacy, candidate),
        "DeepDiff": lambda: DeepDiff(plain_one, plain_other),
    }
    benchmark(ways[how])


@pytest.mark.benchmark(group="one leaf differs in a state of 30 positions")
@pytest.mark.parametrize("how", ["compare", "DeepDiff on nested dicts", "DeepDiff on the objects"])
def test_one_differing_leaf(benchmark: BenchmarkFixture, how: str) -> None:
    one, other = state(), changed(state())
    plain_one, plain_other = asdict(one), asdict(other)
    legacy, candidate = observed(one), observed(other, Side.CANDIDATE)
    ways: dict[str, Callable[[], object]] = {
        "compare": lambda: compare(legacy, candidate),
        "DeepDiff on nested dicts": lambda: DeepDiff(plain_one, plain_other),
        "DeepDiff on the objects": lambda: DeepDiff(one, other),
    }
    benchmark(ways[how])
    assert (
        compare(legacy, candidate).divergences[0].place == f"result.positions[{POSITIONS // 2}].market_value"
    )


@pytest.mark.benchmark(group="rows matched by key, a tenth of them changed")
@pytest.mark.parametrize("rows", [250, 500, 1_000, 2_000])
def test_rows_by_key(benchmark: BenchmarkFixture, rows: int) -> None:
    by_id = Rules((Rule(parse_path("result"), "independent", 1, match_by=("id",)),))
    one = [{"id": f"row {n}", "n": n, "value": Decimal(n)} for n in range(rows)]
    other = [{**row, "value": Decimal(-1)} if n % 10 == 0 else dict(row) for n, row in enumerate(one)]
    legacy, candidate = observed(one), observed(other[::-1], Side.CANDIDATE)
    benchmark(lambda: compare(legacy, candidate, by_id))
