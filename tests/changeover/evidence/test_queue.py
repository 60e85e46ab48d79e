"""A run that was handed over has one worker at a time, is judged once, and no secret of it is readable."""

import multiprocessing
import os
import signal
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from changeover.errors import ConfigurationError
from changeover.evidence.store.place import Database, store_path
from changeover.evidence.store.queue import Queue, RecordedRun, Shipped
from changeover.evidence.store.sealing import Seal, seal_of
from changeover.evidence.store.store import writing
from tests.changeover.support.stores import sql

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
LONG_S = 600.0
SECRET = "hunter2-of-production"
KEY = Fernet.generate_key().decode()


def place_at(address: str) -> Database:
    place = store_path(Path("here"), {"CHANGEOVER_STORE": address})
    assert isinstance(place, Database)
    return place


def without_secrets(text: str) -> str:
    return text.replace(SECRET, "***")


def queue_at(address: str, seal: Seal | None = None) -> Queue:
    return Queue(place_at(address), seal, without_secrets)


@pytest.fixture
def queue(database: str) -> Queue:
    return queue_at(database)


def recorded(number: int, payload: str = "a run") -> RecordedRun:
    return RecordedRun(f"run {number}", "till.pay", AT, payload)


def test_a_run_comes_back_as_it_was_handed_over_and_only_once(queue: Queue) -> None:
    assert queue.ship(map(recorded, range(3))) == Shipped(3, 0)
    assert queue.ship(map(recorded, range(2, 4))) == Shipped(1, 0)
    first = queue.lease("one", 2, LONG_S)
    assert [(run.id, run.seam, run.at, run.payload, run.tries) for run in first] == [
        ("run 0", "till.pay", AT, "a run", 1),
        ("run 1", "till.pay", AT, "a run", 1),
    ]
    assert [run.id for run in queue.lease("two", 9, LONG_S)] == ["run 2", "run 3"]
    assert queue.lease("three", 9, LONG_S) == []


def test_what_is_done_is_gone_and_what_is_given_back_is_there_for_others(queue: Queue) -> None:
    queue.ship(map(recorded, range(3)))
    queue.lease("one", 3, LONG_S)
    assert queue.done("one", ["run 0"]) == ["run 0"]
    assert queue.give_back("one", ["run 1"]) == ["run 1"]
    assert queue.done("two", ["run 2"]) == [], "it is not its own"
    assert [(run.id, run.tries) for run in queue.lease("two", 9, LONG_S)] == [("run 1", 2)]
    found = queue.waiting()
    assert (found.waiting, found.leased) == (0, 2)


def test_who_takes_too_long_has_lost_the_run(queue: Queue) -> None:
    queue.ship([recorded(0)])
    assert [run.id for run in queue.lease("slow", 1, 0.0)] == ["run 0"]
    assert queue.waiting().waiting == 1
    assert [run.id for run in queue.lease("other", 1, LONG_S)] == ["run 0"]
    assert queue.done("slow", ["run 0"]) == []
    assert queue.done("other", ["run 0"]) == ["run 0"]


def test_several_workers_share_all_runs_and_none_is_done_twice(database: str) -> None:
    queue_at(database).ship(map(recorded, range(200)))
    done: list[str] = []

    def work(worker: str) -> None:
        mine = queue_at(database)
        while runs := mine.lease(worker, 7, LONG_S):
            done.extend(mine.done(worker, [run.id for run in runs]))

    threads = [threading.Thread(target=work, args=(f"worker {number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == sorted(f"run {number}" for number in range(200))


def _lease_and_hang(address: str, ready: "multiprocessing.synchronize.Event") -> None:
    queue_at(address).lease("killed", 5, 2.0)
    ready.set()
    time.sleep(LONG_S)


def test_a_worker_that_is_killed_gives_its_runs_back(database: str) -> None:
    queue = queue_at(database)
    queue.ship(map(recorded, range(5)))
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    worker = context.Process(target=_lease_and_hang, args=(database, ready))
    worker.start()
    assert ready.wait(60)
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGKILL)
    worker.join()
    found: list[str] = []
    until = time.monotonic() + 60
    while len(found) < 5 and time.monotonic() < until:
        found += [run.id for run in queue.lease("next", 9, LONG_S)]
        time.sleep(0.05)
    assert found == [f"run {number}" for number in range(5)]


def test_whoever_writes_to_the_store_keeps_nobody_from_the_queue(database: str) -> None:
    queue = queue_at(database)
    queue.ship(map(recorded, range(2)))
    with writing(place_at(database)):
        assert len(queue.lease("one", 1, LONG_S)) == 1


def test_without_a_key_what_has_a_secret_in_it_is_held_back(database: str) -> None:
    queue = queue_at(database)
    assert queue.ship([recorded(1, f"password {SECRET}"), recorded(2, "half \udc80")]) == Shipped(1, 1)
    assert [(run.id, run.payload) for run in queue.lease("one", 9, LONG_S)] == [("run 2", "half \udc80")]


def test_with_a_key_nothing_of_a_run_is_readable_in_the_database(database: str) -> None:
    sealing = queue_at(database, Seal(KEY))
    assert sealing.ship([recorded(1, f"password {SECRET} ü \udc80")]) == Shipped(1, 0)
    schema = place_at(database).schema
    ((payload,),) = sql(f'SELECT payload FROM "{schema}".queue')  # noqa: S608  a name of our own
    assert isinstance(payload, bytes)
    assert b"hunter2" not in payload
    assert b"password" not in payload
    (there,) = queue_at(database, Seal(f"{Fernet.generate_key().decode()}, {KEY}")).lease("one", 1, 0.0)
    assert there.payload == f"password {SECRET} ü \udc80"


@pytest.mark.parametrize("other", [None, Fernet.generate_key().decode()], ids=["no key", "another key"])
def test_who_has_not_the_key_is_told_so_and_sees_nothing(database: str, other: str | None) -> None:
    queue_at(database, Seal(KEY)).ship([recorded(1, SECRET)])
    (run,) = queue_at(database, None if other is None else Seal(other)).lease("one", 1, LONG_S)
    assert run.payload is None
    assert run.problem in (
        "it is sealed, and there is no key here",
        "it was sealed with another key, or changed",
    )


def test_what_is_no_key_is_refused_without_showing_it() -> None:
    assert seal_of({}) is None
    with pytest.raises(ConfigurationError, match="CHANGEOVER_SPOOL_KEY: holds no key") as refused:
        seal_of({"CHANGEOVER_SPOOL_KEY": "hunter2"})
    assert "hunter2" not in str(refused.value)
