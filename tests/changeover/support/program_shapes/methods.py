"""Shapes of functions and methods: objects with a state, decorators, caches, properties, callbacks."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, cached_property, lru_cache, partial, partialmethod, singledispatchmethod, wraps
from typing import Any

from changeover import Migration
from tests.changeover.support.program_shapes.shape import Path, declared_shape, shape


def by_wrap(migration: Migration, cls: type, candidate: Path, method: str = "answer") -> None:
    """The method of a class as the seam."""
    migration.wrap(cls, method, candidate=candidate, name="s")


@declared_shape("result", "object", "effect")
def method_that_changes_its_object(migration: Migration, shop: Any, planted: str) -> Callable[[int], Any]:
    class Account:
        def __init__(self) -> None:
            self.balance, self.history = 100, list[int]()

        def answer(self, amount: int) -> int:
            return deposit(self, amount, "")

    def deposit(self: Account, amount: int, twist: str) -> int:
        self.balance += amount
        self.history.append(amount + (1 if twist == "object" else 0))
        shop.send(amount + (1 if twist == "effect" else 0))
        return self.balance + (1 if twist == "result" else 0)

    by_wrap(migration, Account, lambda self, amount: deposit(self, amount, planted))
    account = Account()
    return account.answer


@declared_shape("result", "object")
def dictionary_as_a_cache(migration: Migration, shop: Any, planted: str) -> Callable[[int], Any]:
    class Prices:
        def __init__(self) -> None:
            self.known: dict[str, int] = {}

        def answer(self, name: str) -> int:
            return of(self, name, "")

    def of(self: Prices, name: str, twist: str) -> int:
        if name not in self.known:
            self.known[name] = shop.price(name) + (1 if twist == "object" else 0)
        return self.known[name] + (1 if twist == "result" else 0)

    by_wrap(migration, Prices, lambda self, name: of(self, name, planted))
    prices = Prices()
    return lambda number: prices.answer("x" * (number if planted else number % 3))


@declared_shape("result")
def property_cached_on_the_object(migration: Migration, shop: Any, planted: str) -> Callable[[int], Any]:
    class Basket:
        def __init__(self, names: list[str]) -> None:
            self.names = names

        @cached_property
        def total(self) -> int:
            return sum(shop.price(name) for name in self.names)

        def answer(self, number: int) -> int:
            return self.total + number

    by_wrap(migration, Basket, lambda self, number: int(self.total) + number + (1 if planted else 0))
    basket = Basket(["a", "bb"])
    return lambda number: (basket if number % 2 else Basket(["c"])).answer(number)


@declared_shape("result", "effect")
def static_method(migration: Migration, shop: Any, planted: str) -> Callable[[int], Any]:
    class Math:
        @staticmethod
        def answer(number: int) -> str:
            shop.send(number)
            return f"{number}"

    def candidate(number: int) -> str:
        shop.send(-number - 1 if planted == "effect" else number)
        return f"{number}{planted if planted == 'result' else ''}"

    by_wrap(migration, Math, candidate)
    return lambda number: Math.answer(number)


@declared_shape("result")
def class_method(migration: Migration, shop: Any, planted: str) -> Callable[[int], Any]:
    class Named:
        label = "named"

        @classmethod
        def answer(cls, number: int) -> str:
            return f"{cls.label} {shop.price('x')} {number}"

    class Other(Named):
        label = "other"

    by_wrap(migration, Named, lambda cls, number: f"{cls.label} {shop.price('x')} {number}{planted}")
    return lambda number: (Named, Other)[number % 2].answer(number)


@declared_shape("result")
def property_as_a_seam(migration: Migration, shop: Any, planted: str) -> Callable[[int], Any]:
    class Cart:
        def __init__(self, number: int) -> None:
            self.number = number

        @property
        def answer(self) -> int:
            return self.number + int(shop.price("x"))

    by_wrap(migration, Cart, lambda self: self.number + shop.price("x") + (1 if planted else 0))
    return lambda number: Cart(number).answer


@declared_shape("effect")
def property_that_calls_a_seam(migration: Migration, shop: Any, planted: str) -> Callable[[int], Any]:
    def path(twist: str) -> Path:
        def sell(number: int) -> None:
            shop.send(f"{number}{twist}")

        return sell

    seam = migration.seam("s", legacy=path(""), candidate=path(planted))

    class Desk:
        number = 0

        @property
        def sold(self) -> int:
            seam(self.number)
            return self.number

    def call(number: int) -> int:
        desk = Desk()
        desk.number = number
        return desk.sold

    return call


@declared_shape("object")
def object_with_slots(migration: Migration, shop: Any, planted: str) -> Callable[[int], Any]:
    class Base:
        __slots__ = ("total",)

        def __init__(self) -> None:
            self.total = 0

    class Counter(Base):
        __slots__ = ("__secret",)

        def answer(self, number: int) -> None:
            self.add(number)

        def add(self, number: int) -> None:
            self.total += number
            self.__secret = self.total

    by_wrap(migration, Counter, lambda self, number: self.add(number + (1 if planted else 0)))
    return Counter().answer


@declared_shape("object", "result")
def parent_and_child_cycle(migration: Migration, shop: Any, planted: str) -> Callable[[int], Any]:
    class Node:
        def __init__(self, parent: Node | None = None) -> None:
            self.parent, self.children, self.mark = parent, list[Node](), 0

        def answer(self, number: int) -> Node:
            return grow(self, number, "")

    def grow(self: Node, number: int, twist: str) -> Node:
        child = Node(self)
        child.mark = number + (1 if twist == "result" else 0)
        self.children = [child]
        self.mark = number + (1 if twist == "object" else 0)
        return child

    by_wrap(migration, Node, lambda self, number: grow(self, number, planted))
    return Node().answer


@declared_shape("result")
def port_kept_on_the_object(migration: Migration, shop: Any, planted: str) -> Callable[[int], Any]:
    class Service:
        def __init__(self, shop: Any) -> None:
            self.shop, self.calls = shop, 0

        def answer(self, number: int) -> int:
            self.calls += 1
            return int(self.shop.price("x")) + number

    def candidate(self: Service, number: int) -> int:
        self.calls += 1
        return int(self.shop.price("x")) + number + (1 if planted else 0)

    by_wrap(migration, Service, candidate)
    return Service(shop).answer


@declared_shape("object")
def class_attribute_counter(migration: Migration, shop: Any, planted: str) -> Callable[[int], Any]:
    class Order:
        made = 0

        def answer(self, number: int) -> None:
            self.made += number

    def candidate(self: Order, number: int) -> None:
        self.made += number + (1 if planted else 0)

    by_wrap(migration, Order, candidate)
    return lambda number: Order().answer(number)


@shape("result", "effect")
def decorators_with_a_state(shop: Any, planted: str) -> Path:
    def counted(function: Path) -> Any:
        @wraps(function)
        def counting(*args: Any, **kwargs: Any) -> Any:
            counting.calls += 1  # type: ignore[attr-defined]
            return function(*args, **kwargs)

        counting.calls = 0  # type: ignore[attr-defined]
        return counting

    @counted
    def path(number: int) -> str:
        shop.send(f"{number}{planted if planted == 'effect' else ''}")
        return f"{number}{planted if planted == 'result' else ''}"

    return path  # type: ignore[no-any-return]


@declared_shape("object")
def class_decorator(migration: Migration, shop: Any, planted: str) -> Callable[[int], Any]:
    def audited(cls: Any) -> Any:
        before = cls.__init__

        def __init__(self: Any, *args: Any) -> None:  # noqa: N807
            self.audit = []
            before(self, *args)

        cls.__init__ = __init__
        return cls

    @audited
    class Desk:
        audit: list[int]

        def answer(self, number: int) -> None:
            self.audit.append(number)

    by_wrap(migration, Desk, lambda self, number: self.audit.append(number + (1 if planted else 0)))
    return lambda number: Desk().answer(number)


@shape("result", arguments=lambda number: (partial(max, number), number))
def partials_as_arguments(shop: Any, planted: str) -> Path:
    def path(largest: Any, number: int) -> Any:
        return largest(3 if not planted else 999), largest.func, partial(min, number)

    return path


@declared_shape("result")
def method_made_by_partial(migration: Migration, shop: Any, planted: str) -> Callable[[int], Any]:
    class Desk:
        def __init__(self) -> None:
            self.done = 0

        def answer(self, number: int) -> str:
            self.done += 1
            return self._do(number)

        def work(self, kind: str, number: int) -> str:
            return f"{kind} {number} {shop.price(kind)}"

        _do = partialmethod(work, "plain")

    def candidate(self: Desk, number: int) -> str:
        self.done += 1
        return self._do(number) + planted

    by_wrap(migration, Desk, candidate)
    return Desk().answer


@declared_shape("result")
def dispatch_by_type(migration: Migration, shop: Any, planted: str) -> Callable[[int], Any]:
    class Show:
        @singledispatchmethod
        def show(self, value: Any) -> str:
            return f"value {value}"

        @show.register
        def _(self, value: int) -> str:
            return f"number {value}"

        def answer(self, number: int) -> str:
            return self.show(number) + self.show(str(number))

    by_wrap(migration, Show, lambda self, number: self.show(number) + self.show(f"{number}{planted}"))
    return Show().answer


@shape("result")
def lru_cache_of_pure_code(shop: Any, planted: str) -> Path:
    @lru_cache(maxsize=8)
    def fibonacci(number: int) -> int:
        return number if number < 2 else fibonacci(number - 1) + fibonacci(number - 2)

    return lambda number: fibonacci(number % 20) + (1 if planted else 0)


@cache
def shared_rate(name: str) -> int:
    """A cache that both paths use."""
    return len(name)


@shape("result")
def cache_that_both_paths_share(shop: Any, planted: str) -> Path:
    return lambda number: (shared_rate("x" * (number % 5)), shop.price("x"), planted)


@shape("result")
def cache_of_reads_that_both_paths_share(shop: Any, planted: str) -> Path:
    known = shop.__dict__.setdefault("known", {})

    def path(number: int) -> int:
        if planted or number not in known:
            known[number] = shop.price("x" * number)
        return int(known[number]) + (1 if planted else 0)

    return path


@shape("argument", "result", arguments=lambda number: ({"total": number}, [3, 1, number]))
def out_parameters(shop: Any, planted: str) -> Path:
    def path(order: dict[str, Any], rows: list[int]) -> int:
        rows.sort()
        order["total"] += shop.price("x") + (1 if planted == "argument" else 0)
        return len(rows) + (1 if planted == "result" else 0)

    return path


@declared_shape("argument")
def callback_of_the_caller(migration: Migration, shop: Any, planted: str) -> Callable[[int], Any]:
    def path(twist: str) -> Path:
        def each(number: int, rows: list[int], tell: Path) -> None:
            for row in (number, number + 1):
                tell(rows, row + (1 if twist else 0))

        return each

    seam = migration.seam("s", legacy=path(""), candidate=path(planted))
    return lambda number: seam(number, [], list.append)


@declared_shape("result")
def callback_that_keeps_what_it_hears(migration: Migration, shop: Any, planted: str) -> Callable[[int], Any]:
    def path(twist: str) -> Path:
        return lambda number, tell: tell(number) + (1 if twist else 0)

    seam = migration.seam("s", legacy=path(""), candidate=path(planted))
    return lambda number: seam(number, lambda value: value * 2)
