"""An account that several processes work on: one asks for runs, the others handle their events.

All of them have the account and its journal open, on one machine. A transport carries the events.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

import structlog

from trading.broker.book import Opening
from trading.broker.ledger import Ledger as AccountLedger
from trading.broker.paper import PaperBroker
from trading.clock import SimulatedClock
from trading.composition import build_services
from trading.desk import Desk, UsageError, journal_path, moment_to_open_at
from trading.events.journal.claim import is_part_taken
from trading.events.journal.shared import Share, SharedJournal
from trading.events.relay.consumer import Consumer
from trading.events.relay.handler_bus import HandlerBus
from trading.events.relay.outbox import OutboxRelay
from trading.events.relay.remote_bus import RemoteBus
from trading.events.schema.catalogue import EVENTS
from trading.events.schema.versions import type_of
from trading.events.transport.address import Address
from trading.events.transport.opening import open_transport
from trading.events.transport.port import Topology, Transport, TransportLost
from trading.handlers.subscriptions import (
    GROUP_OF,
    HandlerGroup,
    Subscription,
    handlers_of,
    leftovers,
    names_of,
    subscriptions,
)
from trading.ids import RandomIds
from trading.market.calendar import session_date, session_time
from trading.market.history import PriceHistory
from trading.notify.port import Notifier
from trading.pairing import open_journal_of
from trading.run_guard import RunGuard
from trading.services import Services
from trading.settings import Settings

log = structlog.get_logger(__name__)

ASKING = Share(("run",))


@contextmanager
def open_shared_desk(
    settings: Settings,
    prices: PriceHistory,
    *,
    account: Path | None,
    now: datetime | None,
    notifier: Notifier,
    address: Address,
) -> Iterator[Desk]:
    """A desk whose runs are handled by other processes.

    Raises UsageError where no process handles for a group, or where the others are at a later day already.
    """
    if account is None:
        raise UsageError("an account in memory is seen by one process alone; name a file with --account")
    with ExitStack() as opened:
        ledger = _open_ledger(settings, account)
        clock = SimulatedClock(moment_to_open_at(ledger, now, prices, account))
        parts = _open(opened, settings, prices, account, ledger, clock, notifier, ASKING, address)
        _refuse_earlier(parts.journal, clock, account)
        _refuse_unhandled(account, address)
        _refuse_unreachable(parts.transport, address)
        bus = RemoteBus(
            clock=clock,
            ids=parts.services.ids,
            journal=parts.journal,
            relay=parts.relay,
            names_of=partial(names_of, subscribed=parts.subscribed),
            keep_time=parts.keep_time,
            look_after=Watch(account),
        )
        account_id, turn = settings.paper.account_id, parts.journal.turn
        guard = RunGuard(parts.journal, parts.broker, clock, account_id, turn=turn)
        yield Desk(settings, clock, parts.broker, parts.services, parts.journal, bus, guard)


@contextmanager
def open_handlers(
    settings: Settings,
    prices: PriceHistory,
    *,
    account: Path,
    notifier: Notifier,
    address: Address,
    groups: Sequence[HandlerGroup],
) -> Iterator[Consumer]:
    """What handles the events of these groups, for whoever asks; it has claimed nothing yet.

    Its clock begins with the account's last order, or with the prices, and follows the journal.
    """
    with ExitStack() as opened:
        ledger = _open_ledger(settings, account)
        clock = SimulatedClock(ledger.last_order_at() or session_time(prices.sessions[0]))
        share = Share(tuple(groups), handlers_of(frozenset(groups)))
        parts = _open(opened, settings, prices, account, ledger, clock, notifier, share, address)
        yield Consumer(
            bus=_handler_bus(settings, parts),
            journal=parts.journal,
            relay=parts.relay,
            transport=parts.transport,
            groups=groups,
            clock=clock,
        )


def topology_of(name: str, subscribed: tuple[Subscription, ...]) -> Topology:
    """Which group's handlers get which event types."""
    takers = {type_of(event): names_of(event, subscribed) for event in EVENTS}
    return Topology(
        name,
        {
            group: frozenset(
                event_type
                for event_type, names in takers.items()
                if any(GROUP_OF[name] is group for name in names)
            )
            for group in HandlerGroup
        },
    )


