"""Shapes of values: identity, sentinels, subclasses, zones, numbers, containers, references, large ones."""

from __future__ import annotations

import enum
import math
import weakref
from collections import ChainMap, Counter, OrderedDict, UserDict, defaultdict, deque, namedtuple
from collections.abc import Callable
from copy import copy, deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal, localcontext
from fractions import Fraction
from types import MappingProxyType, SimpleNamespace
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from changeover import Migration
from tests.changeover.support.program_shapes.shape import Path, declared_shape, shape

BERLIN = ZoneInfo("Europe/Berlin")
MISSING = object()


class _Nothing:
    def __repr__(self) -> str:
        return "NOTHING"


NOTHING = _Nothing()


@dataclass
class Order:
    """Mutable, and compared by its fields."""

    sku: str
    amount: int = 1
    lines: list[int] = field(default_factory=list)


@shape("result", arguments=lambda number: ((order := Order("a", number)), order))
def identity_of_two_arguments(shop: Any, planted: str) -> Path:
    return lambda one, two: (one is two) != bool(planted)


@declared_shape("result")
def identity_of_argument_and_object(migration: Migration, shop: Any, planted: str) -> Callable[[int], Any]:
    class Basket:
        def __init__(self) -> None:
            self.orders = [Order("a"), Order("b")]

        def answer(self, order: Order) -> list[bool]:
            return [one is order for one in self.orders]

    def candidate(self: Basket, order: Order) -> list[bool]:
        return [(one is order) != bool(planted) for one in self.orders]

    migration.wrap(Basket, "answer", candidate=candidate, name="s")
    basket = Basket()
    return lambda number: basket.answer(basket.orders[number % 2])


@shape("result", arguments=lambda number: (Order("a", number),))
def argument_as_the_answer(shop: Any, planted: str) -> Path:
    def path(order: Order) -> Any:
        return [order, order] if not planted else [order, replace(order, sku="b")]

    return path


@shape("result", arguments=lambda number: (MISSING, NOTHING))
def sentinels(shop: Any, planted: str) -> Path:
    return lambda one, two: [one is MISSING, (two is NOTHING) != bool(planted), two]


class Symbol(str):
    """A text with a tag."""

    __slots__ = ("exchange",)
    exchange: str


class Rows(list[int]):
    """A list with a name."""

    name = "rows"


class Bag(dict[str, int]):
    """A mapping that answers what it lacks."""

    def __missing__(self, key: str) -> int:
        return 0


def symbol(name: str, exchange: str) -> Symbol:
    """A tagged text."""
    made = Symbol(name)
    made.exchange = exchange
    return made


@shape("result", "attribute", arguments=lambda number: (symbol("SPY", f"x{number}"),))
def subclasses_of_builtins(shop: Any, planted: str) -> Path:
    def path(name: Symbol) -> Any:
        rows, bag = Rows([1, 2]), Bag(a=1)
        rows.name = name.exchange
        if planted == "attribute":
            rows.name += "!"
        return name, rows, bag["b"], bag if planted != "result" else Bag(a=2), shop.price(name)

    return path


@dataclass(slots=True, frozen=True)
class Point:
    """With slots."""

    x: int
    y: int = 0


@shape("result", arguments=lambda number: (Point(number),))
def dataclasses_with_slots(shop: Any, planted: str) -> Path:
    return lambda point: {"one": point, "two": replace(point, y=1 if planted else 0)}


class Side(enum.Enum):
    """Compared by `is`."""

    BUY = "buy"
    SELL = "sell"


class Flag(enum.IntFlag):
    """Combined."""

    A = 1
    B = 2


@shape("result", arguments=lambda number: (Side.BUY, Flag.A | Flag.B))
def enums(shop: Any, planted: str) -> Path:
    def path(side: Side, flags: Flag) -> Any:
        return side is Side.BUY, Side.SELL if planted else Side.BUY, flags & Flag.A, {side: Flag.B in flags}

    return path


Pair = namedtuple("Pair", "left right")


class Typed(NamedTuple):
    """With types."""

    name: str
    size: int = 0


@shape("result", arguments=lambda number: (Pair(1, [number]), Typed("a")))
def named_tuples(shop: Any, planted: str) -> Path:
    return lambda pair, typed: (pair._replace(left=2 if planted else 1), typed, typed.name)


@shape("result", arguments=lambda number: (Decimal("1.10"), math.nan))
def decimals_and_nan(shop: Any, planted: str) -> Path:
    def path(amount: Decimal, nan: float) -> Any:
        with localcontext() as context:
            context.prec = 6 if not planted else 5
            third = amount / 3
        return third, nan, nan != nan, [math.inf, -0.0, Decimal("NaN")], Fraction(1, 3), round(amount, 1)

    return path


@shape("result", arguments=lambda number: (datetime(2024, 10, 27, 2, 30, fold=number % 2, tzinfo=BERLIN),))
def folds_of_a_local_time(shop: Any, planted: str) -> Path:
    def path(moment: datetime) -> Any:
        if planted:
            moment = moment.replace(fold=1 - moment.fold)
        return moment, moment.utcoffset(), moment.astimezone(UTC)

    return path


@shape("result", "zone", arguments=lambda number: (datetime(2024, 3, 30, 2, 30, tzinfo=BERLIN),))
def time_zones(shop: Any, planted: str) -> Path:
    def path(moment: datetime) -> Any:
        wall = moment + timedelta(days=1)
        real = (moment.astimezone(UTC) + timedelta(days=1)).astimezone(BERLIN)
        return wall if planted != "result" else real, real if planted != "zone" else real.astimezone(UTC)

    return path


