"""The buses that a migration declares: what happens on them is a part of the run under way."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from changeover.errors import DeclarationError, did_you_mean
from changeover.record.context import current_session
from changeover.record.loaded_module import LoadedModule, module_loaded_here
from changeover.record.option_check import check_answers, shown
from changeover.record.port import PortBook
from changeover.values.copy_time import CopyTime
from changeover.values.copying import snapshot
from changeover.values.event import BusEvent, EventPoint, EventStep
from changeover.values.event_contract import Carries, EventContract

Describe = Callable[[Any], BusEvent]
Waiting = tuple[Any, str]
"""An event as the bus has it, and the name of a handler that it waits for."""


class Turn(Protocol):
    """What a bus is to do at one turn."""

    @property
    def place(self) -> int:
        """Which of those that wait is delivered."""

    @property
    def twice(self) -> bool:
        """Whether it comes once more, as from a transport that repeats itself."""

    @property
    def restart(self) -> bool:
        """Whether the bus restarts, and asks again, in place of a delivery."""


class Watcher(Protocol):
    """Is told by a bus what happens on it, at once and in that order; the bus goes on as it would."""

    def published(self, event: Any) -> None:
        """The event is on the bus: it will be delivered, now or later."""

    def delivered(self, event: Any, handler: str, *, again: bool = False) -> None:
        """A handler is about to be called; `again`: on purpose, after an earlier attempt at this event.

        The name is that of the subscription, which no other one of this bus has.
        """

    def handled(self, event: Any, handler: str, error: BaseException | None = None) -> None:
        """That handler has ended, or raised."""

    @property
    def schedules(self) -> bool:
        """Whether the bus is to ask before each delivery; so while `changeover explore` replays, else never.

        A bus that does not ask cannot be explored, and needs none of this.
        """

    def turn(self, waiting: Sequence[Waiting], *, can_restart: bool = False) -> Turn:
        """What is next of all that waits, in the order in which the bus would deliver it.

        `can_restart` says that the bus can forget what it has in memory, and go on from what it has kept.
        """


class WatchedBus(Protocol):
    """What a bus has to have, or a few lines around one that is not yours."""

    def watch(self, watcher: Watcher) -> None:
        """Tell the watcher what happens from now on; asking again for the same one changes nothing."""


B = TypeVar("B", bound=WatchedBus)


class DeclaredBus:
    """A bus of a migration, which may be several objects: one for every replay, say. It is their watcher."""

    def __init__(
        self,
        name: str,
        book: PortBook,
        describe: Describe | None,
        contract: EventContract | None,
        both: frozenset[str],
    ) -> None:
        self.name = name
        self.contract = contract
        self.both = both
        self._book = book
        self._describe = describe
        self.loaded: LoadedModule | None = None

    def watch(self, bus: B) -> B:
        """Watch an object that is this bus, also one that was made a moment ago for one replay alone.

        Returns:
            The same object.

        Raises:
            DeclarationError: it has no method `watch`.
        """
        watch = getattr(bus, "watch", None)
        if not callable(watch):
            problem = (
                f"{shown(bus)} has no method watch(watcher): give one to the bus, or an adapter that has"
            )
            raise DeclarationError(f'bus "{self.name}"', problem)
        watch(self)
        return bus

    def published(self, event: Any) -> None:
        """As `Watcher` says."""
        session = current_session()
        if session is not None:
            session.happened(self, EventPoint.PUBLISHED, event, None, False)

    def delivered(self, event: Any, handler: str, *, again: bool = False) -> None:
        """As `Watcher` says."""
        session = current_session()
        if session is not None:
            session.happened(self, EventPoint.DELIVERED, event, handler, again)

    def handled(self, event: Any, handler: str, error: BaseException | None = None) -> None:
        """As `Watcher` says."""
        session = current_session()
        if session is not None:
            point = EventPoint.HANDLED if error is None else EventPoint.FAILED
            session.happened(self, point, event, handler, False)

    @property
    def schedules(self) -> bool:
        """As `Watcher` says."""
        session: Any = current_session()
        scheduler = None if session is None else getattr(session, "scheduler", None)
        return scheduler is not None and self._book is session.book

    def turn(self, waiting: Sequence[Waiting], *, can_restart: bool = False) -> Turn:
        """As `Watcher` says."""
        session: Any = current_session()

        def names(index: int) -> tuple[str, str]:
            event, handler = waiting[index]
            return self._read(event).type, handler

        turn: Turn = session.scheduler.turn(len(waiting), can_restart=can_restart, names=names)
        return turn

    def step(
        self, point: EventPoint, event: Any, handler: str | None, again: bool, time_left: CopyTime | None
    ) -> EventStep:
        """What happened, with a copy of the content; raises what reading and copying the event raises."""
        seen = self._read(event)
        content = None
        if point is EventPoint.PUBLISHED:
            content = snapshot(seen.content, by_reference=self._book.holds, time_left=time_left)
        return EventStep(
            point,
            self.name,
            str(seen.id),
            str(seen.type),
            0,
            None if seen.correlation_id is None else str(seen.correlation_id),
            None if seen.causation_id is None else str(seen.causation_id),
            handler,
            content,
            again,
            seen.type in self.both,
        )

    def _read(self, event: Any) -> BusEvent:
        seen = event if self._describe is None else self._describe(event)
        if not isinstance(seen, BusEvent):
            way = "give describe=, which makes one of it" if self._describe is None else "describe= gave it"
            raise TypeError(f"{shown(seen)} is no BusEvent: {way}")
        return seen


class WithBuses:
    """A migration that has buses: those in `book`."""

    book: PortBook

    def bus(
        self,
        name: str,
        bus: WatchedBus | None = None,
        *,
        describe: Describe | None = None,
        contract: EventContract | None = None,
        both: Collection[str] = (),
    ) -> DeclaredBus:
        """Declare a bus: its events are a part of what a path leaves behind, in order.

        They are listed by `explain`, seen by invariants, and held against a contract. Outside of runs, and on
        buses that nobody declared, nothing is kept.

        Args:
            name: of the bus, unique in the migration.
            bus: what is watched from now on; None where every object is given to `watch` when it is made.
            describe: what an event of this bus is; not needed where the bus tells of `BusEvent`s.
            contract: what must hold of the events of the candidate. Legacy is never held against it.
            both: types that both paths publish: compared by type, order and content, as effects are.

        Returns:
            The declaration; its `watch(bus)` takes further objects that are this bus.

        Raises:
            DeclarationError: the name is taken, or one of the others is not what it is to be.

        Example:
            contract = EventContract(start="OrderPlaced", end=["OrderShipped"])
            events = migration.bus("orders", contract=contract)
            bus = events.watch(build_bus())
        """
        if not isinstance(name, str) or not name:
            raise DeclarationError("bus", f"name was {shown(name)}, allowed: a text")
        place = f'bus "{name}"'
        loaded, before = module_loaded_here(), self.book.buses.get(name)
        if before is not None and not loaded.is_again(before.loaded):
            raise DeclarationError(place, "is declared twice")
        if describe is not None:
            check_answers(place, "describe", describe, "a function of an event")
        if contract is not None:
            _check_contract(place, contract)
        types = frozenset(_texts(place, "both", both))
        declared = DeclaredBus(name, self.book, describe, contract, types)
        declared.loaded = loaded
        if bus is not None:
            declared.watch(bus)
        self.book.buses[name] = declared
        return declared


def _texts(place: str, name: str, given: Any) -> list[str]:
    """The types that are named; a single text is no collection of them."""
    if isinstance(given, str) or not isinstance(given, Collection) or not all(_is_name(one) for one in given):
        raise DeclarationError(place, f"{name} was {shown(given)}, allowed: a list of types of events")
    return list(given)


def _is_name(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _check_contract(place: str, contract: Any) -> None:
    if not isinstance(contract, EventContract):
        raise DeclarationError(place, f"contract was {shown(contract)}, allowed: EventContract(...)")
    named = [] if contract.start is None else _texts(place, "contract.start", [contract.start])
    for name in ("end", "once", "excuses", "after_end"):
        named += _texts(place, f"contract.{name}", getattr(contract, name))
    for pair in contract.before:
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise DeclarationError(place, f"contract.before has {shown(pair)}, allowed: pairs of types")
        named += _texts(place, "contract.before", pair)
    if not isinstance(contract.answers, Mapping):
        problem = (
            f"contract.answers was {shown(contract.answers)}, allowed: types of answers by those of requests"
        )
        raise DeclarationError(place, problem)
    for pair in contract.answers.items():
        named += _texts(place, "contract.answers", pair)
    for one in contract.carries:
        if not isinstance(one, Carries):
            raise DeclarationError(place, f"contract.carries has {shown(one)}, allowed: Carries(...)")
        named += _texts(place, "contract.carries", [one.source, one.follower])
        _texts(place, "fields of contract.carries", [part for pair in one.pairs for part in pair])
    if contract.types is None:
        return
    known = _texts(place, "contract.types", contract.types)
    for name in named:
        if name not in known:
            meant = did_you_mean(name, known)
            raise DeclarationError(
                place,
                f"contract names the type {name!r}, which types has not{meant} allowed: {', '.join(known)}",
            )
