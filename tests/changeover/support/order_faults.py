"""A parcel service on the foreign bus that stands every order of its messages, and ten that do not.

Each fault replaces one handler, and shows nothing in the usual order: legacy and candidate are alike there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from changeover import Case, EventContract, Migration, fresh
from tests.changeover.support.foreign_bus import Message, ScheduledBus, WatchedBus, describe


class Depot:
    """Where parcels and mails leave: the port."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, int]] = []
        self.mails: list[str] = []

    def price(self, order: str) -> int:
        return 10 * len(order)

    def send(self, order: str, pieces: int) -> None:
        self.sent.append((order, pieces))

    def mail(self, text: str) -> None:
        self.mails.append(text)


@dataclass
class State:
    """What the handlers of one order know."""

    price: int | None = None
    pieces: int | None = None
    sent: bool = False
    mailed: bool = False
    note: str = ""
    lines: list[str] = field(default_factory=list)
    switch: bool = False
    count: int = 0


Following = list[Message]


class Service:
    """What is placed is billed and packed, in any order; with both it is sent, then noted and mailed."""

    def __init__(self, depot: Depot, order: str) -> None:
        self.depot, self.order, self.state = depot, order, State()
        self.made: set[str] = set()

    def once(self, kind: str, cause: Message, **body: Any) -> Following:
        """A message is published once, under a name that says what it is."""
        if kind in self.made:
            return []
        self.made.add(kind)
        return [Message(kind, kind.lower(), cause.run, cause.id, body)]

    def bill(self, message: Message) -> Following:
        return self.once("Billed", message, price=self.depot.price(self.order))

    def pack(self, message: Message) -> Following:
        return self.once("Packed", message, pieces=len(self.order))

    def billed(self, message: Message) -> Following:
        self.state.price = message.body["price"]
        return self.send_if_ready(message)

    def packed(self, message: Message) -> Following:
        self.state.pieces = message.body["pieces"]
        return self.send_if_ready(message)

    def send_if_ready(self, message: Message) -> Following:
        if self.state.price is None or self.state.pieces is None:
            return []
        return self.once("Send", message, pieces=self.state.pieces)

    def send(self, message: Message) -> Following:
        if not self.state.sent:
            self.state.sent = True
            self.depot.send(self.order, message.body["pieces"])
        return self.once("Sent", message, note=f"{self.order} left")

    def note(self, message: Message) -> Following:
        self.state.note = message.body["note"]
        return []

    def mail(self, message: Message) -> Following:
        if not self.state.mailed:
            self.state.mailed = True
            self.depot.mail(message.body["note"])
        return []

    def answer(self) -> dict[str, Any]:
        return {"price": self.state.price, "pieces": self.state.pieces, "note": self.state.note}


class TrustsTheOrderOfSubscribers(Service):
    """The note is there when the mail is written, as its subscriber comes first."""

    def mail(self, message: Message) -> Following:
        if not self.state.mailed:
            self.state.mailed = True
            self.depot.mail(self.state.note)
        return []


class CompletesOnTheFirstOfTwo(Service):
    """The parcel is sent when it is packed: the bill always was there before."""

    def send_if_ready(self, message: Message) -> Following:
        return [] if self.state.pieces is None else self.once("Send", message, pieces=self.state.pieces)

    def answer(self) -> dict[str, Any]:
        return super().answer() | {"price": 0 if self.state.price is None else self.state.price}

    def send(self, message: Message) -> Following:
        if self.state.price is None:
            self.depot.mail("a bill is missing")
        return super().send(message)


class SendsAgain(Service):
    """A message comes once, so nobody asks whether the parcel has left."""

    def send(self, message: Message) -> Following:
        self.state.sent = False
        return super().send(message)


class MailsAgain(Service):
    """The same of the mail."""

    def mail(self, message: Message) -> Following:
        self.state.mailed = False
        return super().mail(message)


class CountsDeliveries(Service):
    """Pieces are added up."""

    def packed(self, message: Message) -> Following:
        self.state.count += message.body["pieces"]
        following = super().packed(message)
        self.state.pieces = self.state.count
        return following


class OverwritesTheOther(Service):
    """Who bills begins with a clean sheet."""

    def billed(self, message: Message) -> Following:
        self.state = State(note=self.state.note, sent=self.state.sent, mailed=self.state.mailed)
        return super().billed(message)


class KeepsTheOrderOfArrival(Service):
    """What has arrived is told in the answer, in the order in which it came."""

    def billed(self, message: Message) -> Following:
        self.state.lines.append("billed")
        return super().billed(message)

    def packed(self, message: Message) -> Following:
        self.state.lines.append("packed")
        return super().packed(message)

    def answer(self) -> dict[str, Any]:
        first = dict.fromkeys(self.state.lines)
        return super().answer() | {"note": self.state.note if [*first] == ["billed", "packed"] else "odd"}


