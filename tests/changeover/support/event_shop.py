"""A shop whose candidate ships orders by messages; faults are planted by name."""

from __future__ import annotations

from typing import Any

from changeover import Carries, EventContract, Migration, Run, fresh
from changeover.record.declared_buses import DeclaredBus
from tests.changeover.support.foreign_bus import AsyncBus, Message, WatchedBus, describe

CONTRACT = EventContract(
    start="Placed",
    end=["Shipped"],
    once=["Charge", "Charged"],
    before=[("Charge", "Charged")],
    answers={"Charge": "Charged"},
    excuses=["Refused"],
    after_end=["Refused"],
    carries=[Carries("Placed", "Charge", ["sum"]), Carries("Charge", "Charged", {"sum": "paid.sum"})],
    types=["Placed", "Charge", "Charged", "Shipped", "Refused", "Announced"],
)


class Carrier:
    """Where parcels go: the port."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    def price(self, order: str) -> int:
        return 10 * len(order)

    def send(self, order: str) -> None:
        self.sent.append(order)


class Handlers:
    """The handlers of one run; `fault` is what one of them does wrong."""

    def __init__(self, carrier: Carrier, fault: str = "") -> None:
        self.carrier, self.fault, self.made = carrier, fault, 0

    def message(self, kind: str, cause: Message, **body: Any) -> Message:
        self.made += 1
        return Message(kind, f"m{self.made}", cause.run, cause.id, body)

    def placed(self, message: Message) -> list[Message]:
        price = self.carrier.price(message.body["order"])
        charge = self.message(
            "Charge", message, order=message.body["order"], sum=message.body["sum"] or price
        )
        match self.fault:
            case "field lost":
                charge.body["sum"] = None
            case "field left out":
                del charge.body["sum"]
            case "no cause":
                charge.cause = None
            case "unknown cause":
                charge.cause = "m99"
            case "unknown type":
                return [charge, self.message("Surprise", message)]
            case "answer before question":
                early = self.message("Charged", message, order=message.body["order"], paid={"sum": 1})
                return [early, charge]
            case "end before answer":
                return [charge, self.message("Shipped", message, order=message.body["order"])]
        return [charge]

    def charge(self, message: Message) -> list[Message]:
        if self.fault == "swallowed":
            return []
        paid = {"sum": message.body.get("sum")}
        charged = self.message("Charged", message, order=message.body["order"], paid=paid)
        if self.fault == "wrong run":
            charged.run = "another"
        if self.fault == "a run of its own":
            charged.run, charged.cause = "another", None
        again = self.message("Charged", message, order=message.body["order"], paid=dict(paid))
        return [charged, again] if self.fault == "twice" else [charged]

    def charged(self, message: Message) -> list[Message]:
        if self.fault == "twice" and message.id != "m2":
            return []
        if self.fault == "no end":
            return []
        shipped = self.message("Shipped", message, order=message.body["order"])
        late = self.message("Announced", message)
        return [shipped, late] if self.fault == "after the end" else [shipped]

    def shipped(self, message: Message) -> list[Message]:
        if self.fault != "end before answer" or not self.carrier.sent:
            self.carrier.send(message.body["order"])
        return []


def run_by_messages(bus: Any, handlers: Handlers, order: str) -> str:
    """Ship one order."""
    for kind, handle in (
        ("Placed", handlers.placed),
        ("Charge", handlers.charge),
        ("Charged", handlers.charged),
        ("Shipped", handlers.shipped),
    ):
        bus.on(kind, f"shop.{kind.lower()}", handle)
    if handlers.fault == "delivered twice":
        charge = handlers.charge
        bus.on("Charge", "shop.charge", lambda message: charge(message)[:0])
    bus.handle(Message("Placed", "m0", f"run of {order}", None, {"order": order, "sum": 5}))
    return f"shipped {order}"


def ship(carrier: Carrier, order: str) -> str:
    """As legacy does."""
    carrier.price(order)
    carrier.send(order)
    return f"shipped {order}"


def shop(stage: str, fault: str = "", **options: Any) -> tuple[Any, list[Run], Migration]:
    """A seam `ship` at a stage, the runs of it, and its migration; its bus is built anew for every run."""
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_SHIP": stage}, sink=runs.append, refresh_s=0)
    carrier = Carrier()
    migration.port("carrier", carrier, effects={"send": str}, reads=["price"])
    events = declare(migration, **options)

    def build(ports: Any) -> Any:
        def path(order: str) -> str:
            return run_by_messages(events.watch(WatchedBus()), Handlers(ports.carrier, fault), order)

        return path

    def legacy(order: str) -> str:
        return ship(carrier, order)

    made = migration.seam("ship", legacy=legacy, candidate=fresh(build))
    return made, runs, migration


def declare(migration: Migration, **options: Any) -> DeclaredBus:
    return migration.bus("shop", **{"describe": describe, "contract": CONTRACT, **options})


def async_shop(stage: str) -> tuple[Any, list[Run]]:
    """The same seam in the other colour: two handlers of one message are awaited together."""
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_SHIP": stage}, sink=runs.append, refresh_s=0)
    carrier = Carrier()
    migration.port("carrier", carrier, effects={"send": str}, reads=["price"])
    events = declare(migration)

    async def legacy(order: str) -> str:
        return ship(carrier, order)

    async def candidate(order: str) -> str:
        bus, handlers = AsyncBus(), Handlers(carrier)
        events.watch(bus)

        def awaited(handle: Any) -> Any:
            async def handled(message: Message) -> list[Message]:
                following: list[Message] = handle(message)
                return following

            return handled

        async def looks_on(message: Message) -> list[Message]:
            return []

        for kind, handle in (
            ("Placed", handlers.placed),
            ("Charge", handlers.charge),
            ("Charged", handlers.charged),
            ("Shipped", handlers.shipped),
        ):
            bus.on(kind, f"shop.{kind.lower()}", awaited(handle))
            bus.on(kind, f"log.{kind.lower()}", looks_on)
        await bus.handle(Message("Placed", "m0", f"run of {order}", None, {"order": order, "sum": 5}))
        return f"shipped {order}"

    return migration.seam("ship", legacy=legacy, candidate=candidate), runs