@dataclass(frozen=True)
class _Parts:
    """What a process of a shared account works with."""

    clock: SimulatedClock
    broker: PaperBroker
    services: Services
    subscribed: tuple[Subscription, ...]
    journal: SharedJournal
    transport: Transport
    relay: OutboxRelay

    def keep_time(self) -> None:
        """Follow the processes that are ahead: the newest event is the latest moment there is."""
        latest = self.journal.recorded_last()
        if latest is not None and latest > self.clock.now():
            self.clock.advance_to(latest)


def _open_ledger(settings: Settings, account: Path) -> AccountLedger:
    return AccountLedger.open(account, Opening(settings.paper.account_id, settings.paper.cash))


def _open(
    opened: ExitStack,
    settings: Settings,
    prices: PriceHistory,
    account: Path,
    ledger: AccountLedger,
    clock: SimulatedClock,
    notifier: Notifier,
    share: Share,
    address: Address,
) -> _Parts:
    """Open the rest; whatever is opened is closed with `opened`."""
    opened.callback(ledger.close)
    journal = open_journal_of(account, ledger, partial(SharedJournal, share=share))
    opened.callback(journal.close)
    broker, services = build_services(settings, prices, ledger, clock, RandomIds(), notifier)
    subscribed = subscriptions(services, settings)
    transport = open_transport(address, topology_of(f"trading.{journal.pair_id()}", subscribed))
    opened.callback(transport.close)
    return _Parts(clock, broker, services, subscribed, journal, transport, OutboxRelay(journal, transport))


def _handler_bus(settings: Settings, parts: _Parts) -> HandlerBus:
    bus = HandlerBus(
        clock=parts.clock,
        ids=parts.services.ids,
        journal=parts.journal,
        keep_time=parts.keep_time,
        takes_strangers=False,
    )
    for event_class, handle, name in parts.subscribed:
        bus.subscribe(event_class, handle, name=name)
    for event_class, handle, name in leftovers(parts.services, settings):
        bus.finish_leftovers(event_class, handle, name=name)
    return bus


def _refuse_earlier(journal: SharedJournal, clock: SimulatedClock, account: Path) -> None:
    """The time of handlers that are at work does not go back; on the same day it may be a little ahead."""
    latest = journal.recorded_last()
    if latest is None or latest <= clock.now():
        return
    if session_date(latest) != session_date(clock.now()):
        raise UsageError(
            f"{account}: its handlers have seen {session_date(latest)}, they cannot trade on "
            f"{session_date(clock.now())}; choose a later day or another --account"
        )
    clock.advance_to(latest)


def _unhandled(account: Path) -> list[str]:
    return [group.value for group in HandlerGroup if not is_part_taken(journal_path(account), group)]


def _refuse_unhandled(account: Path, address: Address) -> None:
    if idle := _unhandled(account):
        raise UsageError(
            f"TRADING_BUS={address.shown}: no process handles {', '.join(idle)} of {account}; start "
            f"`python -m trading run-handlers --account {account}`, or set TRADING_BUS=memory"
        )


def _refuse_unreachable(transport: Transport, address: Address) -> None:
    try:
        transport.check()
    except TransportLost as lost:
        raise UsageError(
            f"TRADING_BUS={address.shown}: the broker cannot be reached: {lost}; start it, or set "
            "TRADING_BUS=memory"
        ) from lost


class Watch:
    """Says so once where a group is handled by nobody while a run waits for it."""

    def __init__(self, account: Path) -> None:
        self._account = account
        self._told: list[str] = []

    def __call__(self) -> None:
        """Look again."""
        idle = _unhandled(self._account)
        if idle and idle != self._told:
            log.warning("waiting_for_handlers", account=str(self._account), groups=idle)
        self._told = idle
