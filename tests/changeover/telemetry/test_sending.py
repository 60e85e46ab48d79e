"""One thread sends what was told; whoever tells waits for nobody, and nothing is sent twice."""

import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from changeover import Migration
from changeover.errors import ChangeoverError
from changeover.evidence.store.alert_ledger import StoreLedger, told_alerts
from changeover.telemetry.alert_ledger import Claimed, MemoryLedger
from changeover.telemetry.alerts import Alert, AlertKind, subject_of
from changeover.telemetry.receiver import Message, NotDelivered
from changeover.telemetry.sending import WAITING_MAX, AlertSender, by_name, deliver
from tests.changeover.support.alert_receivers import DRIPPING, WebServer, serving

PLAN = '[migration]\nname = "till"\n[[phase]]\nname = "till"\nseams = ["till.pay"]\n'
WAIT_S = 30.0


def an_alert(number: int = 0, kind: AlertKind = AlertKind.TRIPPED) -> Alert:
    return Alert(kind, f"alert {number}", f"phase {number}", subject=subject_of(kind, number))


class Box:
    """Keeps what it is sent; refuses so many first, and waits for `open` where that is given."""

    where = "here"

    def __init__(self, name: str = "box", refuses: int = 0, opened: threading.Event | None = None) -> None:
        self.name, self.refuses, self.opened = name, refuses, opened
        self.got: list[Message] = []
        self.threads: set[int] = set()
        self.asked = threading.Event()

    def send(self, message: Message) -> str:
        self.threads.add(threading.get_ident())
        self.asked.set()
        if self.opened is not None:
            self.opened.wait(WAIT_S)
        if self.refuses:
            self.refuses -= 1
            raise NotDelivered("not now")
        self.got.append(message)
        return "taken"


def test_all_receivers_hear_of_each_alert_once_from_one_thread(tmp_path: Path) -> None:
    first, second = Box("first"), Box("second")
    place = tmp_path / "evidence.db"
    sender = AlertSender([first, second], lambda: StoreLedger(place))
    for _ in range(2):
        for number in range(3):
            sender.put(an_alert(number))
    sender.close(WAIT_S)
    assert [one.alert.text for one in first.got] == [f"alert {number}" for number in range(3)]
    assert [one.key for one in first.got] == [one.key for one in second.got]
    assert first.threads == second.threads
    assert threading.get_ident() not in first.threads


def test_another_process_sends_none_of_it_again(tmp_path: Path) -> None:
    place = tmp_path / "evidence.db"
    boxes = []
    for _ in range(2):
        box = Box()
        sender = AlertSender([box], lambda: StoreLedger(place))
        sender.put(an_alert())
        sender.close(WAIT_S)
        boxes.append(len(box.got))
    assert boxes == [1, 0]


def test_kinds_that_nobody_asked_for_are_not_sent() -> None:
    box = Box()
    sender = AlertSender([box], kinds=["tripped"])
    sender.put(an_alert(1, AlertKind.DIVERGED))
    sender.put(an_alert(2))
    sender.close(WAIT_S)
    assert [one.alert.text for one in box.got] == ["alert 2"]


def test_a_receiver_that_waits_holds_up_neither_who_tells_nor_the_end_and_what_waits_is_bounded() -> None:
    opened = threading.Event()
    box = Box(opened=opened)
    sender = AlertSender([box])
    sender.put(an_alert())
    box.asked.wait(WAIT_S)
    for number in range(1, WAITING_MAX + 8):
        sender.put(an_alert(number))
    sender.close(0.0)
    assert (len(box.got), sender.dropped) == (0, 7)
    opened.set()
    sender.close(WAIT_S)
    assert len(box.got) == WAITING_MAX + 1


def test_a_receiver_that_fails_keeps_no_other_waiting_and_is_asked_once_in_a_round() -> None:
    ledger = MemoryLedger()
    broken, box = Box("broken", refuses=99), Box("box")
    for number in range(4):
        ledger.enter(an_alert(number), ["broken", "box"])
    done = deliver(ledger, by_name([broken, box]))
    assert (done.sent, done.failed) == (4, ("broken",))
    assert broken.refuses == 98


def test_what_a_receiver_raises_breaks_no_round(caplog: pytest.LogCaptureFixture) -> None:
    class Odd(Box):
        def send(self, message: Message) -> str:
            raise ZeroDivisionError

    ledger = MemoryLedger()
    ledger.enter(an_alert(), ["odd"])
    assert deliver(ledger, by_name([Odd("odd")])).failed == ("odd",)
    assert "ZeroDivisionError" in caplog.text


def test_what_failed_is_sent_later_by_whoever_comes(tmp_path: Path) -> None:
    ledger, box = StoreLedger(tmp_path / "evidence.db"), Box(refuses=1)
    ledger.enter(an_alert(), ["box"])
    later: list[Callable[[], datetime]] = [
        lambda: datetime.now(UTC),
        lambda: datetime(2100, 1, 1, tzinfo=UTC),
    ]
    assert [deliver(ledger, by_name([box]), now).sent for now in later] == [0, 1]


