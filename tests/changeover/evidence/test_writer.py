"""What a running program leaves as evidence, and that it never feels how its store is."""

import logging
import os
import resource
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from textwrap import dedent

import pytest

from changeover import Run
from changeover.evidence import spooled_runs
from changeover.evidence.code_digest import Judged
from changeover.evidence.renewal import unpacked
from changeover.evidence.spooled_runs import RETRY_FIRST_S
from changeover.evidence.store.store import read_evidence
from changeover.evidence.writer import EvidenceWriter
from changeover.record.codec import Codec
from changeover.rollout.test_override import StageOverride, override_stages
from changeover.values.observation import Side
from changeover.values.stage import Setting, Stage
from changeover.values.verdict import Verdict
from tests.changeover.support.counted_runs import runs_in
from tests.changeover.support.evidence_rows import Shadowed
from tests.programs.process import run_python


def test_a_compared_run_is_kept_with_everything_that_a_gate_asks(tmp_path: Path) -> None:
    program = Shadowed(tmp_path)
    program.pay("ann")
    (run,) = program.runs()
    assert (run.seam, run.phase, run.stage, run.answered_by) == ("till.pay", "till", "shadow", Side.LEGACY)
    assert run.verdict is Verdict.MATCH
    assert run.world is not None
    assert len(run.rules) == 64
    assert run.legacy_s is not None
    assert program.till.paid == [10]


def test_what_differs_is_kept_with_its_clusters_and_the_unsafe_ones_are_marked(tmp_path: Path) -> None:
    def pays_double(name: str) -> int:
        amount = program.till.balance(name)
        program.till.pay(name, 2 * amount)
        return amount

    program = Shadowed(tmp_path, pays_double)
    program.pay("ann")
    (run,) = program.runs()
    assert run.verdict is Verdict.UNSAFE
    assert run.unsafe == run.clusters
    assert len(run.clusters) == 1


def test_without_a_folder_or_with_keep_false_nothing_is_kept(tmp_path: Path) -> None:
    program = Shadowed(tmp_path, store="none")
    program.pay("ann")
    assert program.runs() == ()
    assert not program.store.exists()
    assert program.migration.problems == ()


def test_what_runs_at_off_makes_no_store(tmp_path: Path) -> None:
    program = Shadowed(tmp_path, stage="off")
    program.pay("ann")
    program.migration.flush()
    assert not program.store.parent.exists()


def test_runs_of_a_test_session_are_not_kept(tmp_path: Path) -> None:
    program = Shadowed(tmp_path)
    with override_stages(StageOverride(Setting(Stage.SHADOW), lambda run: None)):
        program.pay("ann")
    assert program.runs() == ()


def test_runs_about_code_that_cannot_be_found_are_kept_and_never_count(tmp_path: Path) -> None:
    program = Shadowed(tmp_path, migration='code = ["no_such_package"]')
    program.pay("ann")
    (run,) = program.runs()
    assert (run.code, run.rules) == (None, "")
    assert any("do not count" in problem for problem in program.migration.problems)


def test_a_world_keeps_one_tape_and_what_differs_keeps_every_one(tmp_path: Path) -> None:
    program = Shadowed(tmp_path, lambda name: program.legacy(name) if name != "bob" else -1)
    for name in ("ann", "ann", "eve", "bob", "bob"):
        program.pay(name)
    program.migration.flush()
    with closing(sqlite3.connect(program.store)) as store:
        found = store.execute("SELECT verdict, tape IS NOT NULL FROM runs ORDER BY at, rowid").fetchall()
    assert found == [("match", 1), ("match", 0), ("match", 1), ("unsafe", 1), ("unsafe", 1)]


def test_secrets_of_the_environment_stand_in_no_part_of_a_store(tmp_path: Path) -> None:
    program = Shadowed(tmp_path, lambda name: -1, secrets={"TILL_PASSWORD": "hunter-22-secret"})
    program.pay("hunter-22-secret")
    program.pay("hunter-22-secret again")
    assert len(program.runs()) == 2
    with closing(sqlite3.connect(program.store)) as store:
        tapes = [unpacked(tape) for (tape,) in store.execute("SELECT tape FROM runs WHERE tape IS NOT NULL")]
    assert tapes
    assert b"hunter-22" not in b"".join([program.store.read_bytes(), *tapes])


