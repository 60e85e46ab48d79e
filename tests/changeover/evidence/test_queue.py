"""A run that was handed over has one worker at a time, is judged once, and no secret of it is readable."""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from changeover.errors import ConfigurationError
from changeover.evidence.store.fleet import Fleet, FleetCounts
from changeover.evidence.store.place import Database, StoreProblem, store_path
from changeover.evidence.store.queue import (
    ALONE_FROM,
    TRIES_MAX,
    Ended,
    HeldBack,
    LeasedFrame,
    Queue,
    RecordedFrame,
    Step,
)
from changeover.evidence.store.records import StoredRun
from changeover.evidence.store.sealing import Seal, seal_of
from changeover.evidence.store.store import writing
from changeover.rollout.tripwire_state import Trip
from changeover.spool.frame import FrameKind
from changeover.spool.progress import Place
from tests.changeover.support.counted_runs import runs_in
from tests.changeover.support.evidence_rows import a_run
from tests.changeover.support.stores import sql

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
LONG_S = 600.0
SECRET = b"hunter2-of-production"
KEY = Fernet.generate_key().decode()
OTHER_KEY = Fernet.generate_key().decode()


def place_at(address: str) -> Database:
    place = store_path(Path("here"), {"CHANGEOVER_STORE": address})
    assert isinstance(place, Database)
    return place


def queue_at(address: str, seal: Seal | None = None) -> Queue:
    return Queue(place_at(address), seal)


@pytest.fixture
def queue(database: str) -> Queue:
    return queue_at(database)


def frame(number: int, payload: bytes = b"a run", kind: FrameKind = FrameKind.RECORDED) -> RecordedFrame:
    return RecordedFrame(f"run {number}", "till.pay", AT, kind, payload, {"TZ": "UTC"})


def steps(numbers: Sequence[int], payload: bytes = b"a run") -> list[Step]:
    """Frames that lie one behind the other, each at the place of its number."""
    return [Step(Place(1, number + 1, number + 1), frame(number, payload)) for number in numbers]


def ids(leased: Sequence[LeasedFrame]) -> list[str]:
    return [one.id for one in leased]


def row(number: int, **changes: object) -> StoredRun:
    return replace(a_run(number), id=f"run {number}", **changes)  # type: ignore[arg-type]


def judged(numbers: Sequence[int]) -> list[Ended]:
    return [Ended(f"run {number}", (row(number),)) for number in numbers]


def counts_in(address: str) -> FleetCounts:
    found = Fleet(place_at(address)).look().counts
    assert found.recorded == found.replayed + found.waiting + found.dropped
    return found


def test_a_run_comes_back_as_it_was_handed_over_and_only_once(queue: Queue) -> None:
    assert queue.ship("spool", steps(range(3))) == 3
    first = queue.lease("one", 2, LONG_S)
    assert first == [LeasedFrame("run 0", frame(0), 1), LeasedFrame("run 1", frame(1), 1)]
    assert ids(queue.lease("two", 9, LONG_S)) == ["run 2"]
    assert queue.lease("three", 9, LONG_S) == []


def test_what_is_shipped_again_comes_in_no_second_time_even_when_it_has_been_judged(
    queue: Queue, database: str
) -> None:
    """The shipper was killed between the transaction and the mark in its spool, and ships all again."""
    queue.ship("spool", steps(range(3)))
    queue.lease("one", 9, LONG_S)
    queue.end("one", judged(range(3)))
    assert queue.ship("spool", steps(range(5))) == 2
    assert ids(queue.lease("two", 9, LONG_S)) == ["run 3", "run 4"]
    assert queue.ship("spool", steps(range(5))) == 0
    assert counts_in(database).recorded == 5


