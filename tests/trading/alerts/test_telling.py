"""Every subject is told once to every receiver, over restarts too, and none is missed."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import pytest

from trading.alerts.alert import Alert, AlertNotTaken, alert_of
from trading.alerts.ledger import ATTEMPTS_MAX, LEASE_S, AlertLedger, AlertState
from trading.alerts.receiver import Receiver
from trading.alerts.telling import NEW_PER_LOOK_MAX, Telling
from trading.monitor.finding import Finding, FindingKind
from trading.monitor.look import Look

START = datetime(2026, 3, 2, 9, tzinfo=UTC)


class Receiving:
    """Takes alerts, or refuses them, or is gone in the middle."""

    def __init__(self, name: str = "webhook", *, refuses: int = 0) -> None:
        self.name = name
        self.got: list[Alert] = []
        self.refuses = refuses

    def send(self, alert: Alert) -> None:
        if self.refuses:
            self.refuses -= 1
            raise AlertNotTaken("it answered 500")
        self.got.append(alert)


class Killed(BaseException):
    pass


class KilledAfterwards(Receiving):
    """The process ends when the alert is out, before that is written down."""

    def send(self, alert: Alert) -> None:
        super().send(alert)
        raise Killed


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.alerts.db"


@pytest.fixture
def ledger(path: Path) -> Iterator[AlertLedger]:
    with closing(AlertLedger(path)) as opened:
        yield opened


def finding(subject: str, kind: FindingKind = FindingKind.DEAD_LETTER, since: datetime = START) -> Finding:
    return Finding(kind, subject, f"{subject} was given up", since, f"python -m trading retry {subject}")


def look(at: datetime = START) -> Look:
    return Look(at, at, journal_id="pair")


def telling(ledger: AlertLedger, clock: Clock, *receivers: Receiver) -> Telling:
    return Telling(ledger, receivers, wall=clock)


def tell(made: Telling, *found: Finding, at: datetime = START) -> None:
    made.tell(look(at), found, "paper")


def test_a_subject_is_told_once_to_each_receiver_over_looks_and_restarts(path: Path, clock: Clock) -> None:
    log, hook = Receiving("log"), Receiving("webhook")
    for _ in range(3):
        with closing(AlertLedger(path)) as ledger:
            made = telling(ledger, clock, log, hook)
            for _ in range(2):
                tell(made, finding("1:a"))
                made.send_due(log)
                made.send_due(hook)
        clock.now += timedelta(hours=1)
    assert [[alert.sentence for alert in one.got] for one in (log, hook)] == [["1:a was given up"]] * 2
    assert log.got[0].key == hook.got[0].key


def test_a_process_that_is_gone_between_sending_and_marking_sends_it_again_with_the_same_key(
    path: Path, clock: Clock
) -> None:
    first, second = KilledAfterwards(), Receiving()
    with closing(AlertLedger(path)) as ledger:
        made = telling(ledger, clock, first)
        tell(made, finding("1:a"))
        with pytest.raises(Killed):
            made.send_due(first)
    with closing(AlertLedger(path)) as ledger:
        made = telling(ledger, clock, second)
        tell(made, finding("1:a"))
        assert made.send_due(second) == 0  # the one that is gone may be sending it
        clock.now += timedelta(seconds=LEASE_S + 1)
        assert made.send_due(second) == 1
    assert [alert.key for alert in first.got] == [alert.key for alert in second.got]


def test_of_two_processes_one_sends_it(path: Path, clock: Clock) -> None:
    one, other = Receiving(), Receiving()
    with closing(AlertLedger(path)) as here, closing(AlertLedger(path)) as there:
        makers = [telling(here, clock, one), telling(there, clock, other)]
        for made in makers:
            tell(made, finding("1:a"), finding("2:b"))
        leased = here.lease("webhook", clock.now)
        assert leased is not None
        makers[1].send_due(other)
        here.taken(leased, "webhook", clock.now)
        makers[0].send_due(one)
        assert (len(one.got), len(other.got)) == (0, 1)
        assert other.got[0].key != leased.alert.key


def test_what_was_not_taken_is_tried_after_pauses_that_double_and_never_forgotten(
    ledger: AlertLedger, clock: Clock
) -> None:
    hook = Receiving(refuses=3)
    made = telling(ledger, clock, hook)
    tell(made, finding("1:a"))
    tried_at = []
    while not hook.got:
        before = hook.refuses
        if made.send_due(hook) or hook.refuses < before:
            tried_at.append((clock.now - START).total_seconds())
        clock.now += timedelta(seconds=5)
    assert tried_at == [0, 10, 30, 70]


def test_what_nobody_takes_is_given_up_in_the_end_and_said_so(ledger: AlertLedger, clock: Clock) -> None:
    hook = Receiving(refuses=10**6)
    made = telling(ledger, clock, hook)
    tell(made, finding("1:a"))
    for _ in range(ATTEMPTS_MAX + 3):
        made.send_due(hook)
        clock.now += timedelta(hours=2)
    (told,) = ledger.latest(10)
    assert (told.state, told.attempts, told.error) == (AlertState.GIVEN_UP, ATTEMPTS_MAX, "it answered 500")
    assert ledger.counts() == {("webhook", "given-up"): 1}


def test_a_failed_run_that_was_over_before_anybody_watched_is_no_news_and_a_dead_letter_is(
    ledger: AlertLedger, clock: Clock
) -> None:
    hook = Receiving()
    made = telling(ledger, clock, hook)
    old, new = START - timedelta(days=2), START - timedelta(hours=2)
    found = (
        finding("old", FindingKind.FAILED, old),
        finding("new", FindingKind.FAILED, new),
        finding("1:a", since=old),
    )
    tell(made, *found)
    made.send_due(hook)
    assert {alert.sentence.split()[0] for alert in hook.got} == {"new", "1:a"}
    tell(made, *found, finding("late", FindingKind.FAILED, old))
    made.send_due(hook)
    assert hook.got[-1].sentence.startswith("late ")


def test_a_flood_is_told_in_parts_and_none_of_it_is_missed(ledger: AlertLedger, clock: Clock) -> None:
    hook = Receiving()
    made = telling(ledger, clock, hook)
    flood = [finding(f"{number}:a") for number in range(2 * NEW_PER_LOOK_MAX + 1)]
    taken = []
    for _ in range(4):
        tell(made, *flood)
        taken.append(made.send_due(hook))
    assert taken == [NEW_PER_LOOK_MAX, NEW_PER_LOOK_MAX, 1, 0]


def test_accounts_of_one_name_have_keys_of_their_own() -> None:
    keys = {
        alert_of(finding("1:a"), account=account, journal_id=journal).key
        for account in ("paper", "other")
        for journal in ("one", "two")
    }
    assert len(keys) == 4


def test_a_receiver_that_hangs_keeps_no_other_waiting(ledger: AlertLedger, clock: Clock) -> None:
    let_go, arrived = Event(), Event()

    class Hanging(Receiving):
        def send(self, alert: Alert) -> None:
            let_go.wait(30)

    class Quick(Receiving):
        def send(self, alert: Alert) -> None:
            arrived.set()

    made = telling(ledger, clock, Hanging("email"), Quick("webhook"))
    threads = made.start()
    try:
        tell(made, finding("1:a"))
        assert arrived.wait(30)
    finally:
        let_go.set()
        made.close()
        for thread in threads:
            thread.join(30)
    assert not any(thread.is_alive() for thread in threads)