class Gone(MemoryLedger):
    """A ledger whose store is away."""

    def enter(self, alert: Alert, receivers: Sequence[str], taken: Sequence[str] = ()) -> str | None:
        raise ChangeoverError("the database does not answer")

    def claim(self, receivers: Sequence[str], now: datetime) -> list[Claimed]:
        raise ChangeoverError("the database does not answer")


def test_where_the_store_is_away_alerts_are_sent_all_the_same(caplog: pytest.LogCaptureFixture) -> None:
    box = Box()

    sender = AlertSender([box], Gone)
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            sender.put(an_alert())
            sender.close(WAIT_S)
    assert len(box.got) == 1
    assert "the database does not answer" in caplog.text


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_forked_process_sends_its_own_alerts_and_none_of_its_parent(tmp_path: Path) -> None:
    place, opened = tmp_path / "evidence.db", threading.Event()
    parents = Box(opened=opened)
    sender = AlertSender([parents], lambda: StoreLedger(place))
    sender.put(an_alert(1))
    parents.asked.wait(WAIT_S)
    child = os.fork()
    if child == 0:  # pragma: no cover  another process
        opened.set()
        sender.put(an_alert(2))
        sender.close(WAIT_S)
        os._exit(0 if [one.alert.text for one in parents.got] == ["alert 2"] else 1)
    assert os.waitpid(child, 0)[1] == 0
    opened.set()
    sender.close(WAIT_S)
    assert [one.alert.text for one in parents.got] == ["alert 1"]


def program(folder: Path, url: str | None, *receivers: Box, plan: str = PLAN) -> Migration:
    (folder / "migration").mkdir(exist_ok=True)
    (folder / "migration" / "phases.toml").write_text(plan)
    environment = {"CHANGEOVER_STAGE_TILL": "shadow"} | ({"CHANGEOVER_ALERT_WEBHOOK": url} if url else {})
    return Migration.load(folder / "migration", environment=environment, refresh_s=0, alerts=receivers)


def differ(migration: Migration, *numbers: int) -> None:
    pay = migration.seam("till.pay", legacy=lambda n: n, candidate=lambda n: -n)
    assert [pay(number) for number in numbers] == list(numbers)
    migration.flush()
    sending = migration.runtime.alerts.sending
    assert isinstance(sending, AlertSender)
    sending.close(WAIT_S)


def test_a_phase_that_begins_to_differ_is_posted_once_over_restarts(tmp_path: Path) -> None:
    with serving(WebServer()) as server:
        for _ in range(3):
            differ(program(tmp_path, server.url), 1, 2, 3)
    assert [body["kind"] for body in server.bodies] == ["diverged"]
    (told,) = told_alerts(tmp_path / ".changeover" / "evidence.db")
    assert [(one.receiver, one.answer) for one in told.deliveries] == [("log", "written"), ("webhook", "200")]


def test_receivers_of_the_plan_of_the_environment_and_of_the_program_hear_alike(tmp_path: Path) -> None:
    box = Box()
    with serving(WebServer()) as hook, serving(WebServer()) as slack:
        webhook = '[alerts.webhook]\nurl = "http://127.0.0.1:1/x"\nheaders = { X-A = "b" }\n'
        plan = f'{PLAN}{webhook}[alerts.slack]\nurl = "{slack.url}"\n'
        differ(program(tmp_path, hook.url, box, plan=plan), 1)
    assert [len(hook.got), len(slack.got), len(box.got)] == [1, 1, 1]
    assert hook.got[0][1]["x-a"] == "b"


def test_a_dripping_receiver_delays_no_answer(tmp_path: Path) -> None:
    with serving(WebServer(manner=DRIPPING)) as server:
        migration = program(tmp_path, server.url)
        pay = migration.seam("till.pay", legacy=lambda n: n, candidate=lambda n: -n)
        assert pay(1) == 1
        migration.flush()
        while not server.got:
            time.sleep(0.01)
        assert [pay(number) for number in range(20)] == list(range(20))  # while it drips
        assert len(server.got) == 1


def test_a_receiver_that_cannot_be_used_is_a_note_and_what_was_told_waits_for_it(tmp_path: Path) -> None:
    plan = PLAN + '[alerts.slack]\nurl_variable = "SLACK_URL"\n'
    migration = program(tmp_path, None, plan=plan)
    assert "alerts.slack: the environment variable SLACK_URL is not set" in migration.problems
    differ(migration, 1)
    (told,) = told_alerts(tmp_path / ".changeover" / "evidence.db")
    assert [one.receiver for one in told.deliveries if one.is_due] == ["slack"]


def test_without_receivers_nothing_of_it_is_made(tmp_path: Path) -> None:
    migration = program(tmp_path, None)
    assert migration.runtime.alerts.sending is None
    pay = migration.seam("till.pay", legacy=lambda n: n, candidate=lambda n: -n)
    assert pay(1) == 1
    migration.flush()
    assert told_alerts(tmp_path / ".changeover" / "evidence.db") == ()
