"""Five shapes of real programs: each is wired without editing what may not be edited."""

import asyncio
import inspect
import re
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from types import ModuleType
from typing import Any

import pytest

from changeover import Migration, Run, fresh
from changeover.seam.declaration import SeamOptions
from changeover.wiring import MigrationOptions


def shadowing(*seams: str) -> tuple[Migration, list[Run]]:
    runs: list[Run] = []
    environment = {f"CHANGEOVER_STAGE_{seam.upper()}": "shadow" for seam in seams}
    return Migration(environment=environment, sink=runs.append), runs


def test_a_class_of_methods_that_may_not_be_edited() -> None:
    class Store:
        def __init__(self) -> None:
            self.rows: list[str] = []

        def insert(self, row: str) -> int:
            self.rows.append(row)
            return len(self.rows)

    class Vendor:
        def __init__(self, store: Store) -> None:
            self.store = store

        def book(self, what: str) -> int:
            return self.store.insert(what.upper())

        @classmethod
        def label(cls, what: str) -> str:
            return f"{cls.__name__} {what}"

        @staticmethod
        def double(number: int) -> int:
            return 2 * number

    store = Store()
    made_before = Vendor(store)
    migration, runs = shadowing("book", "label", "double")
    migration.port("store", Store, effects={"insert": lambda row: row})
    migration.wrap(Vendor, "book", name="book", candidate=lambda self, what: self.store.insert(what.title()))
    migration.wrap(Vendor, "label", name="label", candidate=lambda cls, what: f"{cls.__name__} {what}")
    migration.wrap(Vendor, "double", name="double", candidate=lambda number: number + number)
    assert made_before.book("lot") == 1
    assert Vendor.label("x") == "Vendor x"
    assert Vendor.double(4) == made_before.double(4) == 8
    assert store.rows == ["LOT"]
    assert [run.verdict for run in runs] == ["unsafe", "match", "match", "match"]
    assert {str(found.kind) for found in runs[0].divergences} >= {"effect-extra", "effect-missing"}


@pytest.fixture
def client_module() -> Any:
    module = ModuleType("fake_client")
    source = """
sent = []
def fetch(symbol):
    return len(symbol)
def send(symbol, quantity):
    sent.append((symbol, quantity))
    return "ok"
"""
    exec(source, module.__dict__)  # noqa: S102  a module of its own, as a user's program has
    sys.modules["fake_client"] = module
    yield module
    del sys.modules["fake_client"]


def test_a_module_level_client_used_from_a_warm_thread_pool(client_module: Any) -> None:
    fetch_imported_by_name = client_module.fetch
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda n: threading.current_thread().name, range(8)))  # warm
        migration, runs = shadowing("work")
        migration.port(
            "client", client_module, reads={"fetch"}, effects={"send": lambda symbol, quantity: symbol}
        )
        assert client_module.fetch is not fetch_imported_by_name

        def path(extra: int) -> Callable[[list[str]], list[str]]:
            def work(symbols: list[str]) -> list[str]:
                def one(symbol: str) -> str:
                    answer: str = client_module.send(symbol, client_module.fetch(symbol) + extra)
                    return answer

                return list(pool.map(one, symbols))

            return work

        seam = migration.seam("work", legacy=path(0), candidate=path(1))
        assert seam(["SPY", "GLDM"]) == ["ok", "ok"]
    assert sorted(client_module.sent) == [("GLDM", 4), ("SPY", 3)]
    assert runs[0].verdict == "unsafe"
    assert {found.place for found in runs[0].divergences} == {
        "effects.client.send[SPY].quantity",
        "effects.client.send[GLDM].quantity",
    }


