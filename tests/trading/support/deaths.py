"""Processes that end in the middle of a trading run, and what the next one finds and makes of it.

An account of made-up prices trades one session in peace; the next one is interrupted at a given commit of its
journal or call of its broker, before or after it is done. Ending is an exception that nothing catches, or a
signal that nothing can.
"""

import shutil
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from tests.trading.support.desks import front_door, made_prices, weekdays
from tests.trading.support.fakes import BrokerThrough, Interrupted
from trading.broker.book import Opening
from trading.broker.ledger import Ledger
from trading.broker.port import Broker
from trading.clock import SimulatedClock
from trading.composition import TradingPath, build_bus, build_services, open_desk
from trading.desk import Desk, moment_to_open_at
from trading.domain.audit import audit
from trading.events.journal.records import Outgoing, Settlement, WorkflowRecord
from trading.events.journal.sqlite import SqliteJournal
from trading.ids import RandomIds
from trading.market.calendar import session_time
from trading.notify.notifiers import MemoryNotifier
from trading.pairing import open_journal_of
from trading.run_guard import RunGuard, RunRefused
from trading.settings import Settings

SYMBOLS = ("AAA", "BBB", "CCC", "DDD", "EEE")
DAYS = weekdays(30)
FIRST, SECOND, THIRD = DAYS[10], DAYS[11], DAYS[12]
PRICES = made_prices(
    {
        symbol: [Decimal(100 + (day * (step + 2) + day * day * step) % 11) for day in range(30)]
        for step, symbol in enumerate(SYMBOLS)
    }
)
STRATEGIES = {
    "rsi_ladder": {"weight": "0.5", "symbols": SYMBOLS[:3], "period": 3},
    "inverse_volatility": {"weight": "0.5", "symbols": SYMBOLS[1:], "volatility_days": 4},
}


@dataclass(frozen=True)
class Moment:
    """When a process ends: before or after the n-th of its kind.

    That is a `commit` of the journal or that of one handler, a `call` at the broker or a call of one name.
    """

    what: str
    number: int
    done: bool

    def __str__(self) -> str:
        return f"{'after' if self.done else 'before'} {self.what} {self.number}"


class Reaper:
    """Counts commits and calls, and ends the process at its moment."""

    def __init__(self, moment: Moment | None, die: Callable[[], None]) -> None:
        self.counts = Counter[str]()
        self._moment = moment
        self._die = die

    def before(self, what: str) -> None:
        self.counts[what] += 1
        self._look(what, done=False)

    def after(self, what: str) -> None:
        self._look(what, done=True)

    def _look(self, what: str, *, done: bool) -> None:
        if self._moment == Moment(what, self.counts[what], done):
            self._die()


def interrupt() -> None:
    raise Interrupted


class DyingJournal(SqliteJournal):
    """A journal on a file whose process may end at any commit."""

    def __init__(self, path: Path, reaper: Reaper) -> None:
        super().__init__(path, durable=False)
        self._reaper = reaper

    def append(self, outgoing: Outgoing, at: Any) -> int | None:
        self._reaper.before("commit")
        number = super().append(outgoing, at)
        self._reaper.after("commit")
        return number

    def settle(self, settlement: Settlement) -> tuple[int, ...]:
        for what in ("commit", settlement.delivery.handler):
            self._reaper.before(what)
        numbers = super().settle(settlement)
        for what in ("commit", settlement.delivery.handler):
            self._reaper.after(what)
        return numbers

    def keep(self, record: WorkflowRecord) -> None:
        self._reaper.before("commit")
        super().keep(record)
        self._reaper.after("commit")


class DyingBroker(BrokerThrough):
    """A broker whose caller may end at any call."""

    def __init__(self, inner: Broker, reaper: Reaper) -> None:
        super().__init__(inner)
        self._reaper = reaper

    def before(self, call: str) -> None:
        for what in ("call", call.split()[0]):
            self._reaper.before(what)

    def after(self, call: str) -> None:
        for what in ("call", call.split()[0]):
            self._reaper.after(what)


def settings_with(**faults: Any) -> Settings:
    return Settings.model_validate({"strategies": STRATEGIES, "paper": {"faults": faults}})


def open_account(
    folder: Path, session: date | None, *, settings: Settings | None = None, reaper: Reaper | None = None
) -> tuple[Desk, MemoryNotifier]:
    """The account in this folder, shortly before that session's close; None is when it traded last."""
    notifier, account = MemoryNotifier(), folder / "a.db"
    settings, now = settings or settings_with(), None if session is None else session_time(session)
    if reaper is None:
        return open_desk(settings, PRICES, account=account, now=now, notifier=notifier), notifier
    opening = Opening(settings.paper.account_id, settings.paper.cash)
    ledger = Ledger.open(account, opening)
    clock = SimulatedClock(moment_to_open_at(ledger, now, PRICES, account))
    journal = open_journal_of(account, ledger, partial(DyingJournal, reaper=reaper))
    paper, services = build_services(settings, PRICES, ledger, clock, RandomIds(), notifier)
    broker = DyingBroker(paper, reaper)
    services = replace(services, broker=broker)
    bus = build_bus(services, settings, journal)
    guard = RunGuard(journal, broker, clock, opening.account_id)
    return Desk(settings, clock, paper, services, journal, bus, guard), notifier


def account_after_a_session(folder: Path) -> Path:
    """A folder with an account that has traded FIRST."""
    folder.mkdir()
    desk, _ = open_account(folder, FIRST)
    with desk:
        assert front_door(desk, TradingPath.CANDIDATE).execute_trading()
    return folder


def trade(
    folder: Path,
    session: date,
    *,
    path: TradingPath = TradingPath.CANDIDATE,
    settings: Settings | None = None,
    reaper: Reaper | None = None,
) -> str:
    """Trade as a process would; `ended`, `refused`, or `died`."""
    desk, _ = open_account(folder, session, settings=settings, reaper=reaper)
    with desk:
        try:
            front_door(desk, path).execute_trading()
        except RunRefused:
            return "refused"
        except Interrupted:
            return "died"
    return "ended"


def copied(template: Path, folder: Path) -> Path:
    with suppress(FileNotFoundError):
        shutil.rmtree(folder)
    return shutil.copytree(template, folder)


@dataclass(frozen=True)
class Outcome:
    """What is left when all is over: states of workflows, the second session's orders, and the account."""

    states: tuple[str, ...]
    orders: tuple[tuple[str, str, Decimal, str], ...]
    names: int
    holdings: tuple[tuple[str, Decimal], ...]
    cash: Decimal
    problems: tuple[str, ...]
    undelivered: int
    dead: int


def outcome(folder: Path, before: Path) -> Outcome:
    """Seen by a process that only looks; the books are audited from the account as it was `before`."""
    desk, _ = open_account(folder, DAYS[-1])
    past, _ = open_account(before, DAYS[-1])
    with desk, closing(past.broker), closing(past.journal):
        earlier, seen = past.broker.orders(), past.broker.fills()
        orders = desk.broker.orders()[len(earlier) :]
        fills = desk.broker.fills()[len(seen) :]
        return Outcome(
            tuple(record.state for record in desk.journal.workflows()),
            tuple(sorted((o.symbol, o.side.value, o.quantity, o.status.value) for o in orders)),
            len({order.client_order_id for order in orders}),
            tuple((held.symbol, held.quantity) for held in desk.broker.positions()),
            desk.broker.account().cash,
            tuple(audit(past.broker.state(), fills, desk.broker.state())),
            len(desk.journal.undelivered()),
            len(desk.journal.dead_letters()),
        )
