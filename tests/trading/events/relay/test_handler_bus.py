import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from shutil import copyfile
from threading import Event, Thread
from time import sleep

import pytest

from tests.trading.support.brokers import MemorySite, fresh_name
from tests.trading.support.carried import Receiver, Sender, World, requests, topology
from tests.trading.support.event_samples import NOW, quiet_log, request
from trading.clock import SimulatedClock
from trading.events.bus.handling import Handling
from trading.events.bus.retry import RetryPolicy
from trading.events.journal.claim import is_part_taken
from trading.events.journal.port import JournalBusy, PermanentFailure
from trading.events.journal.records import Delivery, Outcome, Outgoing, Settlement
from trading.events.journal.shared import Share, SharedJournal
from trading.events.messages.portfolio import AccountDataRequested
from trading.events.messages.signals import SignalsRequested
from trading.events.relay.handler_bus import HandlerBus
from trading.events.schema.versions import EventRefused
from trading.ids import RandomIds

NAMES = ("one", "two")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "shared.journal.db"


def process(path: Path, name: str, handle: Callable[[SignalsRequested, Handling], None]) -> HandlerBus:
    """What one of two processes has open: it handles for one name, and knows of the other."""

    def never(_event: SignalsRequested, _handling: Handling) -> None:
        raise AssertionError("a handler of another process was called")

    journal = SharedJournal(path, Share((name,), frozenset({name})), durable=False)
    clock = SimulatedClock(NOW)
    bus = HandlerBus(
        clock=clock,
        ids=RandomIds(),
        journal=journal,
        keep_time=lambda: None,
        takes_strangers=False,
        log=quiet_log(),
    )
    for known in NAMES:
        bus.subscribe(SignalsRequested, handle if known == name else never, name=known)
    return bus


def published(path: Path, event: SignalsRequested) -> SharedJournal:
    """As the process that asks publishes it: a delivery for every handler, and an entry in the outbox."""
    journal = SharedJournal(path, Share(("run",)), durable=False)
    journal.append(Outgoing(event, NAMES), NOW)
    return journal


def test_handlers_of_two_processes_never_work_at_the_same_time(path: Path) -> None:
    event, told, second_is_asked, first_is_at_work = request("e-1"), list[str](), Event(), Event()
    published(path, event).close()

    def slow(_event: SignalsRequested, _handling: Handling) -> None:
        told.append("first begins")
        first_is_at_work.set()
        assert second_is_asked.wait(5.0)
        sleep(0.05)  # time enough for the other one to begin, if nothing kept it
        told.append("first ends")

    first = process(path, "one", slow)
    second = process(path, "two", lambda _event, _handling: told.append("second"))

    def ask_the_second() -> None:
        assert first_is_at_work.wait(5.0)
        second_is_asked.set()
        second.receive(event, redelivered=False)

    other = Thread(target=ask_the_second)
    other.start()
    first.receive(event, redelivered=False)
    other.join()
    assert told == ["first begins", "first ends", "second"]


def test_a_process_handles_what_is_its_own_and_the_outbox_is_everybodys(path: Path) -> None:
    event, told = request("e-1"), list[str]()
    asked = published(path, event)

    def answer(_event: SignalsRequested, handling: Handling) -> None:
        told.append(handling.source[1])
        handling.publish(AccountDataRequested)

    for name in ("two", "one", "two"):
        process_of_name = process(path, name, answer)
        process_of_name.receive(event, redelivered=False)
        process_of_name._journal.close()
    assert told == ["two", "one"]
    assert [entry.event.event_type for entry in asked.unsent() if entry.event] == [
        "SignalsRequested",
        "AccountDataRequested",
        "AccountDataRequested",
    ]
    asked.close()


def test_a_process_that_begins_delivers_what_the_journal_holds_for_it_without_being_told(path: Path) -> None:
    told = list[tuple[str, bool]]()
    published(path, request("e-1")).close()
    bus = process(path, "one", lambda event, handling: told.append((event.event_id, handling.redelivered)))
    bus.resume()
    bus.receive(request("e-1"), redelivered=False)
    assert told == [("e-1", True)]


def test_a_mark_that_a_loss_of_power_undoes_is_an_attempt_that_the_next_one_knows_of(path: Path) -> None:
    told = list[tuple[str, bool]]()

    def tell(event: SignalsRequested, handling: Handling) -> None:
        told.append((event.event_id, handling.redelivered))

    bus, on_disk = process(path, "one", tell), path.with_name("on-disk.db")
    bus.resume()
    published(path, request("e-1"))
    for end in ("", "-wal"):
        copyfile(f"{path}{end}", f"{on_disk}{end}")
    bus.receive(request("e-1"), redelivered=False)
    process(on_disk, "one", tell).resume()
    assert told == [("e-1", False), ("e-1", True)]


LASTING = 2  # synchronous=FULL; 1 is NORMAL: a commit that a loss of power may undo


