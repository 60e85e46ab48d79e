"""Connections that are cut at any moment, also of a commit, bring no run twice and judge none twice."""

import random
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from changeover.evidence.store.fleet import Fleet, FleetCounts
from changeover.evidence.store.maintenance import Checked, check_store
from changeover.evidence.store.place import Database, StoreProblem, store_path
from changeover.evidence.store.queue import Ended, LeasedFrame, Queue, RecordedFrame, Step
from changeover.evidence.store.store import writing
from changeover.spool.frame import FrameKind
from changeover.spool.progress import Place
from tests.changeover.support.evidence_rows import a_run
from tests.changeover.support.stores import sql
from tests.changeover.support.written_rows import TIMES_AND_RUNS, WATCHED

SPOOLS, RUNS = 3, 80
AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
ENOUGH_S, LEASE_S = 120.0, 0.3


class Cuts:
    """A fleet in one process whose connections are cut, each thread with moments of its own."""

    def __init__(self, address: str, seed: int) -> None:
        place = store_path(Path("here"), {"CHANGEOVER_STORE": address})
        assert isinstance(place, Database)
        named = f"{place.address}?application_name={place.schema}"
        self.place, self.named, self.seed = place, replace(place, address=named), seed
        self.until = time.monotonic() + ENOUGH_S
        self.cut = self.failed = 0
        self.is_over = threading.Event()

    def drawn(self, *parts: object) -> random.Random:
        return random.Random(f"{self.seed} {parts}")  # noqa: S311  what is tried is no secret

    def ship(self, spool: int) -> None:
        """Some steps at a time; who is cut off does not know whether they came in, and tries them again."""
        drawn, queue, done = self.drawn("ship", spool), Queue(self.named, None), 0
        steps = [_step(spool, number) for number in range(RUNS)]
        while done < RUNS and time.monotonic() < self.until:
            most = drawn.randint(1, 20)
            time.sleep(drawn.uniform(0, 0.1))
            try:
                queue.ship(f"spool {spool}", steps[done : done + most])
            except StoreProblem:
                self.failed += 1
                continue
            # Now and then it is killed before it notes how far it came, and begins earlier.
            done = max(0, done + most - (drawn.randint(0, 30) if drawn.random() < 0.2 else 0))

    def work(self, number: int) -> None:
        """Leases and ends runs. Now and then it dies with some in hand, or takes longer than its lease."""
        drawn, queue, name = self.drawn("work", number), Queue(self.named, None), f"{number}.0"
        while time.monotonic() < self.until and not self.is_over.is_set():
            leased: list[LeasedFrame] = []
            try:
                leased = queue.lease(name, drawn.randint(1, 15), LEASE_S)
                if drawn.random() < 0.15:
                    name = f"{number}.{drawn.random()}"
                    continue
                if drawn.random() < 0.1:
                    time.sleep(2 * LEASE_S)
                rows = [Ended(one.id, (a_run(_number(one.id), id=one.id, key=name),)) for one in leased]
                queue.end(name, rows)
            except StoreProblem:
                self.failed += 1
            self.is_over.wait(0 if leased else 0.05)

    def cut_some(self) -> None:
        drawn = self.drawn("cut")
        while not self.is_over.is_set():
            time.sleep(drawn.uniform(0.005, 0.1))
            which = f"application_name = '{self.place.schema}' AND random() < 0.5"
            self.cut += len(sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {which}"))  # noqa: S608


def _step(spool: int, number: int) -> Step:
    name = f"{spool * RUNS + number:032x}"
    frame = RecordedFrame(name, "till.pay", AT, FrameKind.RECORDED, b"a run", {})
    return Step(Place(1, number + 1, number + 1), frame)


def _number(name: str) -> int:
    return int(name, 16)


def _joined(threads: Sequence[threading.Thread]) -> None:
    for thread in threads:
        thread.join()


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_is_cut_each_run_comes_in_once_and_is_judged_once(database: str, seed: int) -> None:
    cuts = Cuts(database, seed)
    with writing(cuts.place):
        pass
    sql(WATCHED.format(cuts.place.schema))
    shippers = [threading.Thread(target=cuts.ship, args=(n % SPOOLS,)) for n in range(SPOOLS + 1)]
    workers = [threading.Thread(target=cuts.work, args=(n,)) for n in range(4)]
    cutter = threading.Thread(target=cuts.cut_some)
    for thread in (*shippers, *workers, cutter):
        thread.start()
    _joined(shippers)
    whole = FleetCounts(SPOOLS * RUNS, SPOOLS * RUNS, 0, 0, 0, None)
    while Fleet(cuts.place).look().counts != whole and time.monotonic() < cuts.until:
        time.sleep(0.1)
    cuts.is_over.set()
    _joined([*workers, cutter])

    assert Fleet(cuts.place).look().counts == whole
    assert sql(TIMES_AND_RUNS.format(cuts.place.schema)) == [(SPOOLS * RUNS, SPOOLS * RUNS)]
    assert check_store(cuts.place) == Checked(SPOOLS * RUNS, 0)
    assert cuts.cut > 5
    assert cuts.failed > 0
