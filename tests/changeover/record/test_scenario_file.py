"""The codec and scenario files."""

import json
from collections import namedtuple
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, StrEnum
from fractions import Fraction
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from changeover import ConfigurationError
from changeover.record.codec import Codec, CodecError
from changeover.record.scenario_file import read_scenarios, scenario_of, to_line, write_lines
from changeover.record.tape import site_text
from changeover.values.content_key import same_content
from changeover.values.observation import Raised
from changeover.values.reading import reading
from tests.changeover.support.small_trade import Order, Rejected, Trade

Pair = namedtuple("Pair", "left right")


class Side(StrEnum):
    BUY = "buy"


class Level(Enum):
    LOW = 1


@dataclass(frozen=True)
class Leg:
    side: Side
    amount: Decimal
    inner: tuple["Leg", ...] = ()


class Model(BaseModel):
    name: str
    legs: list[Leg]


CODEC = Codec()
CODEC.register(Leg, Model, Level, Pair, Rejected)


@pytest.mark.parametrize(
    "value",
    [
        *(None, True, 1, 10**40, 1.5, -0.0, float("inf"), "x", "日本", b"\x00\xff", 1 + 2j, Fraction(1, 3)),
        *(Decimal("1.00"), Decimal("NaN"), date(2020, 1, 2), time(1, 2, tzinfo=UTC), timedelta(-1, 5, 7)),
        *(datetime(2020, 1, 2, 3), datetime(2020, 1, 2, tzinfo=UTC), UUID(int=5)),
        datetime(2020, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"), fold=1),
        *((1, (2,)), [1, [2]], {1, 2}, frozenset({"a"}), {"a": 1}, {1: "a", (1, 2): "b"}, {"$": "tag"}),
        *(Side.BUY, Level.LOW, Pair(1, [2]), Leg(Side.BUY, Decimal(1), (Leg(Side.BUY, Decimal(2)),))),
        Model(name="m", legs=[Leg(Side.BUY, Decimal(1))]),
    ],
)
def test_every_known_type_comes_back_as_it_was(value: Any) -> None:
    data = json.loads(json.dumps(CODEC.encode(value)))
    back = CODEC.decode(data)
    assert type(back) is type(value)
    assert same_content(back, value) or (value != value and back != back)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.decimals() | st.binary()
        | st.datetimes() | st.uuids(),
        lambda inner: st.lists(inner, max_size=3) | st.tuples(inner, inner)
        | st.dictionaries(st.text() | st.integers(), inner, max_size=3),
        max_leaves=10,
    )
)  # fmt: skip
def test_any_tree_of_standard_values_survives(value: Any) -> None:
    assert CODEC.problem_of(value) is None


def test_classes_are_learnt_through_annotations() -> None:
    codec = Codec()

    def seam(legs: list[Leg] | None) -> dict[str, Model]:
        return {}

    codec.learn(seam)
    leg = Leg(Side.BUY, Decimal(1))
    assert codec.decode(codec.encode([leg, Side.BUY])) == [leg, Side.BUY]


def test_a_class_that_nobody_registered_is_named_with_its_place() -> None:
    class Secret:
        pass

    with pytest.raises(CodecError, match=r"value\.a\[1\]: .*Secret is not registered"):
        CODEC.encode({"a": [1, Secret()]})


@pytest.mark.parametrize(
    "data",
    [
        {"$": "record", "t": "os.system", "v": {}},
        {"$": "enum", "t": "subprocess.Popen", "v": "x"},
        {"$": "import", "v": "os"},
        {"$": "decimal", "v": "x"},
        {"$": "decimal"},
        {"$": "record", "t": f"{Leg.__module__}.Leg", "v": {"side": 1}},
    ],
)
def test_a_name_in_the_data_leads_to_no_class(data: Any) -> None:
    with pytest.raises(CodecError):
        CODEC.decode(data)


class Rounded:
    def __init__(self, amount: float) -> None:
        self.amount = amount


def test_a_round_trip_that_changes_the_value_is_found() -> None:
    reading(
        Rounded,
        parts=lambda value: {"amount": value.amount},
        make=lambda parts: Rounded(round(parts["amount"])),
    )
    assert "differs from what was written" in (CODEC.problem_of(Rounded(1.5)) or "")


def test_a_dataclass_is_made_again_without_its_init() -> None:
    @dataclass
    class Doubling:
        amount: int

        def __post_init__(self) -> None:
            self.amount *= 2

    codec = Codec()
    codec.register(Doubling)
    assert codec.problem_of(Doubling(1)) is None