@shape("result", "effect")
def sets_of_texts(shop: Any, planted: str) -> Path:
    def path(number: int) -> Any:
        names = {f"name {one}" for one in range(number % 7 + 2)}
        if planted == "result":
            names.add("more")
        shop.send(",".join(sorted(names)) + ("!" if planted == "effect" else ""))
        return names, frozenset(names), {name: len(name) for name in names}

    return path


@shape("effect", arguments=lambda number: ({f"name {one}" for one in range(number % 5 + 2)},))
def effects_in_the_order_of_a_set(shop: Any, planted: str) -> Path:
    def path(names: set[str]) -> None:
        for name in names:
            shop.send(name + planted)

    return path


@shape("result", arguments=lambda number: ({"b": 1, "a": {"z": 1, "y": 2}},))
def order_of_mappings(shop: Any, planted: str) -> Path:
    def path(given: dict[str, Any]) -> Any:
        given["c"] = given.pop("b")
        return [*given, *given["a"]][:: -1 if planted else 1]

    return path


@shape("result")
def containers_of_the_library(shop: Any, planted: str) -> Path:
    def path(number: int) -> Any:
        grouped: defaultdict[str, list[int]] = defaultdict(list)
        grouped["a"].append(number)
        return (
            grouped,
            Counter("aab" if not planted else "abb"),
            OrderedDict(a=1),
            deque([1, 2], 2),
            ChainMap({"a": 1}, {"b": 2}),
            UserDict(a=1),
            MappingProxyType({"a": 1}),
            SimpleNamespace(a=1),
        )

    return path


@shape("result", "argument", arguments=lambda number: (bytearray(b"abc"), memoryview(b"xyz")[1:]))
def bytes_and_views(shop: Any, planted: str) -> Path:
    def path(given: bytearray, view: memoryview) -> Any:
        given[0] = 0 if planted == "argument" else 1
        return bytes(view) + (b"!" if planted == "result" else b""), len(given)

    return path


@shape("result")
def weak_references(shop: Any, planted: str) -> Path:
    def path(number: int) -> Any:
        order = Order("a", number)
        known: weakref.WeakValueDictionary[str, Order] = weakref.WeakValueDictionary(a=order)
        reference = weakref.ref(order)
        return known["a"].amount + (1 if planted else 0), reference() is order

    return path


class Tree:
    """A child knows its parent by a weak reference."""

    def __init__(self, parent: Tree | None = None) -> None:
        self.parent = None if parent is None else weakref.ref(parent)
        self.children: list[Tree] = []
        self.size = 0


@declared_shape("result", "argument")
def weak_references_to_parents(migration: Migration, shop: Any, planted: str) -> Callable[[int], Any]:
    def path(twist: str) -> Path:
        def grow(tree: Tree) -> int:
            child = tree.children[0]
            assert child.parent is not None
            up = child.parent()
            assert up is not None
            up.size = 2 if twist == "argument" else 1
            return tree.size + (1 if twist == "result" else 0)

        return grow

    seam = migration.seam("s", legacy=path(""), candidate=path(planted))

    def call(number: int) -> Any:
        tree = Tree()
        tree.children.append(Tree(tree))
        return seam(tree)

    return call


class Lazy:
    """Answers every attribute, by what it holds."""

    def __init__(self, held: dict[str, Any]) -> None:
        self.__dict__["held"] = held

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["held"][name]
        except KeyError:
            raise AttributeError(name) from None

    def __setattr__(self, name: str, value: Any) -> None:
        self.__dict__["held"][name] = value


@shape("result", "argument", arguments=lambda number: (Lazy({"a": number}),))
def objects_that_answer_every_attribute(shop: Any, planted: str) -> Path:
    def path(lazy: Lazy) -> Any:
        lazy.b = 1 if planted != "argument" else 2
        return lazy.a + (1 if planted == "result" else 0), lazy if planted != "argument" else None

    return path


class Touchy:
    """Says no to every operator."""

    def __init__(self, value: int) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        raise TypeError("not comparable")

    def __bool__(self) -> bool:
        raise TypeError("neither true nor false")

    __hash__ = None  # type: ignore[assignment]


@shape("result", arguments=lambda number: (Touchy(number),))
def objects_that_refuse_operators(shop: Any, planted: str) -> Path:
    return lambda touchy: [touchy, Touchy(touchy.value + (1 if planted else 0))]


@shape("result")
def deep_nesting(shop: Any, planted: str) -> Path:
    def path(number: int) -> Any:
        made: Any = [1 if planted else 0]
        for _ in range(60):
            made = [made]
        return made

    return path


@shape("result", arguments=lambda number: ([Order("a", row) for row in range(300)],))
def large_lists(shop: Any, planted: str) -> Path:
    def path(rows: list[Order]) -> Any:
        return [replace(row, amount=row.amount * 2) for row in rows], sum(r.amount for r in rows) + bool(
            planted
        )

    return path


@shape("argument", "result", arguments=lambda number: (Order("a", number, [1]),))
def copies_made_by_the_path(shop: Any, planted: str) -> Path:
    def path(order: Order) -> Any:
        shallow, deep = copy(order), deepcopy(order)
        shallow.lines.append(2 if planted != "argument" else 3)
        deep.lines.append(4)
        return shallow, deep if planted != "result" else order

    return path


@shape("result", arguments=lambda number: ((rows := [number]), {"rows": rows}))
def parts_shared_by_arguments(shop: Any, planted: str) -> Path:
    def path(rows: list[int], given: dict[str, list[int]]) -> int:
        rows.append(1)
        return len(given["rows"]) + (1 if planted else 0)

    return path


@shape("result", arguments=lambda number: (Order, len, Order("a").__eq__))
def classes_and_functions_as_arguments(shop: Any, planted: str) -> Path:
    return lambda cls, size, same: (cls("a" if not planted else "b"), size("abc"), cls, size)
