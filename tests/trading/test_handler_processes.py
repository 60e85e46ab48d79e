"""Handlers in processes of their own: the same orders, each once, and refusals that say what to do."""

import signal
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path
from threading import Timer

import pytest
from click.testing import CliRunner, Result
from structlog.testing import capture_logs

from tests.sweeps.brokers import PRICES, in_memory, over
from tests.trading.support.brokers import AMQP, free_port, why_no_rabbitmq
from tests.trading.support.event_samples import request
from tests.trading.support.fakes import BrokerThrough
from trading.broker.book import Opening
from trading.broker.ledger import Ledger
from trading.broker.port import Superseded
from trading.cli import main
from trading.composition import open_desk
from trading.desk import UsageError
from trading.events.journal.port import JournalBusy
from trading.events.journal.records import Delivery, Outcome, Outgoing, Settlement
from trading.events.journal.shared import Share, SharedJournal
from trading.events.journal.sqlite import SqliteJournal
from trading.events.messages.startup import StartupMode
from trading.events.relay.outbox import OutboxRelay
from trading.events.relay.remote_bus import RemoteBus
from trading.events.schema.catalogue import EVENTS
from trading.events.transport.address import read_address
from trading.events.transport.memory import MemoryBroker, MemoryTransport
from trading.events.transport.port import Topology
from trading.handlers.subscriptions import GROUP_OF, HandlerGroup, names_of, subscriptions
from trading.ids import RandomIds
from trading.market.calendar import session_time
from trading.notify.notifiers import MemoryNotifier
from trading.pairing import open_journal_of
from trading.run_guard import RunGuard
from trading.settings import Settings
from trading.shared_desk import Watch, open_shared_desk, topology_of

DAY = date(2011, 8, 9)
SESSIONS = [day for day in PRICES.sessions if day >= DAY][:3]


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments], catch_exceptions=False)


@pytest.fixture
def amqp(monkeypatch: pytest.MonkeyPatch) -> None:
    if why := why_no_rabbitmq():
        pytest.skip(why)
    monkeypatch.setenv("TRADING_BUS", AMQP)


def test_three_processes_over_rabbitmq_place_the_orders_that_one_process_does(
    tmp_path: Path, amqp: None
) -> None:
    orders = over(read_address({"TRADING_BUS": AMQP}), tmp_path, SESSIONS)
    assert orders == in_memory(SESSIONS)
    assert len(orders) >= 20


def test_a_run_that_nobody_would_handle_is_refused_before_it_is_on_record(tmp_path: Path, amqp: None) -> None:
    account = tmp_path / "a.db"
    done = run("trade", "--path", "candidate", "--at", "2011-08-09", "--account", account)
    assert done.exit_code == 2
    assert "no process handles workflow, portfolio, execution of" in done.stderr
    assert f"start `python -m trading run-handlers --account {account}`" in done.stderr
    journal = SharedJournal(tmp_path / "a.journal.db", Share(("run",)))
    assert (journal.last_number(), journal.workflows()) == (0, [])
    journal.close()


def test_a_broker_that_cannot_be_reached_is_named_before_anything_is_on_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRADING_BUS", f"amqp://127.0.0.1:{free_port()}")
    account = tmp_path / "a.db"
    working = [claimed(tmp_path / "a.journal.db", group) for group in HandlerGroup]
    done = run("trade", "--path", "candidate", "--at", "2011-08-09", "--account", account)
    assert done.exit_code == 2
    assert "the broker cannot be reached: " in done.stderr
    assert "start it, or set TRADING_BUS=memory" in done.stderr
    assert working[0].last_number() == 0
    for journal in working:
        journal.close()


def test_who_waits_for_a_run_is_told_once_that_nobody_handles_it(tmp_path: Path) -> None:
    watch = Watch(tmp_path / "a.db")
    with capture_logs() as logs:
        watch()
        watch()
    assert [line["groups"] for line in logs] == [["workflow", "portfolio", "execution"]]


def test_a_request_that_nobody_has_handled_yet_is_a_run_under_way(tmp_path: Path) -> None:
    """It has no record before its handler has had it: a second run would be let in, and trade as well."""
    account, handled = tmp_path / "a.db", list[bool]()
    now, notifier = session_time(DAY), MemoryNotifier()
    with open_desk(Settings(), PRICES, account=account, now=now, notifier=notifier) as desk:
        path = tmp_path / "a.journal.db"
        mine, others = SharedJournal(path, Share(("run",))), SharedJournal(path, Share(("workflow",)))
        transport = MemoryTransport(
            MemoryBroker(Topology("t", {"workflow": frozenset({"SignalsRequested"})}))
        )
        bus = RemoteBus(
            clock=desk.clock,
            ids=RandomIds(),
            journal=mine,
            relay=OutboxRelay(mine, transport),
            names_of=lambda _: ("workflow.requested",),
            keep_time=lambda: None,
            look_after=lambda: None,
        )
        asked = request("event-1", run="workflow-1")
        seq = others.append(Outgoing(asked, ("workflow.requested",)), now)
        assert seq is not None

        def handle() -> None:
            handled.append(True)
            others.settle(Settlement(Delivery(seq, asked, "workflow.requested"), Outcome.HANDLED, now))

        handler = Timer(0.2, handle)
        handler.start()
        asking = replace(desk, journal=mine, bus=bus, guard=RunGuard(mine, desk.broker, desk.clock, "paper"))
        asking.settle_unfinished()
        assert handled == [True]
        handler.join()
        for journal in (mine, others):
            journal.close()


