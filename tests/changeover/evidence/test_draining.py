"""What waits in spools comes into the store before anybody reads it, and however often that is done, once."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from changeover.evidence import process_end
from changeover.evidence.store.connection import Connection
from changeover.evidence.store.draining import drain
from changeover.evidence.store.maintenance import check_store
from changeover.evidence.store.place import StorePlace, store_path
from changeover.evidence.store.run_payload import read_run_payload, run_payload
from changeover.evidence.store.store import read_evidence, reading, spool_folder, writing
from changeover.evidence.store.writing import COLUMNS
from changeover.spool.frame import FrameKind
from changeover.spool.writer import SpoolWriter
from changeover.values.verdict import Verdict
from tests.changeover.support.evidence_rows import Shadowed, a_run
from tests.changeover.support.own_app import OwnApp

ENDS_AT_ONCE = "import os, own_app\n[own_app.double(number) for number in range(3)]\nos._exit(0)\n"


def rows(place: StorePlace) -> list[tuple[object, ...]]:
    """Without asking for evidence, which would take in what waits."""
    if not place.exists():
        return []
    columns = ", ".join(COLUMNS)
    with reading(place) as connection:
        found = connection.execute(f"SELECT {columns} FROM runs WHERE corpus IS NULL ORDER BY id")  # noqa: S608
        return list(found.fetchall())


def counters(place: StorePlace) -> list[str]:
    with reading(place) as connection:
        return [name for (name,) in connection.execute("SELECT name FROM counters").fetchall()]


@pytest.mark.parametrize(
    "arguments",
    [
        ("status",),
        ("gate", "double", "--to", "ramp:10"),
        ("explain",),
        ("report", "--output", "report.html"),
        ("compare", "--source", "store"),
        ("compare", "--source", "cases"),
        ("evidence", "prune", "--dry-run"),
        ("doctor",),
    ],
    ids=" ".join,
)
def test_a_command_that_reads_evidence_takes_in_what_a_process_left(
    tmp_path: Path, arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    app, store = OwnApp(tmp_path), tmp_path / ".changeover" / "evidence.db"
    done = app.python("-c", ENDS_AT_ONCE, CHANGEOVER_STAGE_DOUBLE="shadow")
    assert done.returncode == 0, done.stderr
    assert rows(store) == []
    monkeypatch.chdir(tmp_path)
    app.run(*arguments)
    assert len(rows(store)) == 3
    assert list(store.parent.glob("spool/*-*")) == []


@pytest.mark.parametrize("arguments", [("status",), ("evidence", "check")], ids=" ".join)
def test_what_a_process_left_for_a_database_waits_on_its_machine_until_a_command_takes_it_in(
    tmp_path: Path, database: str, arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    app, place = OwnApp(tmp_path), store_path(tmp_path, {"CHANGEOVER_STORE": database})
    variables = {"CHANGEOVER_STAGE_DOUBLE": "shadow", "CHANGEOVER_STORE": database}
    done = app.python("-c", ENDS_AT_ONCE, **variables)
    assert done.returncode == 0, done.stderr
    assert rows(place) == []
    monkeypatch.chdir(tmp_path)
    assert app.run(*arguments, CHANGEOVER_STORE=database).code == 0
    assert len(rows(place)) == 3
    assert list((tmp_path / ".changeover").glob("spool/*-*")) == []
    assert not (tmp_path / ".changeover" / "evidence.db").exists()
    assert check_store(place).wrong == 0


def test_what_a_store_elsewhere_is_filled_from_lies_beside_it(tmp_path: Path) -> None:
    app, store = OwnApp(tmp_path), tmp_path / "kept" / "runs.db"
    variables = {"CHANGEOVER_STAGE_DOUBLE": "shadow", "CHANGEOVER_STORE": f"sqlite:///{store}"}
    app.python("-c", ENDS_AT_ONCE, **variables)
    assert not (tmp_path / ".changeover").exists()
    assert read_evidence(store).runs == 3


@pytest.mark.parametrize("whole", [True, False])
def test_a_run_comes_out_of_a_payload_as_it_went_in(whole: bool) -> None:
    run = a_run(7, clusters=("ab", "cd"), unsafe=("ab",), tags=("é", "\n"), verdict=Verdict.UNSAFE)
    if whole:
        run = replace(run, tape=b"\x00\n\xff", reason="half \ud800", gave_up=False, key="ann")
        assert read_run_payload(run_payload(run)) == replace(run, reason="half \\ud800")
    else:
        run = replace(run, body=None, world=None, legacy_s=None)
        assert read_run_payload(run_payload(run)) == run


@contextmanager
def dies_afterwards(store: StorePlace) -> Iterator[Connection]:
    with writing(store) as connection:
        yield connection
    raise KeyboardInterrupt


def test_what_was_written_and_not_yet_said_to_be_done_is_written_again_and_changes_nothing(
    place: StorePlace,
) -> None:
    folder = spool_folder(place)
    writer = SpoolWriter(folder.path)
    for number in range(3):
        writer.append(FrameKind.VERDICT, run_payload(a_run(number, world="2:same", tape=b"tape")))
    with pytest.raises(KeyboardInterrupt):
        drain(folder, lambda: dies_afterwards(place))
    before = rows(place)
    assert len(before) == 3
    assert drain(folder, lambda: writing(place)) == {writer.name}
    assert rows(place) == before
    assert sum(b"tape" in row for row in before) == 1


def test_what_is_lost_of_a_spool_is_counted_once_however_often_that_is_done(place: StorePlace) -> None:
    folder = spool_folder(place)
    writer = SpoolWriter(folder.path)
    for number in range(4):
        writer.append(FrameKind.VERDICT, run_payload(a_run(number)))
    writer.close()
    (file,) = folder.path.glob("*.frames")
    file.write_bytes(file.read_bytes()[:-20])
    deaths = iter([False, True])

    @contextmanager
    def transaction() -> Iterator[Connection]:
        with writing(place) as connection:
            yield connection
        if next(deaths, False):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        drain(folder, transaction)  # after the loss was counted
    evidence = read_evidence(place)
    assert (evidence.runs, evidence.lost) == (3, 1)
    assert list(folder.path.glob("*-*")) == []


def test_a_run_that_this_version_cannot_read_is_counted_as_lost(place: StorePlace) -> None:
    writer = SpoolWriter(spool_folder(place).path)
    payload = run_payload(a_run(1))
    for wrong in (b"no json", payload.replace(b'"match"', b'"of tomorrow"'), payload):
        writer.append(FrameKind.VERDICT, wrong)
    evidence = read_evidence(place)
    assert (evidence.runs, evidence.lost) == (1, 2)


def test_a_store_that_cannot_be_written_leaves_the_spool_as_it_is(tmp_path: Path) -> None:
    store = tmp_path / "evidence.db"
    writer = SpoolWriter(spool_folder(store).path)
    writer.append(FrameKind.VERDICT, run_payload(a_run(1)))
    store.mkdir()
    assert read_evidence(store).problem is not None
    store.rmdir()
    assert read_evidence(store).runs == 1


def test_what_the_store_has_is_not_lost_though_a_loss_of_power_took_the_spool(place: StorePlace) -> None:
    folder = spool_folder(place)
    writer = SpoolWriter(folder.path)
    for number in range(5):
        writer.append(FrameKind.VERDICT, run_payload(a_run(number)))
    assert read_evidence(place).runs == 5
    writer.append(FrameKind.VERDICT, run_payload(a_run(5)))
    writer.close()
    for path in (*folder.path.glob("*.frames"), *folder.path.glob("*.read")):
        path.write_bytes(b"")
    evidence = read_evidence(place)
    assert (evidence.runs, evidence.lost) == (5, 1)
    assert [name for name in counters(place) if name.startswith("written")] == []


def test_what_a_process_wrote_without_its_spool_is_not_lost_wherever_it_ended_after_that(
    tmp_path: Path, address: str, place: StorePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = Shadowed(tmp_path, store=address)
    program.pay("ann")
    monkeypatch.setattr(SpoolWriter, "settle", lambda *_, **__: None)  # it would not come to that
    with monkeypatch.context() as full:
        full.setattr(SpoolWriter, "_write", no_space)
        program.pay("bob")
        program.pay("eve")
        program.migration.flush()
    program.pay("kim")
    for writer in list(process_end.WRITERS):  # as at the end of the process
        writer.close()
    evidence = read_evidence(place)
    assert (evidence.runs, evidence.lost) == (4, 0)
    assert counters(place) == []
    assert check_store(place).wrong == 0


def no_space(*anything: object) -> None:
    raise OSError("no space left")
