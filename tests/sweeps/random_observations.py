"""Random observations: nested records, mappings, lists and scalars of every kind, and a few effects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from random import Random
from typing import Any
from uuid import UUID

from changeover.values.observation import Observation, PortCall, Returned, Side


class OrderSide(StrEnum):
    BUY = "BUY"
    SELL = "SELL"


@dataclass(frozen=True, slots=True)
class Lot:
    symbol: str
    quantity: Decimal
    price: float | None
    side: OrderSide
    at: datetime


@dataclass(frozen=True)
class Book:
    name: str
    lots: tuple[Lot, ...]
    notes: dict[str, Any]


def made_observation(random: Random) -> Observation:
    """An observation with a result of some depth and a few effects."""
    effects = tuple(_made_effect(random, position) for position in range(1, random.randint(1, 6)))
    return Observation(Side.LEGACY, Returned(_made_value(random, 3)), effects, ())


def _made_effect(random: Random, position: int) -> PortCall:
    if random.random() < 0.3:
        arguments: dict[str, Any] = {"to": "desk", "text": _made_text(random)}
        return PortCall("notifier", "send", "desk", arguments, Returned(None), position)
    lot = _made_lot(random)
    return PortCall("broker", "submit", (lot.symbol, lot.side), {"order": lot}, Returned(None), position)


def _made_lot(random: Random) -> Lot:
    return Lot(
        symbol=random.choice(("SPY", "TLT", "BIL", "GLD", "EFA")),
        quantity=Decimal(random.randint(1, 10_000)) / random.choice((1, 8, 100)),
        price=random.choice((None, random.uniform(1, 500))),
        side=random.choice(list(OrderSide)),
        at=_made_moment(random),
    )


def _made_moment(random: Random) -> datetime:
    zone = random.choice((UTC, None, timezone(timedelta(hours=-5))))
    return datetime(2016, 3, 1, tzinfo=zone) + timedelta(seconds=random.randint(0, 10_000_000))


def _made_text(random: Random) -> str:
    return "".join(random.choice("abcXYZ 019_-.é") for _ in range(random.randint(0, 12)))


def _made_leaf(random: Random) -> Any:
    makers: tuple[Callable[[], Any], ...] = (
        lambda: random.randint(-1_000, 1_000),
        lambda: random.uniform(-10, 10),
        lambda: Decimal(random.randint(-100_000, 100_000)) / 100,
        lambda: _made_text(random),
        lambda: random.random() < 0.5,
        lambda: None,
        lambda: _made_moment(random),
        lambda: date(2016, 1, 1) + timedelta(days=random.randint(0, 3_000)),
        lambda: timedelta(seconds=random.randint(0, 9_999)),
        lambda: UUID(int=random.getrandbits(128)),
        lambda: random.choice(list(OrderSide)),
        lambda: random.randbytes(4),
        lambda: float("nan"),
    )
    return random.choice(makers)()


def _made_value(random: Random, depth: int) -> Any:
    if depth == 0 or random.random() < 0.2:
        return _made_leaf(random)
    size = random.randint(1, 6)
    shape = random.choice(("dict", "list", "tuple", "lot", "book", "typed keys", "rows"))
    if shape == "dict":
        return {f"key {_made_text(random)}": _made_value(random, depth - 1) for _ in range(size)}
    if shape == "typed keys":
        return {
            random.choice((number, (number, "x"))): _made_value(random, depth - 1) for number in range(size)
        }
    if shape == "lot":
        return _made_lot(random)
    if shape == "book":
        lots = tuple(_made_lot(random) for _ in range(size))
        return Book(_made_text(random), lots, {"more": _made_value(random, depth - 1)})
    if shape == "rows":
        return [{"id": number, "value": _made_leaf(random)} for number in range(size + 4)]
    items = [_made_value(random, depth - 1) for _ in range(size)]
    return items if shape == "list" else tuple(items)