def test_handlers_ask_for_a_broker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRADING_BUS", raising=False)
    usual = signal.getsignal(signal.SIGTERM)
    done = run("run-handlers", "execution", "--account", tmp_path / "a.db")
    assert done.exit_code == 2
    assert "name a broker, amqp://HOST or kafka://HOST:PORT" in done.stderr
    assert signal.getsignal(signal.SIGTERM) is usual


def test_an_account_in_memory_cannot_be_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRADING_BUS", "amqp://nowhere")
    done = run("history", "--path", "candidate", "--from", "2011-08-09", "--to", "2011-08-09")
    assert done.exit_code == 2
    assert "an account in memory is seen by one process alone; name a file with --account" in done.stderr


def test_time_does_not_go_back_for_handlers_that_have_seen_a_later_day(tmp_path: Path) -> None:
    account = tmp_path / "a.db"
    desk = open_desk(
        Settings(), PRICES, account=account, now=session_time(SESSIONS[1]), notifier=MemoryNotifier()
    )
    with desk:
        desk.announce_startup(StartupMode.TRADE)
    asked = open_shared_desk(
        Settings(),
        PRICES,
        account=account,
        now=session_time(SESSIONS[0]),
        notifier=MemoryNotifier(),
        address=read_address({"TRADING_BUS": "amqp://nowhere"}),
    )
    with (
        pytest.raises(UsageError, match=f"its handlers have seen {SESSIONS[1]}, they cannot trade on"),
        asked,
    ):
        pass


def test_every_handler_is_in_one_group_and_every_event_that_travels_has_a_taker(tmp_path: Path) -> None:
    desk = open_desk(Settings(), PRICES, account=None, now=session_time(DAY), notifier=MemoryNotifier())
    with desk:
        subscribed = subscriptions(desk.services, Settings())
    assert {name for _, _, name in subscribed} == set(GROUP_OF)
    groups = topology_of("t", subscribed).groups
    for event in EVENTS:
        takers = {group for group, types in groups.items() if event.__name__ in types}
        assert takers == {GROUP_OF[name] for name in names_of(event, subscribed)}
        assert takers


def claimed(path: Path, *parts: str) -> SharedJournal:
    journal = SharedJournal(path, Share(parts))
    journal.claim()
    return journal


def test_each_part_of_a_journal_has_one_process_and_all_of_it_none_while_a_part_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.journal.db"
    execution, workflow = claimed(path, "execution"), claimed(path, "workflow")
    monkeypatch.setattr("trading.database.BUSY_TIMEOUT_S", 0.01)
    with pytest.raises(JournalBusy, match="another process is at work on execution"):
        SharedJournal(path, Share(("portfolio", "execution"))).claim()
    alone = SqliteJournal(path)
    with pytest.raises(JournalBusy, match="another process handles events of this journal"):
        alone.claim()
    execution.close()
    with pytest.raises(JournalBusy):
        alone.claim()
    workflow.close()
    alone.claim()
    with pytest.raises(JournalBusy, match="another process is at work on execution"):
        claimed(path, "execution")
    with pytest.raises(JournalBusy, match="another process is at work on this journal"):
        claimed(path, "never claimed before")
    alone.close()
    claimed(path, "portfolio", "execution").close()


@pytest.mark.parametrize(("other", "passed"), [("run", False), ("workflow", False), ("execution", True)])
def test_a_process_that_handles_execution_is_passed_only_by_one_that_takes_execution_over(
    tmp_path: Path, other: str, passed: bool
) -> None:
    account, found = tmp_path / "a.db", list[bool]()
    with ExitStack() as opened:
        ledgers = []
        for part in ("execution", other):
            ledger = Ledger.open(account, Opening("paper", Decimal(1000)))
            opened.callback(ledger.close)
            journal = open_journal_of(account, ledger, partial(SharedJournal, share=Share((part,))))
            opened.callback(journal.close)
            for claim in tmp_path.glob("*.lock*"):
                claim.unlink()
            journal.claim()
            ledgers.append(ledger)
        for ledger in ledgers:
            try:
                with ledger.effect(fenced=True):
                    found.append(False)
            except Superseded:
                found.append(True)
    assert found == [passed, False]


def test_two_processes_that_ask_are_one_too_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.journal.db"
    first = claimed(path, "run")
    monkeypatch.setattr("trading.database.BUSY_TIMEOUT_S", 0.01)
    with pytest.raises(JournalBusy, match="another process is at work on run"):
        claimed(path, "run")
    first.close()


def test_what_a_direct_run_left_open_is_cancelled_while_no_handler_is_at_work(tmp_path: Path) -> None:
    told = list[str]()

    class Told(BrokerThrough):
        def before(self, call: str) -> None:
            told.append(call)

    class Turn(AbstractContextManager[None]):
        def __enter__(self) -> None:
            told.append("turn begins")

        def __exit__(self, *_: object) -> None:
            told.append("turn ends")

    now, notifier = session_time(DAY), MemoryNotifier()
    with open_desk(Settings(), PRICES, account=None, now=now, notifier=notifier) as desk:
        guard = RunGuard(desk.journal, Told(desk.broker), desk.clock, "paper", turn=Turn())
        guard.begin_direct("run-1", DAY)
        guard.settle_unfinished(lambda: told.append("workflows are ended"))
    assert told == [
        *("turn begins", "turn ends"),
        "workflows are ended",
        *("turn begins", "open_orders", "turn ends"),
    ]