def path(trade: Trade) -> Any:
    with suppress(Rejected):
        trade.broker.submit("client-1", "GLD", "BUY", 1)
    order = trade.broker.submit("client-2", "SPY", "SELL", 2)
    return trade.broker.get(order.order_id).status, trade.broker.quote("SPY")


def recorded() -> tuple[Trade, Codec]:
    trade = Trade()
    trade.run(path, path)
    codec = trade.migration.codec
    codec.register(Rejected, Order)
    return trade, codec


def test_a_run_survives_being_written_and_read(tmp_path: Path) -> None:
    trade, codec = recorded()
    file = tmp_path / "runs.jsonl"
    scenario = scenario_of(trade.runs[0])
    write_lines(file, [to_line(scenario, codec)] * 2)
    read = read_scenarios(file, codec, trade.migration.runtime.book)
    assert read.damaged == ()
    assert len(read.scenarios) == 2
    back = read.scenarios[0]
    assert (back.id, back.seam, back.arguments) == (scenario.id, scenario.seam, scenario.arguments)
    assert back.tape.is_stored
    assert same_content(
        [(entry.place, site_text(entry.site), entry.kwargs) for entry in back.tape.entries],
        [(entry.place, site_text(entry.site), entry.kwargs) for entry in scenario.tape.entries],
    )
    assert str(Path(__file__).parents[3]) not in file.read_text(encoding="utf-8")
    assert back.tape.world_digest("s", {}) == scenario.tape.world_digest("s", {})


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda line: line[: len(line) // 2], "was not valid JSON"),
        (lambda line: "", None),
        (lambda line: line.replace('"port":"broker"', '"port":"brokre"'), "brokre.submit is no method"),
        (lambda line: line.replace('"schema_version":1', '"schema_version":9'), "was 9, allowed: 1"),
        (lambda line: line.replace('"seam":"trade"', '"seem":"trade"'), "seam: is missing"),
        (lambda line: line.replace("trade.Order", "trade.Ordre"), "is not registered"),
        (lambda line: line.replace('"id":', '"id":1,"id":'), "stands there twice"),
        (lambda line: "[" * 200_000, "nested too deeply"),
        (
            lambda line: line.replace('"answered_by":"legacy"', '"answered_by":"new"'),
            "allowed: legacy, candidate",
        ),
    ],
)
def test_a_damaged_line_is_named_and_the_rest_is_read(
    tmp_path: Path, damage: Any, reason: str | None
) -> None:
    trade, codec = recorded()
    line = to_line(scenario_of(trade.runs[0]), codec)
    file = tmp_path / "runs.jsonl"
    file.write_text(f"{line}\n{damage(line)}\n{line}\n", encoding="utf-8")
    read = read_scenarios(file, codec, trade.migration.runtime.book)
    assert len(read.scenarios) == 2
    if reason is None:
        assert read.damaged == ()
    else:
        assert reason in str(read.damaged[0])
        assert str(read.damaged[0]).startswith(f"{file}:2: ")


def test_bytes_that_are_no_text_are_a_damaged_line(tmp_path: Path) -> None:
    file = tmp_path / "runs.jsonl"
    file.write_bytes(b"\xff\xfe\n")
    trade, codec = recorded()
    assert "not UTF-8" in str(read_scenarios(file, codec, trade.migration.runtime.book).damaged[0])


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    trade, codec = recorded()
    with pytest.raises(ConfigurationError, match=r"none\.jsonl: could not be read"):
        read_scenarios(tmp_path / "none.jsonl", codec, trade.migration.runtime.book)


def test_a_run_that_cannot_be_written_names_the_place() -> None:
    class Late(Exception):
        pass

    def raising(trade: Trade) -> Any:
        with suppress(Rejected):
            trade.broker.submit("client-1", "GLD", "BUY", 1)

    trade = Trade()
    trade.run(raising, raising)
    entry = trade.runs[0].tape.entries[0]
    entry.outcome = Raised(Late("x"))
    with pytest.raises(CodecError, match=r"broker\.submit raised: .*Late is not registered"):
        to_line(scenario_of(trade.runs[0]), trade.migration.codec)


def test_half_of_a_pair_of_surrogates_is_written_and_read(tmp_path: Path) -> None:
    trade, codec = recorded()
    scenario = replace(scenario_of(trade.runs[0]), arguments={"name": "broken \ud800 text"})
    file = tmp_path / "runs.jsonl"
    write_lines(file, [to_line(scenario, codec)])
    (back,) = read_scenarios(file, codec, trade.migration.runtime.book).scenarios
    assert back.arguments == {"name": "broken \ud800 text"}