@contextmanager
def a_folder_in_its_place(store: Path) -> Iterator[None]:
    store.mkdir(parents=True)
    yield
    store.rmdir()


@contextmanager
def a_file_in_the_place_of_its_folder(store: Path) -> Iterator[None]:
    store.parent.write_text("mine")
    yield
    store.parent.unlink()


@contextmanager
def a_text_in_its_place(store: Path) -> Iterator[None]:
    store.parent.mkdir()
    store.write_text("no database at all\n" * 100)
    yield
    store.unlink()


@contextmanager
def somebody_elses_database(store: Path) -> Iterator[None]:
    store.parent.mkdir()
    with closing(sqlite3.connect(store)) as other:
        other.execute("CREATE TABLE orders (mine TEXT)")
    yield
    with closing(sqlite3.connect(store)) as other:
        assert other.execute("SELECT name FROM sqlite_master").fetchall() == [("orders",)]
    store.unlink()


@contextmanager
def a_newer_version(store: Path) -> Iterator[None]:
    store.parent.mkdir()
    with closing(sqlite3.connect(store)) as newer:
        newer.execute("PRAGMA user_version = 99")
    yield
    store.unlink()


@contextmanager
def a_lock_on_it(store: Path, *, is_there: bool = False) -> Iterator[None]:
    store.parent.mkdir(exist_ok=is_there)
    with closing(sqlite3.connect(store, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield


@contextmanager
def a_spool_that_cannot_be_made(store: Path) -> Iterator[None]:
    store.parent.mkdir()
    store.with_name("spool").write_text("mine")
    with a_lock_on_it(store, is_there=True):
        yield


@contextmanager
def a_full_disk(store: Path) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8_192, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


OF_THE_STORE = [
    a_folder_in_its_place,
    a_text_in_its_place,
    somebody_elses_database,
    a_newer_version,
    a_lock_on_it,
    a_full_disk,
]
OF_THE_SPOOL_TOO = [a_file_in_the_place_of_its_folder, a_spool_that_cannot_be_made]


@pytest.mark.parametrize(
    ("trouble", "lost"), [*((one, 0) for one in OF_THE_STORE), *((one, 2) for one in OF_THE_SPOOL_TOO)]
)
def test_a_store_that_is_out_of_order_harms_nobody_and_is_said_once(
    trouble: object,
    lost: int,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(spooled_runs, "WAITING_MAX", 3)
    program = Shadowed(tmp_path)
    with caplog.at_level(logging.WARNING, "changeover.evidence"), trouble(program.store):  # type: ignore[operator]
        assert [program.pay(f"guest {number}") for number in range(5)] == [10] * 5
        program.migration.flush()
        problems = [one for one in program.migration.problems if one.startswith("evidence ")]
        assert len(problems) == 1
    assert [record.name for record in caplog.records].count("changeover.evidence") == 1
    assert program.till.paid == [10] * 5

    evidence = program.evidence()  # all is well again
    assert evidence.problem is None
    assert evidence.runs == 5 - lost
    assert evidence.lost == lost
    assert program.migration.problems == ()


def test_after_a_failure_nothing_is_tried_for_a_while_and_then_longer(tmp_path: Path) -> None:
    seconds = [0.0]
    runs: list[Run] = []
    Shadowed(tmp_path / "elsewhere", store="none", sink=runs.append).pay("ann")
    store = tmp_path / ".changeover" / "evidence.db"
    keep = EvidenceWriter(
        tmp_path, Codec(), judged=lambda: Judged("c", "r"), environment={}, monotonic=lambda: seconds[0]
    )

    def kept_at(moment: float) -> int:
        seconds[0] = moment
        keep(replace(runs[0], id=f"at {moment}"))
        with closing(sqlite3.connect(store)) as opened:
            tables = opened.execute("SELECT 1 FROM sqlite_master").fetchall()
            return opened.execute("SELECT count(*) FROM runs").fetchone()[0] if tables else 0

    with a_lock_on_it(store):
        keep(runs[0])
        seconds[0] = RETRY_FIRST_S
        keep(replace(runs[0], id="again"))
    assert kept_at(2.9 * RETRY_FIRST_S) == 0
    assert kept_at(3 * RETRY_FIRST_S) == 4
    assert keep.problems == ()


def test_how_much_may_wait_beside_the_store_is_said_by_the_environment(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    program = Shadowed(tmp_path, secrets={"CHANGEOVER_SPOOL_BYTES": "6000"})
    for number in range(40):
        program.pay(f"guest {number}")
    assert 1_000 < spooled_bytes(program) < 15_000
    evidence = program.evidence()
    assert evidence.runs + evidence.lost == 40
    assert evidence.lost > 0
    with caplog.at_level(logging.WARNING, "changeover.evidence"):
        Shadowed(tmp_path / "other", secrets={"CHANGEOVER_SPOOL_BYTES": "much"}).pay("ann")
    assert "CHANGEOVER_SPOOL_BYTES was 'much', allowed: a number of bytes above 0" in caplog.text


def spooled_bytes(program: Shadowed) -> int:
    return sum(path.stat().st_size for path in program.store.parent.glob("spool/*.frames"))


def test_a_store_that_vanishes_is_made_anew(tmp_path: Path) -> None:
    program = Shadowed(tmp_path)
    program.pay("ann")
    program.migration.flush()
    program.store.unlink()
    program.pay("bob")
    assert len(program.runs()) == 1


def test_threads_lose_no_run(tmp_path: Path) -> None:
    program = Shadowed(tmp_path)

    def pay_often(who: int) -> None:
        for number in range(20):
            program.pay(f"guest {who} {number}")

    threads = [threading.Thread(target=pay_often, args=(who,)) for who in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(program.runs()) == 80


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_process_keeps_its_own_runs_and_counts_what_its_parent_lost_no_second_time(
    tmp_path: Path,
) -> None:
    script = """
        import os, sys
        from pathlib import Path
        from changeover.evidence import spooled_runs
        from tests.changeover.support.evidence_rows import Shadowed
        from tests.changeover.evidence.test_writer import a_spool_that_cannot_be_made
        spooled_runs.WAITING_MAX = 1
        program = Shadowed(Path(sys.argv[1]))
        with a_spool_that_cannot_be_made(program.store):
            for name in ("waits", "is lost", "is lost as well"):
                program.pay(name)
        child = os.fork()
        spooled_runs.WAITING_MAX = 2
        program.pay("child" if child == 0 else "parent")
        if child:
            os.waitpid(child, 0)
    """
    run_python(["-c", dedent(script), str(tmp_path)], check=True, timeout=60)
    evidence = read_evidence(tmp_path / ".changeover" / "evidence.db")
    worlds = {run.world for run in runs_in(tmp_path / ".changeover" / "evidence.db")}
    assert len(worlds) == evidence.runs == 3
    assert evidence.lost == 2


def test_a_killed_writer_leaves_a_store_that_can_be_read(tmp_path: Path) -> None:
    script = """
        import os, signal, sys
        from pathlib import Path
        from changeover.evidence.store.store import writing
        from changeover.evidence.store.writing import add_runs
        from tests.changeover.support.evidence_rows import a_run, store_of
        path = Path(sys.argv[1])
        store_of(path, *map(a_run, range(50)))
        with writing(path) as connection:
            connection.execute("PRAGMA cache_size = 1")      # so that pages reach the file before the end
            add_runs(connection, [a_run(number, body="x" * 20_000) for number in range(25, 500)])
            os.kill(os.getpid(), signal.SIGKILL)
    """
    path = tmp_path / "evidence.db"
    done = run_python(["-c", dedent(script), str(path)], timeout=60)
    assert done.returncode < 0
    assert path.with_name("evidence.db-journal").exists()
    evidence = read_evidence(path)
    assert evidence.problem is None
    assert evidence.runs == 50
