"""What ran is written soon, also where no further run comes and the process is not ended politely."""

import multiprocessing
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from changeover.evidence.flush_thread import EVERY_S
from changeover.evidence.store.maintenance import DAYS_BELIEVED, prune, usual_limits
from changeover.evidence.store.store import writing
from tests.changeover.support.counted_runs import runs_in
from tests.changeover.support.evidence_rows import Shadowed, a_run, store_of
from tests.changeover.support.own_app import OwnApp

NOW = datetime(2026, 7, 1, tzinfo=UTC)
JUMP = NOW + timedelta(days=9_000)


def kept_within(program: Shadowed, runs: int, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if len(runs_in(program.store)) == runs:
            return True
        time.sleep(0.05)
    return False


def test_runs_are_written_although_no_further_run_comes(tmp_path: Path) -> None:
    program = Shadowed(tmp_path)
    for number in range(20):
        program.pay(f"customer {number}")
    assert kept_within(program, 20, 10 * EVERY_S)


def test_the_thread_begins_again_after_it_had_nothing_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("changeover.evidence.flush_thread.IDLE_S", 0.2)
    monkeypatch.setattr("changeover.evidence.flush_thread.EVERY_S", 0.1)
    program = Shadowed(tmp_path)
    for first in (0, 10):
        for number in range(10):
            program.pay(f"customer {first + number}")
        assert kept_within(program, first + 10, 10.0)
        time.sleep(0.5)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_child_of_multiprocessing_writes_what_it_ran(tmp_path: Path) -> None:
    program = Shadowed(tmp_path)
    program.pay("parent")

    def work() -> None:
        for number in range(20):
            program.pay(f"child {number}")

    child = multiprocessing.get_context("fork").Process(target=work)
    child.start()
    child.join()
    program.migration.flush()
    assert len(runs_in(program.store)) == 21


def store_with(tmp_path: Path, *days: datetime) -> Path:
    rows = [a_run(number, at=day) for number, day in enumerate(days)]
    return store_of(tmp_path / "evidence.db", *rows)


def left(path: Path, now: datetime) -> int:
    with writing(path) as connection:
        prune(connection, usual_limits(now))
    return len(runs_in(path))


def test_a_clock_that_is_years_ahead_forgets_nothing(tmp_path: Path) -> None:
    path = store_with(tmp_path, NOW, NOW - timedelta(days=1))
    assert left(path, JUMP) == 2


def test_nor_do_the_runs_that_it_dated(tmp_path: Path) -> None:
    jumped = [JUMP + timedelta(days=number) for number in range(DAYS_BELIEVED - 1)]
    path = store_with(tmp_path, NOW, *jumped)
    assert left(path, JUMP) == 1 + len(jumped)
    assert left(path, NOW) == 1 + len(jumped)


def test_what_is_old_by_the_days_of_the_evidence_itself_is_forgotten(tmp_path: Path) -> None:
    today = [NOW - timedelta(days=number) for number in range(DAYS_BELIEVED)]
    path = store_with(tmp_path, NOW - timedelta(days=500), *today)
    assert left(path, NOW) == len(today)


def test_a_clock_that_is_years_behind_forgets_nothing(tmp_path: Path) -> None:
    today = [NOW - timedelta(days=number) for number in range(DAYS_BELIEVED)]
    path = store_with(tmp_path, *today)
    assert left(path, NOW - timedelta(days=9_000)) == len(today)


def test_a_program_that_is_loaded_under_another_clock_keeps_its_runs(tmp_path: Path) -> None:
    pytest.importorskip("freezegun")
    app = OwnApp(tmp_path)
    program = (
        "import freezegun\n"
        "with freezegun.freeze_time('2051-03-01', tick=True):\n"
        "    import own_app\n"
        "    [own_app.double(number) for number in range(3)]\n"
        "    own_app.migration.close()\n"
    )
    done = app.python("-c", program, CHANGEOVER_STAGE_DOUBLE="shadow")
    assert done.returncode == 0, done.stderr
    assert len(runs_in(tmp_path / ".changeover" / "evidence.db")) == 3
