"""A program whose candidate differs in every way a comparison knows, another way in each case.

`KINDS_CASES` says how many cases there are, `KINDS_EXTRA` is a line that the candidate runs first, where
`number` is that of the case, `KINDS_AT_IMPORT` one that runs when the module is loaded.
"""

import asyncio
import ctypes
import logging
import os
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from functools import partial
from pathlib import Path
from uuid import UUID

from changeover import Case, Migration, SourceOptions

FOLDER = Path(__file__).parent / "migration"
CASES = int(os.environ.get("KINDS_CASES", "60"))
EXTRA = os.environ.get("KINDS_EXTRA", "pass")
MODE = {"state": 0}
exec(os.environ.get("KINDS_AT_IMPORT", "pass"))  # noqa: S102  a line of the test
__all__ = ["ctypes", "sys", "threading", "time"]


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Label(str):
    """A text of the program's own."""


class Ledger:
    def __init__(self) -> None:
        self.balance = 0
        self.lines: list[tuple[str, int]] = []

    def total(self, name: str, unit: str = "piece") -> int:
        return self.balance

    def book(self, name: str, amount: int) -> str:
        self.lines.append((name, amount))
        self.balance += 1  # the state goes on from case to case
        return f"line {len(self.lines)}"


ledger = Ledger()
migration = Migration.load(FOLDER)
migration.port("ledger", ledger, reads={"total"}, effects={"book": lambda name, amount: name})

VALUES = [
    (1, 2),
    (Decimal("1.50"), Decimal("1.5")),
    (Decimal("1.00"), Decimal("2.00")),
    (date(2020, 1, 1), date(2020, 1, 2)),
    (datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 1, 1, 2, tzinfo=UTC)),
    (timedelta(hours=1), timedelta(hours=2)),
    (Colour.RED, Colour.BLUE),
    (Label("a"), "a"),
    ("a" * 3_000 + "b", "a" * 3_000 + "c"),
    (b"\x00it's", b"\x01it's"),
    (frozenset({1, 2}), frozenset({2, 3})),
    ((1, (2, 3)), (1, (2, 4))),
    ({1: "one", "1": "one", Colour.RED: 2}, {1: "two", "1": "one", Colour.RED: 2}),
    ([{"a": 1}, {"a": 2}], [{"a": 1}]),
    (None, 5),
    (2**80, 2**80 + 1),
    (float("nan"), 1.0),
    (UUID(int=5), UUID(int=6)),
    (Path("/a"), Path("/b")),
    ({"deep": {"er": [Decimal(1)]}}, {"deep": {"er": [Decimal(1), Decimal(2)]}}),
    (ValueError("one"), ValueError("two")),
    ("\U0001f600", "\ud800"),
    ({"type": "X", "message": "said"}, {"type": "Y", "message": "said"}),
    (1, True),
]


def pair(number: int, side: int) -> object:
    return VALUES[number % len(VALUES)][side]


def legacy_inner(number: int) -> object:
    return {"total": ledger.total(f"name {number}"), "number": number}


def candidate_inner(number: int) -> object:
    extra = 1 if number % 7 == 3 else 0
    return {"total": ledger.total(f"name {number}") + extra, "number": number}


inner = migration.seam("inner", legacy=legacy_inner, candidate=candidate_inner, tags=lambda number: ["in"])


def legacy(number: int, note: str) -> object:
    if number % 11 == 4:
        raise KeyError(f"legacy {number}")
    found = inner(number)
    ledger.book(note, number)
    if number % 3 == 0:
        ledger.book("more", number)
    return {"found": found, "value": pair(number, 0), "near": Decimal(number)}


def candidate(number: int, note: str) -> object:
    exec(EXTRA, {**globals(), "number": number})  # noqa: S102  a line of the test
    kind = number % 13
    if number % 11 == 4:
        raise KeyError(f"legacy {number}" if number % 2 else f"candidate {number}")
    found = inner(number)
    if kind == 1:
        logging.getLogger("candidate").warning("a warning of %s", number)
        return None
    if kind == 2:
        ledger.total(f"name {number}", "crate")
    if kind == 3:
        raise RuntimeError(f"not today {number}")
    if kind != 5:
        ledger.book(note, number + (kind == 6))
    if number % 3 == 0:
        ledger.book("more", number)
    differs = kind in (7, 8, 9)
    return {
        "found": found,
        "value": pair(number, int(differs)),
        "near": Decimal(number) + Decimal("0.001") * (kind == 10),
        **({"extra": number} if kind == 11 else {}),
    }


outer = migration.seam(
    "outer",
    legacy=legacy,
    candidate=candidate,
    tags=lambda number, note: ["even" if number % 2 == 0 else "odd"],
)


def nothing() -> object:
    return None


empty = migration.seam("empty", legacy=nothing, candidate=nothing)


async def waits(number: int) -> object:
    await asyncio.sleep(0)
    return ledger.total(f"async {number}")


async def waits_otherwise(number: int) -> object:
    await asyncio.sleep(0)
    return ledger.total(f"async {number}") + (number % 5 == 0)


later = migration.seam("later", legacy=waits, candidate=waits_otherwise)


def run(number: int) -> object:
    MODE["state"] = number % 5
    if number % 9 == 8:
        empty()
    if number % 6 == 5:
        asyncio.run(later(number))
    if number % 4 == 1:
        inner(number + 1_000)
    return outer(number, f"note {number}")


@migration.source("kinds", population="generated", count=lambda options: CASES)
def kinds(options: SourceOptions) -> Iterator[Case]:
    for number in range(CASES):
        yield Case(f"2020-{number % 12 + 1:02}-{number // 12 % 28 + 1:02}-{number}", partial(run, number))