def test_several_shippers_of_one_spool_bring_each_run_once(database: str) -> None:
    shipped: list[int] = []

    def ship() -> None:
        mine = queue_at(database)
        for end in range(10, 101, 10):
            shipped.append(mine.ship("spool", steps(range(end))))

    threads = [threading.Thread(target=ship) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(shipped) == 100
    assert counts_in(database) == FleetCounts(100, 0, 100, 0, 0, AT)


class SlowSeal(Seal):
    """One that stops in the middle of a shipment."""

    def __init__(self) -> None:
        super().__init__(KEY)
        self.reached, self.go_on = threading.Event(), threading.Event()

    def close(self, payload: bytes) -> bytes:
        self.reached.set()
        assert self.go_on.wait(60)
        return super().close(payload)


def test_a_shipper_that_is_slow_brings_nothing_that_another_one_brought_and_a_worker_ended(
    database: str,
) -> None:
    seal = SlowSeal()
    thread = threading.Thread(target=queue_at(database, seal).ship, args=("spool", steps(range(3))))
    queue_at(database, Seal(KEY)).ship("spool", steps(range(1)))
    thread.start()
    assert seal.reached.wait(60)
    other = Queue(place_at(database), Seal(KEY), 0.5)
    with suppress(StoreProblem):  # it waits for the slow one, and no longer than it may
        other.ship("spool", steps(range(3)))
    other.end("one", [Ended(one.id) for one in other.lease("one", 9, LONG_S)])
    seal.go_on.set()
    thread.join()
    other.end("one", [Ended(one.id) for one in other.lease("one", 9, LONG_S)])
    assert counts_in(database) == FleetCounts(3, 3, 0, 0, 0, None)


def test_a_run_ends_with_its_evidence_or_not_at_all(queue: Queue, database: str) -> None:
    queue.ship("spool", steps(range(2)))
    queue.lease("one", 9, LONG_S)

    def breaks(connection: object) -> None:
        raise OSError("the machine is gone")

    with pytest.raises(StoreProblem):
        queue.end("one", judged(range(2)), also=breaks)
    assert runs_in(place_at(database)) == ()
    assert counts_in(database).waiting == 2

    assert queue.end("one", judged(range(2))) == 0
    assert {run.id for run in runs_in(place_at(database))} == {"run 0", "run 1"}
    assert counts_in(database) == FleetCounts(2, 2, 0, 0, 0, None)


def test_what_is_given_back_is_there_for_others_at_once(queue: Queue) -> None:
    queue.ship("spool", steps(range(2)))
    queue.lease("one", 2, LONG_S)
    queue.give_back("two", ["run 0"])  # it is not its own
    queue.give_back("one", ["run 1"])
    assert ids(queue.lease("two", 9, LONG_S)) == ["run 1"]


def test_who_takes_too_long_has_lost_the_run_and_what_it_made_of_it(queue: Queue, database: str) -> None:
    queue.ship("spool", steps([0]))
    assert ids(queue.lease("slow", 1, 0.0)) == ["run 0"]
    assert ids(queue.lease("other", 1, LONG_S)) == ["run 0"]
    assert queue.end("slow", [Ended("run 0", (row(0, key="slow"),))]) == 1
    assert runs_in(place_at(database)) == ()
    assert queue.end("other", [Ended("run 0", (row(0, key="other"),))]) == 0
    assert [run.key for run in runs_in(place_at(database))] == ["other"]
    assert counts_in(database).replayed == 1


def test_who_says_that_it_is_at_work_keeps_its_runs(queue: Queue) -> None:
    queue.ship("spool", steps([0]))
    queue.lease("one", 1, 0.0)
    queue.renew("one", ["run 0"], LONG_S)
    assert queue.lease("two", 1, LONG_S) == []


def test_several_workers_share_all_runs_and_none_is_done_twice(database: str) -> None:
    queue_at(database).ship("spool", steps(range(200)))
    lost: list[int] = []

    def work(worker: str) -> None:
        mine = queue_at(database)
        while runs := mine.lease(worker, 7, LONG_S):
            lost.append(mine.end(worker, [Ended(run.id) for run in runs]))

    threads = [threading.Thread(target=work, args=(f"worker {number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(lost) == {0}
    assert counts_in(database) == FleetCounts(200, 200, 0, 0, 0, None)


def _lease_and_hang(address: str, ready: "multiprocessing.synchronize.Event") -> None:
    queue_at(address).lease("killed", 5, 2.0)
    ready.set()
    time.sleep(LONG_S)


def test_a_worker_that_is_killed_gives_its_runs_back(database: str) -> None:
    queue = queue_at(database)
    queue.ship("spool", steps(range(5)))
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
        found += ids(queue.lease("next", 9, LONG_S))
        time.sleep(0.05)
    assert found == [f"run {number}" for number in range(5)]


def test_what_ends_its_workers_is_tried_alone_after_all_others_and_then_given_up(queue: Queue) -> None:
    queue.ship("spool", steps(range(2)))
    for _ in range(ALONE_FROM):
        assert ids(queue.lease("dies", 9, 0.0)) == ["run 0", "run 1"]
    queue.ship("other", [Step(Place(1, 1, 1), frame(2))])
    assert ids(queue.lease("dies", 9, LONG_S)) == ["run 2"]
    found = [queue.lease("dies", 9, 0.0) for _ in range(TRIES_MAX - ALONE_FROM + 1)]
    assert {len(one) for one in found} == {1}
    assert {one.given_up for (one,) in found[:-1]} == {None}
    assert found[-1][0].given_up == f"{TRIES_MAX} workers ended with it in hand"


def test_what_is_said_of_a_run_later_comes_after_it(queue: Queue, database: str) -> None:
    late = Step(Place(1, 2, 1), frame(0, b"it acted later", FrameKind.ADDENDUM))
    queue.ship("spool", [*steps([0]), late])
    assert ids(queue.lease("one", 9, LONG_S)) == ["run 0"]
    assert queue.lease("two", 9, LONG_S) == [], "else the verdict of the run would be the last one"
    queue.end("one", judged([0]))
    (rest,) = queue.lease("two", 9, LONG_S)
    assert rest.frame is not None
    assert (rest.frame.kind, rest.frame.run, rest.frame.payload) == (
        FrameKind.ADDENDUM,
        "run 0",
        b"it acted later",
    )
    queue.end("two", [Ended(rest.id, (row(0, key="later"),))])
    assert [run.key for run in runs_in(place_at(database))] == ["later"]
    assert counts_in(database) == FleetCounts(1, 1, 0, 0, 0, None)


def test_a_run_that_is_held_back_and_one_that_is_lost_are_counted_once(queue: Queue, database: str) -> None:
    taken = [*steps([0]), Step(Place(1, 2, 2), HeldBack(row(1)))]
    queue.ship("spool", taken)
    queue.ship("spool", taken)
    queue.end_spool("spool", 3)
    queue.end_spool("spool", 3)
    assert counts_in(database) == FleetCounts(5, 0, 1, 4, 0, AT)
    assert [run.id for run in runs_in(place_at(database))] == ["run 1"]


def test_the_counts_of_spools_outlive_their_names(queue: Queue, database: str) -> None:
    for number in range(3):
        queue.ship(f"spool {number}", [Step(Place(1, 1, 1), frame(number))])
        queue.end_spool(f"spool {number}", 1)
    schema = place_at(database).schema
    sql(f"UPDATE \"{schema}\".spools SET ended_at = ended_at - interval '31 days'")  # noqa: S608  our own name
    queue.end_spool("last", 0)
    ((names,),) = sql(f'SELECT count(*) FROM "{schema}".spools')  # noqa: S608  a name of our own
    assert names == 2
    assert counts_in(database) == FleetCounts(6, 0, 3, 3, 0, AT)


def test_the_trip_of_the_newest_flags_holds(queue: Queue, database: str) -> None:
    for revision in (7, 9, 8):
        queue.end("one", [], [Trip("till", revision, AT, f"of {revision}")])
    assert Fleet(place_at(database)).look().trips == (Trip("till", 9, AT, "of 9"),)


def test_whoever_writes_to_the_store_keeps_nobody_from_the_queue(database: str) -> None:
    queue = queue_at(database)
    queue.ship("spool", steps(range(2)))
    with writing(place_at(database)):
        assert len(queue.lease("one", 1, LONG_S)) == 1


def test_a_store_that_had_no_queue_gets_one(database: str) -> None:
    with writing(place_at(database)):
        pass
    schema = place_at(database).schema
    sql(f'DROP TABLE "{schema}".queued_runs, "{schema}".spools, "{schema}".replays')
    from changeover.evidence.store.postgres_connections import close_connections

    close_connections()
    assert queue_at(database).ship("spool", steps([0])) == 1


def test_with_a_key_nothing_of_a_run_is_readable_in_the_database(database: str) -> None:
    sealing = queue_at(database, Seal(KEY))
    assert sealing.ship("spool", steps([1], b"password " + SECRET + b" \xff")) == 1
    schema = place_at(database).schema
    ((payload,),) = sql(f'SELECT payload FROM "{schema}".queued_runs')  # noqa: S608  a name of our own
    assert isinstance(payload, bytes)
    assert b"hunter2" not in payload
    assert b"password" not in payload
    (there,) = queue_at(database, Seal(f"{OTHER_KEY}, {KEY}")).lease("one", 1, 0.0)
    assert there.frame is not None
    assert there.frame.payload == b"password " + SECRET + b" \xff"


@pytest.mark.parametrize("other", [None, OTHER_KEY], ids=["no key", "another key"])
def test_who_has_not_the_key_gets_nothing_and_the_runs_stay(database: str, other: str | None) -> None:
    queue_at(database, Seal(KEY)).ship("spool", steps([1], SECRET))
    seal = None if other is None else Seal(other)
    assert queue_at(database, seal).lease("one", 1, LONG_S) == []
    keys = () if seal is None else seal.names
    assert Fleet(place_at(database)).look(keys).counts.sealed == 1
    assert Fleet(place_at(database)).look(Seal(KEY).names).counts.sealed == 0
    assert ids(queue_at(database, Seal(KEY)).lease("two", 1, LONG_S)) == ["run 1"]


def test_what_was_changed_in_the_database_is_counted_as_dropped(database: str) -> None:
    queue = queue_at(database, Seal(KEY))
    queue.ship("spool", steps([1]))
    schema = place_at(database).schema
    sql(f'UPDATE "{schema}".queued_runs SET payload = payload || payload')  # noqa: S608  a name of our own
    (changed,) = queue.lease("one", 1, LONG_S)
    assert changed.frame is None
    queue.end("one", [Ended(changed.id, is_damaged=True)])
    assert counts_in(database) == FleetCounts(1, 0, 0, 1, 0, None)


def test_what_is_no_key_is_refused_without_showing_it() -> None:
    assert seal_of({}) is None
    with pytest.raises(ConfigurationError, match="CHANGEOVER_SPOOL_KEY: holds no key") as refused:
        seal_of({"CHANGEOVER_SPOOL_KEY": "hunter2"})
    assert "hunter2" not in str(refused.value)