def test_what_is_sent_or_called_done_is_on_the_disk_before_that_and_a_mark_alone_waits(path: Path) -> None:
    """How each commit was made, as SQLite is told."""
    made = list[tuple[str, int]]()

    class Watched(SharedJournal):
        what = "opened"

        @contextmanager
        def _transaction(self, *, lasting: bool = True) -> Iterator[None]:
            with super()._transaction(lasting=lasting):
                yield
            made.append((self.what, self._connection.execute("PRAGMA synchronous").fetchone()[0]))

    journal = Watched(path, Share(("one",), frozenset({"one"})))
    first, second, third = (request(f"e-{number}") for number in range(3))
    journal.what = "published"
    journal.append(Outgoing(first, ("one",)), NOW)
    journal.what = "a mark alone"
    journal.settle(Settlement(Delivery(1, first, "one"), Outcome.HANDLED, NOW))
    journal.what = "sent"
    journal.mark_sent(journal.unsent())
    journal.what = "came from outside"
    journal.accept(Outgoing(second, ("one",)), NOW)
    journal.what = "handled, from outside"
    journal.settle(Settlement(Delivery(2, second, "one"), Outcome.HANDLED, NOW))
    journal.accept(Outgoing(third, ("one",)), NOW)
    made.pop()
    journal.what = "on request"
    journal.sync()
    journal.sync()
    journal.close()
    assert made == [
        *(("opened", LASTING), ("published", LASTING), ("a mark alone", 1), ("sent", 1)),
        *(("came from outside", 1), ("handled, from outside", LASTING), ("on request", LASTING)),
    ]


STOPPED = """
import os, signal, sys
from pathlib import Path
from trading.events.journal.shared import Share, SharedJournal
journal = SharedJournal(Path(sys.argv[1]), Share(("one",)))
journal.claim()
with journal.turn:
    print("at work", flush=True)
    os.kill(os.getpid(), signal.SIGSTOP)
print("awake", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def stopped(path: Path) -> Iterator["subprocess.Popen[str]"]:
    """A process that was stopped while it handled an event."""
    stopped = subprocess.Popen(
        [sys.executable, "-c", STOPPED, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert stopped.stdout is not None
    assert stopped.stdout.readline() == "at work\n"
    os.waitpid(stopped.pid, os.WUNTRACED)
    yield stopped
    stopped.kill()
    stopped.communicate()


def test_a_process_that_is_stopped_is_not_passed_over_until_it_has_gone(
    path: Path, stopped: "subprocess.Popen[str]", monkeypatch: pytest.MonkeyPatch
) -> None:
    event, told = request("e-1"), list[str]()
    published(path, event).close()
    monkeypatch.setattr("trading.database.BUSY_TIMEOUT_S", 0.01)
    standby = process(path, "one", lambda event, _: told.append(event.event_id))
    with pytest.raises(JournalBusy, match="another process is at work on one"):
        standby.resume()
    assert is_part_taken(path, "one")
    two = process(path, "two", lambda event, _: told.append("two"))
    other = Thread(target=two.receive, args=(event,), kwargs={"redelivered": False})
    other.start()
    other.join(0.1)
    assert told == []
    stopped.send_signal(signal.SIGCONT)
    other.join()
    assert told == ["two"]
    with pytest.raises(JournalBusy):
        standby.resume()
    stopped.kill()
    stopped.wait()
    standby.resume()
    assert told == ["two", "e-1"]


def test_a_clock_that_moves_by_hand_reaches_a_retry_when_so_much_time_has_passed_idly(
    tmp_path: Path,
) -> None:
    site, attempts = MemorySite(topology(fresh_name())), list[bool]()

    def fail_once(_event: SignalsRequested, handling: Handling) -> None:
        attempts.append(handling.redelivered)
        if len(attempts) == 1:
            raise ValueError("once")

    sender = Sender(tmp_path, site)
    events = requests(1)
    sender.publish(events)
    policy = RetryPolicy(first_delay_s=0.05)
    receiver = Receiver(tmp_path, site, World(), handle=fail_once, retry=policy)
    receiver.work(lambda: len(attempts) == 2)
    assert attempts == [False, True]
    assert receiver.clock.now() == NOW + timedelta(seconds=0.05)
    receiver.close()
    sender.close()


def test_an_event_that_the_journal_does_not_know_is_refused_where_all_who_publish_have_it_open(
    path: Path,
) -> None:
    bus = process(path, "one", lambda _event, _handling: pytest.fail("it was handled"))
    with pytest.raises(EventRefused, match="the journal of this account has no such event"):
        bus.receive(request("e-1"), redelivered=False)


def test_what_a_broker_forgot_is_found_in_the_journal(path: Path) -> None:
    told = list[tuple[str, bool]]()
    bus = process(path, "one", lambda event, handling: told.append((event.event_id, handling.redelivered)))
    bus.resume()
    published(path, request("e-1")).close()
    bus.catch_up()
    assert told == [("e-1", False)]


def test_a_dead_letter_that_is_put_back_is_delivered_by_the_process_that_handles_for_it(path: Path) -> None:
    told = list[str]()

    def fail_once(event: SignalsRequested, _handling: Handling) -> None:
        told.append(event.event_id)
        if len(told) == 1:
            raise PermanentFailure("once")

    asked = published(path, request("e-1"))
    bus = process(path, "one", fail_once)
    bus.receive(request("e-1"), redelivered=False)
    [letter] = asked.dead_letters()
    assert asked.put_back(letter.seq, "one", NOW)
    assert asked.is_under_way("run-1", NOW)
    bus.run_due()
    assert told == ["e-1", "e-1"]
    assert asked.dead_letters() == []
    asked.close()
