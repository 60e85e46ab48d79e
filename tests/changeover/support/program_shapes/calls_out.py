"""Shapes of calls to the world: reads that change, clocks, order of effects, answers that are objects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from unittest.mock import MagicMock, Mock, patch

from changeover import Migration
from tests.changeover.support.program_shapes.shape import Path, declared_shape, shape


@shape("result", "effect")
def reads_that_change(shop: Any, planted: str) -> Path:
    def path(number: int) -> list[int]:
        before = shop.level()
        shop.send(before + (1 if planted == "effect" else 0))
        return [before, shop.level(), shop.level() + (1 if planted == "result" else 0)]

    return path


@shape("result")
def clock_of_a_port(shop: Any, planted: str) -> Path:
    def path(number: int) -> Any:
        began = shop.now()
        due = began + timedelta(days=1 if not planted else 2)
        return began, due, shop.now() >= began

    return path


@shape("order", "missing", "twice")
def several_effects(shop: Any, planted: str) -> Path:
    def path(number: int) -> None:
        texts = ["a", "b", "c"]
        if planted == "order":
            texts.reverse()
        if planted == "twice":
            texts.append("a")
        for text in texts[: 2 if planted == "missing" else None]:
            shop.send(text)

    return path


@shape("effect")
def answers_of_effects_that_are_used(shop: Any, planted: str) -> Path:
    def path(number: int) -> str:
        first = shop.order("a" if not planted else "b")
        return str(shop.order(f"after {first}"))

    return path


@dataclass
class Line:
    """Kept by the world and handed out by it."""

    sku: str
    amount: int = 0


@declared_shape("result", "effect")
def answers_that_the_path_changes(migration: Migration, shop: Any, planted: str) -> Callable[[int], Any]:
    class Stock:
        def __init__(self) -> None:
            self.sold: list[Line] = []

        def line(self, sku: str) -> Line:
            return Line(sku, 3)

        def sell(self, line: Line) -> None:
            self.sold.append(line)

    migration.port("stock", Stock, reads={"line"}, effects={"sell": lambda line: line.sku})
    stock = Stock()

    def path(twist: str) -> Path:
        def sell(number: int) -> Line:
            line = stock.line("a")
            line.amount -= 1
            stock.sell(line)
            line.amount -= 1 if twist != "result" else 2
            return line

        def oversell(number: int) -> Line:
            line = stock.line("a")
            line.amount -= 2
            stock.sell(line)
            return line

        return oversell if twist == "effect" else sell

    return migration.seam("s", legacy=path(""), candidate=path(planted))


@declared_shape("result", "effect")
def one_object_as_a_port(migration: Migration, shop: Any, planted: str) -> Callable[[int], Any]:
    class Mail:
        def __init__(self) -> None:
            self.sent: list[str] = []

        def send(self, text: str) -> int:
            self.sent.append(text)
            return len(self.sent)

    mail = Mail()
    migration.port("mail", mail, effects={"send": lambda text: text})

    def path(twist: str) -> Path:
        def told(number: int) -> str:
            mail.send(f"{number}{twist if twist == 'effect' else ''}")
            return f"{number}{twist if twist == 'result' else ''}"

        return told

    return migration.seam("s", legacy=path(""), candidate=path(planted))


@declared_shape("effect", "result")
def port_behind_a_proxy(migration: Migration, shop: Any, planted: str) -> Callable[[int], Any]:
    class Proxy:
        def __init__(self, behind: Any) -> None:
            self._behind = behind

        def __getattr__(self, name: str) -> Any:
            return getattr(self._behind, name)

    proxy = Proxy(shop)

    def path(twist: str) -> Path:
        def told(number: int) -> str:
            proxy.send(f"{number}{twist if twist == 'effect' else ''}")
            return f"{proxy.price('x')}{twist if twist == 'result' else ''}"

        return told

    return migration.seam("s", legacy=path(""), candidate=path(planted))


@shape("effect")
def method_taken_out_of_a_port(shop: Any, planted: str) -> Path:
    tell: Callable[[str], Any] = shop.send

    def path(number: int) -> int:
        for text in map(str, range(2)):
            tell(text + planted)
        return number

    return path


@shape("result")
def attributes_that_are_patched(shop: Any, planted: str) -> Path:
    class Rates:
        rate = 1

    def path(number: int) -> int:
        with patch.object(Rates, "rate", 2 if not planted else 3):
            return number * Rates.rate + Rates.rate

    return path


@shape("result", "argument", arguments=lambda number: (Mock(return_value=number), number))
def mock_as_an_argument(shop: Any, planted: str) -> Path:
    def path(tell: Any, number: int) -> Any:
        return tell(number if planted != "argument" else -1 - number), planted if planted == "result" else ""

    return path


@shape("result")
def mocks_inside(shop: Any, planted: str) -> Path:
    def path(number: int) -> int:
        broker = MagicMock()
        broker.price.return_value = number
        return int(broker.price("x")) + (1 if planted else 0)

    return path


@shape("result", "effect", is_async=True)
def asynchronous_ports(shop: Any, planted: str) -> Path:
    async def path(number: int) -> str:
        stock = await shop.stock("xx")
        await shop.post(f"{number}{'!' if planted == 'effect' else ''}")
        return f"{stock} {await shop.stock('x')}{'?' if planted == 'result' else ''}"

    return path
