"""Every row of `docs/comparing.md` is true."""

from __future__ import annotations

import logging
import re
import weakref
from array import array
from collections import ChainMap, OrderedDict, UserDict, defaultdict, deque
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from functools import cached_property, partial
from pathlib import Path, PurePosixPath
from threading import Lock
from types import MappingProxyType, SimpleNamespace
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from changeover.values.content_key import frozen
from changeover.values.equality import strictly_same
from tests.changeover.support.observations import differences

PAGE = (Path(__file__).parents[3] / "docs/comparing.md").read_text("utf-8")


class Symbol(str):
    pass


class Tagged(str):
    def __new__(cls, text: str, tag: str) -> Tagged:
        made = super().__new__(cls, text)
        made.tag = tag
        return made

    tag: str


class Side(Enum):
    BUY = "BUY"
    SELL = "SELL"


@dataclass
class Point:
    x: int
    y: int

    @cached_property
    def size(self) -> int:
        return self.x + self.y


class Slotted:
    __slots__ = ("__inside",)

    def __init__(self, inside: int) -> None:
        self.__inside = inside


class Nothing:
    pass


class Everything:
    pass


@dataclass
class Buy:
    symbol: str


@dataclass
class Sell:
    symbol: str


class Refused(Exception):
    def __init__(self, status: int) -> None:
        super().__init__("refused")
        self.status = status


def noted(error: Exception, note: str) -> Exception:
    error.add_note(note)
    return error


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


def during(error: Exception, other: Exception) -> Exception:
    error.__context__ = other
    return error


def cached(point: Point) -> Point:
    assert point.size
    return point


def shared(part: Any) -> list[Any]:
    return [part, part]


def cents(number: int) -> Any:
    class Cents(int):
        pass

    return Cents(number)


ONE = Symbol("one")
PLUS_ONE = timezone(timedelta(hours=1))
BERLIN = ZoneInfo("Europe/Berlin")
KNOWN = {
    **globals(),
    **{
        one.__name__: one
        for one in (
            *(array, deque, defaultdict, ChainMap, OrderedDict, UserDict, MappingProxyType, SimpleNamespace),
            *(datetime, time, timedelta, timezone, Decimal, UUID, PurePosixPath, partial, ZoneInfo, Lock),
            *(logging, re, weakref),
        )
    },
    "UTC": UTC,
}


def rows(heading: str) -> list[list[str]]:
    section = PAGE.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def value(cell: str) -> Any:
    return eval(cell.strip("` "), dict(KNOWN))  # noqa: S307  of the page


FOUND, SILENT, ASKED = (
    rows(heading) for heading in ("What is found", "What is silently the same", "How a question is looked up")
)


def test_the_page_has_its_tables() -> None:
    assert min(len(FOUND), len(SILENT)) > 20
    assert len(ASKED) > 5


@pytest.mark.parametrize("row", FOUND, ids=lambda row: f"{row[0]} {row[1]}")
def test_what_is_found_is_what_the_page_says(row: list[str]) -> None:
    legacy, candidate = value(row[0]), value(row[1])
    kinds = [kind for kind, _ in differences(legacy, candidate)]
    assert list(dict.fromkeys(kinds)) == row[2].split(", ")
    assert not strictly_same(legacy, candidate)


@pytest.mark.parametrize("row", SILENT, ids=lambda row: f"{row[0]} {row[1]}")
def test_what_is_silently_the_same_is_the_same(row: list[str]) -> None:
    legacy, candidate = value(row[0]), value(row[1])
    assert differences(legacy, candidate) == []
    assert strictly_same(legacy, candidate)


@pytest.mark.parametrize("row", ASKED, ids=lambda row: f"{row[0]} {row[1]}")
def test_questions_are_looked_up_as_the_page_says(row: list[str]) -> None:
    assert (frozen(value(row[0])) == frozen(value(row[1]))) is row[2].startswith("the same")
