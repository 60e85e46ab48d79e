"""A shape of an ordinary program: one seam, the same code on both sides, and what may be planted in one.

A shape is a function that makes a path out of a shop and the name of what is planted, "" for nothing. What it
takes and does otherwise where something is planted is all that differs between the two sides.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any
from uuid import uuid4

from changeover import Migration

Path = Callable[..., Any]
Declares = Callable[[Migration, "Any", str], Callable[[int], Any]]
NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Shape:
    """One row of the table.

    `expected` is None where the same code matches, else what the reason of `failed` names, with `why`.
    `failed` says which planted changes may be `failed` although the same code matches, and why. `rules` are
    what a project writes in rules.toml for such code.
    """

    name: str
    declare: Declares
    planted: tuple[str, ...]
    expected: str | None = None
    why: str = ""
    failed: Mapping[str, str] = field(default_factory=dict)
    is_async: bool = False
    modes: tuple[str, ...] = ("inline", "background")
    rules: str = ""
    late: bool = False


SHAPES: dict[str, Shape] = {}


def declared_shape(*planted: str, **more: Any) -> Callable[[Declares], Declares]:
    """A shape that declares the seam `s` itself, and gives what a call of number N is."""

    def registered(declare: Declares) -> Declares:
        name = declare.__name__
        assert name not in SHAPES, name
        SHAPES[name] = Shape(name, declare, planted, **more)
        return declare

    return registered


def shape(
    *planted: str, arguments: Callable[[int], tuple[Any, ...]] = lambda number: (number,), **more: Any
) -> Callable[[Callable[[Any, str], Path]], Callable[[Any, str], Path]]:
    """A shape of which both paths are functions; `arguments` makes those of call N."""

    def registered(make: Callable[[Any, str], Path]) -> Callable[[Any, str], Path]:
        def declare(migration: Migration, shop: Any, twist: str) -> Callable[[int], Any]:
            answer = migration.seam("s", legacy=make(shop, ""), candidate=make(shop, twist))
            return lambda number: answer(*arguments(number))

        declare.__name__ = make.__name__
        declared_shape(*planted, **more)(declare)
        return make

    return registered


def shop_of(migration: Migration) -> Any:
    """The world of one program, as a port whose class no other program shares."""

    class Shop:
        def __init__(self) -> None:
            self.sent: list[Any] = []
            self.asked = 0

        def send(self, what: Any) -> str:
            self.sent.append(what)
            return "sent"

        def order(self, what: Any) -> int:
            self.sent.append(what)
            return len(self.sent)

        def submit(self, sku: str, order_id: str, text: str) -> str:
            self.sent.append((sku, order_id, text))
            return order_id

        def price(self, name: str) -> int:
            return len(name) + 100

        def level(self) -> int:
            self.asked += 1
            return self.asked

        def page(self, number: int) -> list[int]:
            return list(range(number * 3, number * 3 + 3)) if number < 3 else []

        def flaky(self, attempt: int) -> int:
            if attempt < 2:
                raise TimeoutError(f"attempt {attempt}")
            return attempt

        async def post(self, what: Any) -> str:
            await asyncio.sleep(0)
            self.sent.append(what)
            return "posted"

        async def stock(self, name: str) -> int:
            await asyncio.sleep(0.0005 * (len(name) % 3))
            return len(name)

        def now(self) -> datetime:
            return datetime.now(UTC)

        def seconds(self) -> float:
            return time.monotonic()

        def mint(self) -> str:
            return str(uuid4())

    migration.port(
        "shop",
        Shop,
        effects={**dict.fromkeys(("send", "order", "post"), str), "submit": lambda sku, order_id, text: sku},
        reads={"price", "level", "page", "flaky", "stock"},
        clock={"now", "seconds"},
        local={"mint"},
        unaffected={"price", "page", "flaky", "stock"},
    )
    return Shop()