class Toggles(Service):
    """A switch is turned, and turned back by a repeat."""

    def note(self, message: Message) -> Following:
        self.state.switch = not self.state.switch
        self.state.note = message.body["note"] if self.state.switch else ""
        return []


class PublishesAgain(Service):
    """A handler publishes whenever it is called, each time under another name."""

    def packed(self, message: Message) -> Following:
        self.state.pieces = message.body["pieces"]
        self.state.count += 1
        if self.state.price is None:
            return []
        return [
            Message(
                "Send", f"send-{self.state.count}", message.run, message.id, {"pieces": 1 * self.state.pieces}
            )
        ]

    def billed(self, message: Message) -> Following:
        self.state.price = message.body["price"]
        return [] if self.state.pieces is None else self.once("Send", message, pieces=self.state.pieces)


class DropsWhatComesEarly(Service):
    """What is packed before there is a bill is forgotten, and never asked for again."""

    def packed(self, message: Message) -> Following:
        return [] if self.state.price is None else super().packed(message)


FAULTS: tuple[type[Service], ...] = (
    TrustsTheOrderOfSubscribers,
    CompletesOnTheFirstOfTwo,
    SendsAgain,
    MailsAgain,
    CountsDeliveries,
    OverwritesTheOther,
    KeepsTheOrderOfArrival,
    Toggles,
    PublishesAgain,
    DropsWhatComesEarly,
)
CONTRACT = EventContract(start="Placed", once=["Billed", "Packed", "Send", "Sent"])


def legacy(depot: Depot, order: str) -> dict[str, Any]:
    price, pieces = depot.price(order), len(order)
    depot.send(order, pieces)
    depot.mail(f"{order} left")
    return {"price": price, "pieces": pieces, "note": f"{order} left"}


def by_messages(bus: Any, service: Service) -> dict[str, Any]:
    for kind, name, handle in (
        ("Placed", "bill", service.bill),
        ("Placed", "pack", service.pack),
        ("Billed", "billed", service.billed),
        ("Packed", "packed", service.packed),
        ("Send", "send", service.send),
        ("Sent", "note", service.note),
        ("Sent", "mail", service.mail),
    ):
        bus.on(kind, name, handle)
    bus.handle(Message("Placed", "placed", "one order", None, {"order": service.order}))
    return service.answer()


def depot_migration(
    make: Callable[[Depot, str], Service] = Service, *, asks: bool = True, migration: Migration | None = None
) -> Migration:
    """A seam `depot.ship` with a source of orders; `asks` says whether its bus asks for the order."""
    migration = migration or Migration(environment={}, refresh_s=0)
    depot = Depot()
    migration.port(
        "depot", depot, effects={"send": None, "mail": None}, reads=["price"], unaffected=["price"]
    )
    events = migration.bus("depot", describe=describe, contract=CONTRACT)

    def build(ports: Any) -> Callable[[str], dict[str, Any]]:
        def path(order: str) -> dict[str, Any]:
            bus = events.watch(ScheduledBus())
            if not asks:
                bus.__class__ = WatchedBus  # type: ignore[assignment]
            return by_messages(bus, make(ports.depot, order))

        return path

    def answering(order: str) -> dict[str, Any]:
        return legacy(depot, order)

    ship = migration.seam("depot.ship", legacy=answering, candidate=fresh(build))

    @migration.source("orders", population="generated")
    def orders(_options: object) -> Iterator[Case]:
        yield Case("lamp", lambda: ship("lamp"))

    return migration


def async_depot_migration(make: Callable[[Depot, str], Service] = Service) -> Migration:
    """The same in the other colour: both paths are coroutine functions, and a case has a loop of its own."""
    migration = Migration(environment={}, refresh_s=0)
    depot = Depot()
    migration.port(
        "depot", depot, effects={"send": None, "mail": None}, reads=["price"], unaffected=["price"]
    )
    events = migration.bus("depot", describe=describe, contract=CONTRACT)

    async def answering(order: str) -> dict[str, Any]:
        return legacy(depot, order)

    async def candidate(order: str) -> dict[str, Any]:
        await asyncio.sleep(0)
        return by_messages(events.watch(ScheduledBus()), make(depot, order))

    ship = migration.seam("depot.ship", legacy=answering, candidate=candidate)

    @migration.source("orders", population="generated")
    def orders(_options: object) -> Iterator[Case]:
        yield Case("lamp", lambda: asyncio.run(ship("lamp")))

    return migration
