"""What was told is known over restarts: each test runs on a file, on a database, and in memory."""

import sqlite3
import threading
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from changeover.evidence.store import alert_ledger
from changeover.evidence.store.alert_ledger import StoreLedger, told_alerts
from changeover.evidence.store.place import StorePlace
from changeover.evidence.store.store import writing
from changeover.telemetry.alert_ledger import (
    CLAIMED_MAX,
    LEASE,
    TRIES_MAX,
    Claimed,
    Ledger,
    MemoryLedger,
    Outcome,
)
from changeover.telemetry.alerts import Alert, AlertKind, subject_of
from tests.changeover.support.evidence_rows import a_run, store_of

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
BOTH = ("email", "webhook")


def an_alert(kind: AlertKind = AlertKind.TRIPPED, phase: str = "till", at: datetime = NOW) -> Alert:
    return Alert(kind, "live -> shadow", phase, "run-1", "09ad52", at, subject=subject_of(kind, phase))


@pytest.fixture(params=["sqlite", "postgres", "memory"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Ledger:
    if request.param == "memory":
        return MemoryLedger()
    if request.param == "sqlite":
        return StoreLedger(tmp_path / "evidence.db")
    from changeover.evidence.store.store import store_path

    return StoreLedger(store_path(tmp_path, {"CHANGEOVER_STORE": request.getfixturevalue("database")}))


def test_an_alert_goes_to_each_receiver_as_it_was_and_then_nowhere(ledger: Ledger) -> None:
    key = ledger.enter(an_alert(), BOTH)
    claims = ledger.claim(BOTH, NOW)
    found = [(one.receiver, one.message.key, one.message.alert) for one in claims]
    assert found == [(name, key, an_alert()) for name in BOTH]
    ledger.settle([Outcome(one, "200") for one in claims], NOW)
    assert ledger.claim(BOTH, NOW + timedelta(days=9)) == []


def test_alerts_are_claimed_in_the_order_in_which_they_were_told(ledger: Ledger) -> None:
    phases = [f"phase {number}" for number in range(CLAIMED_MAX + 5)]
    for phase in phases:
        ledger.enter(an_alert(phase=phase), ["email"])
    first, second = ledger.claim(["email"], NOW), ledger.claim(["email"], NOW)
    assert [one.message.alert.phase for one in (*first, *second)] == phases
    assert len(first) == CLAIMED_MAX


def test_what_was_claimed_and_not_asked_is_free_again_at_once(ledger: Ledger) -> None:
    ledger.enter(an_alert(), ["email"])
    (claimed,) = ledger.claim(["email"], NOW)
    ledger.settle([Outcome(claimed, asked=False)], NOW)
    assert [one.message for one in ledger.claim(["email"], NOW)] == [claimed.message]


def test_a_subject_that_was_told_is_not_told_again(ledger: Ledger) -> None:
    assert ledger.enter(an_alert(), BOTH) is not None
    assert ledger.enter(an_alert(at=NOW + timedelta(days=300)), BOTH) is None
    assert ledger.enter(an_alert(phase="shelf"), BOTH) is not None


def test_what_lasts_is_told_again_after_a_day_with_another_key(ledger: Ledger) -> None:
    def at(hours: float) -> str | None:
        return ledger.enter(an_alert(AlertKind.UNWATCHED, at=NOW + timedelta(hours=hours)), BOTH)

    first, second, third = at(0), at(23.9), at(24)
    assert first is not None
    assert second is None
    assert third not in (None, first)


def test_what_one_process_sends_no_other_sends_until_its_claim_is_over(ledger: Ledger) -> None:
    ledger.enter(an_alert(), ["webhook"])
    (first,) = ledger.claim(["webhook"], NOW)
    assert ledger.claim(["webhook"], NOW + LEASE - timedelta(seconds=1)) == []
    (again,) = ledger.claim(["webhook"], NOW + LEASE)
    assert again.message == first.message
    assert (first.tries, again.tries) == (0, 1)


def test_what_was_not_taken_comes_later_and_later_and_is_given_up_after_days(ledger: Ledger) -> None:
    ledger.enter(an_alert(), ["webhook"])
    now, pauses = NOW, []
    for _ in range(9):
        (claimed,) = ledger.claim(["webhook"], now)
        ledger.settle([Outcome(claimed, problem="it answered 500")], now)
        pause = timedelta(0)
        while not (found := ledger.claim(["webhook"], now + pause)):
            pause += timedelta(minutes=1)
        pauses.append(pause)
        ledger.settle([Outcome(found[0], asked=False)], now + pause)
        now += timedelta(hours=2)
    assert timedelta(0) < pauses[0] < pauses[1] < pauses[2] <= timedelta(hours=1) == pauses[-1]
    tried, days = 9, timedelta(0)
    while claims := ledger.claim(["webhook"], now + days):
        ledger.settle([Outcome(claims[0], problem="it answered 500")], now + days)
        tried, days = tried + 1, days + timedelta(hours=1)
    assert tried == TRIES_MAX
    assert timedelta(days=2) < days < timedelta(days=4)
    assert ledger.claim(["webhook"], now + timedelta(days=99)) == []


def test_those_who_were_not_asked_for_are_not_claimed_and_wait(ledger: Ledger) -> None:
    ledger.enter(an_alert(), BOTH)
    (claimed,) = ledger.claim(["email"], NOW)
    ledger.settle([Outcome(claimed, "1 of 1 addresses")], NOW)
    assert ledger.claim(["email"], NOW) == []
    assert [one.receiver for one in ledger.claim(BOTH, NOW)] == ["webhook"]


def test_a_receiver_that_has_it_already_is_not_sent_it(ledger: Ledger) -> None:
    ledger.enter(an_alert(), ["log", "webhook"], taken=["log"])
    assert [one.receiver for one in ledger.claim(["log", "webhook"], NOW)] == ["webhook"]


@pytest.fixture
def stored(place: StorePlace) -> StoreLedger:
    return StoreLedger(place)


def test_another_process_knows_what_was_told(place: StorePlace) -> None:
    key = StoreLedger(place).enter(an_alert(), BOTH)
    assert StoreLedger(place).enter(an_alert(), BOTH) is None
    assert {one.message.key for one in StoreLedger(place).claim(BOTH, NOW)} == {key}


def test_of_many_threads_at_once_one_enters_and_one_claims(place: StorePlace) -> None:
    store_of(place)
    entered: list[str | None] = []
    claimed: list[list[Claimed]] = []
    ready = threading.Barrier(4)

    def tell() -> None:
        ledger = StoreLedger(place, 30)
        ready.wait()
        entered.append(ledger.enter(an_alert(), ["webhook"]))
        ready.wait()
        claimed.append(ledger.claim(["webhook"], NOW))

    threads = [threading.Thread(target=tell) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(one is not None for one in entered) == 1
    assert sum(map(len, claimed)) == 1


def test_a_receiver_that_nobody_knew_of_hears_of_what_is_told_again(
    stored: StoreLedger, place: StorePlace
) -> None:
    key = stored.enter(an_alert(), ["log"])
    (claimed,) = stored.claim(["log"], NOW)
    stored.settle([Outcome(claimed, "written")], NOW)
    assert stored.untold([(an_alert(), ["log"])]) == []
    wanted = [(an_alert(), ["log", "webhook"])]
    assert stored.untold(wanted) == wanted
    assert stored.enter(*wanted[0]) is None
    assert stored.untold(wanted) == []
    claims = stored.claim(["log", "webhook"], NOW)
    assert [(one.receiver, one.message.key) for one in claims] == [("webhook", key)]


def changed(ledger: StoreLedger, state: str) -> str | None:
    def alert(before: str) -> Alert:
        made = an_alert(AlertKind.GATE_CHANGED)
        return replace(made, text=f"was {before}, is {state}")

    return ledger.enter_change("gate:till", state, alert, NOW, BOTH)


def test_the_first_state_is_no_change_and_each_change_is_told_once(
    stored: StoreLedger, place: StorePlace
) -> None:
    keys = [changed(stored, state) for state in ("fail", "fail", "pass", "pass", "fail")]
    assert [key is not None for key in keys] == [False, False, True, False, True]
    assert {told.alert.text for told in told_alerts(place)} == {"was fail, is pass", "was pass, is fail"}
    assert len(told_alerts(place)) == 2


def test_a_change_whose_alert_cannot_be_made_is_seen_again(stored: StoreLedger, place: StorePlace) -> None:
    changed(stored, "fail")

    def broken(before: str) -> Alert:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        stored.enter_change("gate:till", "pass", broken, NOW, BOTH)
    assert changed(stored, "pass") is not None


def test_what_was_told_can_be_listed_with_what_became_of_it(stored: StoreLedger, place: StorePlace) -> None:
    stored.enter(an_alert(), BOTH, taken=("log",))
    stored.enter(an_alert(phase="shelf", at=NOW + timedelta(hours=1)), ["webhook"])
    (letter,) = stored.claim(["email"], NOW)
    stored.settle([Outcome(letter, "1 of 1 addresses")], NOW)
    hooked, _ = stored.claim(["webhook"], NOW)
    stored.settle([Outcome(hooked, problem="half a \udc80 character, \0")], NOW)
    latest, first = told_alerts(place)
    assert latest.alert.phase == "shelf"
    assert [(one.receiver, one.sent_at, one.is_due, one.tries) for one in first.deliveries] == [
        ("email", NOW, False, 1),
        ("log", NOW, False, 0),
        ("webhook", None, True, 1),
    ]


def test_what_is_old_or_too_much_is_forgotten(
    stored: StoreLedger, place: StorePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alert_ledger, "KEPT_MAX", 3)
    for day in range(6):
        stored.enter(an_alert(phase=f"phase {day}", at=NOW + timedelta(days=day)), BOTH)
    assert [told.alert.phase for told in told_alerts(place)] == ["phase 5", "phase 4", "phase 3", "phase 2"]
    stored.enter(an_alert(phase="late", at=NOW + timedelta(days=404, hours=1)), BOTH)
    assert [told.alert.phase for told in told_alerts(place)] == ["late", "phase 5"]


def test_a_store_of_before_takes_alerts_and_keeps_its_runs(tmp_path: Path) -> None:
    place = store_of(tmp_path / "evidence.db", a_run(1))
    with closing(sqlite3.connect(place)) as store:
        for table in ("alerts", "deliveries", "alert_states"):
            store.execute(f"DROP TABLE {table}")
        store.execute("PRAGMA user_version = 3")
        store.commit()
    assert StoreLedger(place).claim(BOTH, NOW) == []
    assert StoreLedger(place).enter(an_alert(), BOTH) is not None
    with writing(place) as connection:
        assert connection.execute("SELECT sum(runs) FROM tallies").fetchone() == (1,)


def test_a_store_that_does_not_exist_is_owed_nothing(tmp_path: Path) -> None:
    assert StoreLedger(tmp_path / "none.db").claim(BOTH, NOW) == []
    assert told_alerts(tmp_path / "none.db") == ()
    assert not (tmp_path / "none.db").exists()