def test_an_async_endpoint_with_a_sync_candidate() -> None:
    class Api:
        async def balance(self, account: str) -> Decimal:
            await asyncio.sleep(0)
            return Decimal("10.50")

        def rate(self) -> Decimal:
            return Decimal(2)

    api = Api()
    migration, runs = shadowing("endpoint")
    migration.port("api", api, reads={"balance", "rate"})

    async def endpoint(account: str) -> dict[str, Decimal]:
        balance, _ = await asyncio.gather(api.balance(account), asyncio.sleep(0))
        return {"total": balance * api.rate()}

    def candidate(account: str) -> dict[str, Decimal]:
        return {"total": asyncio.run(api.balance(account)) * api.rate()}

    seam = migration.seam("endpoint", legacy=endpoint, candidate=candidate)
    assert asyncio.run(seam("a")) == {"total": Decimal("21.00")}
    assert runs[0].verdict == "match"


def test_a_candidate_that_publishes_on_a_bus_and_answers_by_an_event() -> None:
    class Broker:
        def __init__(self) -> None:
            self.orders: list[str] = []

        def submit(self, symbol: str) -> str:
            self.orders.append(symbol)
            return f"order {symbol}"

    class Bus:
        def __init__(self) -> None:
            self.handlers: dict[str, Callable[[Any], None]] = {}
            self.published: list[str] = []

        def publish(self, name: str, event: Any) -> None:
            self.published.append(name)
            self.handlers[name](event)

    buses: list[Bus] = []

    def build(ports: Any) -> Callable[[str], str]:
        bus = Bus()
        buses.append(bus)
        answers: list[str] = []
        bus.handlers["requested"] = lambda symbol: bus.publish("placed", ports.broker.submit(symbol))
        bus.handlers["placed"] = answers.append

        def path(symbol: str) -> str:
            bus.publish("requested", symbol)
            return answers.pop()

        return path

    broker = Broker()
    migration, runs = shadowing("order")
    migration.port("broker", broker, effects={"submit": lambda symbol: symbol})
    seam = migration.seam("order", legacy=lambda symbol: broker.submit(symbol), candidate=fresh(build))
    assert [seam("SPY"), seam("TLT")] == ["order SPY", "order TLT"]
    assert broker.orders == ["SPY", "TLT"]
    assert [run.verdict for run in runs] == ["match", "match"]
    assert [bus.published for bus in buses] == [["requested", "placed"]] * 2


def test_legacy_that_returns_plain_dictionaries_against_typed_values() -> None:
    class Side(Enum):
        BUY = "BUY"

    @dataclass(frozen=True)
    class Plan:
        day: date
        side: Side
        amount: Decimal

    migration, runs = shadowing("plan")
    seam = migration.seam(
        "plan",
        legacy=lambda day: {"day": day, "side": Side.BUY, "amount": Decimal("1.0")},
        candidate=lambda day: Plan(day, Side.BUY, Decimal("1.00")),
    )
    seam(date(2020, 1, 2))
    assert runs[0].verdict == "match"
    migration.seam("other", legacy=lambda: 1)


@pytest.mark.parametrize(
    "door",
    [
        Migration,
        Migration.load,
        Migration.port,
        Migration.seam,
        Migration.wrap,
        Migration.invariant,
        Migration.source,
    ],
    ids=lambda door: door.__name__,
)
def test_the_front_door_tells_what_every_argument_is(door: Callable[..., Any]) -> None:
    text = inspect.getdoc(door) or ""
    named = [name for name in inspect.signature(door).parameters if name != "self"]
    assert [name for name in named if not re.search(rf"^    {name}: ", text, re.MULTILINE)] == []
    assert "\nExample:\n" in text


@pytest.mark.parametrize(("door", "options"), [(Migration, MigrationOptions), (Migration.seam, SeamOptions)])
def test_the_front_door_tells_what_every_option_is(door: Callable[..., Any], options: type) -> None:
    text = inspect.getdoc(door) or ""
    assert [name for name in options.__annotations__ if f"\n    {name}: " not in text] == []


def test_an_option_that_there_is_not_is_refused_by_its_name() -> None:
    options: Any = {"smaple": 0.1}
    with pytest.raises(TypeError, match='did you mean "sample"'):
        Migration(**options)
    with pytest.raises(TypeError, match='did you mean "sample"'):
        Migration().seam("s", legacy=len, **options)
    with pytest.raises(TypeError, match='did you mean "sample"'):
        Migration().wrap(dict, "get", candidate=len, **options)
