"""What a path leaves in files is compared, and written once."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from changeover import Migration, Run
from tests.changeover.packs.files.file_ways import (
    WAYS,
    OfFolder,
    fill,
    judged,
    replaced_by_a_named_temporary_file,
    replaced_by_a_temporary_file,
    replaced_out_of_a_temporary_folder,
    what_stands_in,
    write_by_open,
    written_by_descriptor,
)


@pytest.mark.parametrize("mode", ["inline", "background"])
@pytest.mark.parametrize("way", sorted(WAYS))
def test_what_both_paths_do_is_done_once_and_matches(
    folder: Path, tmp_path: Path, way: str, mode: str
) -> None:
    bare = tmp_path / "bare" / "data"
    fill(bare)
    WAYS[way](bare)
    run = judged(folder, WAYS[way], lambda path: WAYS[way](path), mode=mode)
    assert run.verdict == "match", run.reason or run.divergences
    if way != "formats":  # an archive knows the time at which it was made
        assert what_stands_in(folder) == what_stands_in(bare)


@pytest.mark.parametrize("stage", ["shadow", "live"])
@pytest.mark.parametrize(
    "other",
    [
        replaced_by_a_temporary_file,
        replaced_by_a_named_temporary_file,
        replaced_out_of_a_temporary_folder,
        lambda folder: (written_by_descriptor(folder), None)[1],
        lambda folder: (folder / "report.txt").write_text("one\ntwo\n") and None,
        lambda folder: shutil.copyfile(folder / "log.txt", folder / "report.txt") and None,
    ],
)
def test_another_way_to_the_same_files_matches(folder: Path, other: OfFolder, stage: str) -> None:
    run = judged(folder, write_by_open, other, stage=stage)
    assert run.verdict == "match", run.reason or run.divergences
    assert [one.method for one in run.tape.calls() if one.method in ("write", "remove")] == []
    assert (folder / "report.txt").read_text() == "one\ntwo\n"


@pytest.mark.parametrize(
    ("fault", "place"),
    [
        (lambda at: (at / "report.txt").write_text("one\nTWO\n"), 'write["report.txt"].content'),
        (lambda at: (at / "extra").write_text(""), "write[extra]"),
        (lambda at: (at / "report.txt").unlink(), 'write["report.txt"]'),
        (lambda at: (at / "log.txt").unlink(), 'remove["log.txt"]'),
        (lambda at: (at / "new").mkdir(), "mkdir[new]"),
        (lambda at: shutil.rmtree(at / "in" / "deep"), "rmdir[in/deep]"),
        (lambda at: (at / "log.txt").open("a").close(), None),
        (lambda at: os.rename(at / "log.txt", at / "l"), 'remove["log.txt"]'),
        (lambda at: (at / "report.txt").chmod(0o600), 'write["report.txt"].permissions'),
        (lambda at: (at / "log.txt").chmod(0o600), 'write["log.txt"]'),
        (lambda at: (at / "table.bin").write_bytes(b"!"), 'write["table.bin"]'),
    ],
)
def test_a_planted_fault_is_found_at_its_place(folder: Path, fault: OfFolder, place: str | None) -> None:
    before = what_stands_in(folder)

    def candidate(at: Path) -> None:
        write_by_open(at)
        fault(at)

    run = judged(folder, write_by_open, candidate)
    assert what_stands_in(folder) == {**before, "report.txt": b"one\ntwo\n"}
    if place is None:
        assert run.verdict == "match", run.reason or run.divergences
    else:
        assert run.verdict == "unsafe", run.reason
        assert f"effects.files.{place}" in [one.place for one in run.divergences]


def test_a_replay_finds_what_the_answering_path_found_and_not_what_it_left(folder: Path) -> None:
    def path(at: Path) -> tuple[str, bool]:
        found = (at / "log.txt").read_text(), (at / "done").exists()
        (at / "log.txt").unlink()
        (at / "done").touch()
        return found

    run = judged(folder, path, lambda at: path(at))
    assert run.verdict == "match", run.divergences
    assert getattr(run.candidate and run.candidate.outcome, "value", None) == ("one\ntwo\n", False)


def test_what_the_replay_alone_looks_at_is_as_it_was(folder: Path) -> None:
    run = judged(folder, lambda at: write_by_open(at), lambda at: (len(os.listdir(at)), write_by_open(at))[1])
    assert run.verdict == "match", run.reason
    run = judged(folder, lambda at: 3, lambda at: len(os.listdir(at / "in")) - 1)
    assert run.verdict == "match", run.reason


@pytest.mark.parametrize(
    ("name", "legacy", "candidate", "place"),
    [
        ("a.json", '{"n": 1, "at": 2}', '{\n  "at": 2, "n": 1}', None),
        ("a.json", '{"n": 1, "at": 2}', '{"n": 1, "at": 3}', ".at"),
        ("a.jsonl", '{"n": 1}\n{"n": 2}\n', '{"n": 1}\n{"n": 3}\n', "[1].n"),
        ("a.json", '{"n": 1}', '{"n": 1', ""),
        ("a.txt", '{"n": 1}', '{"n":1}', ""),
    ],
)
def test_json_is_compared_by_field_where_that_is_asked_for(
    folder: Path, name: str, legacy: str, candidate: str, place: str | None
) -> None:
    def writing(text: str) -> OfFolder:
        return lambda at: (at / name).write_text(text) and None

    run = judged(folder, writing(legacy), writing(candidate), as_json=["*.json", "*.jsonl"])
    found = [one.place for one in run.divergences]
    assert found == ([] if place is None else [f'effects.files.write["{name}"].content{place}'])
    assert run.verdict == ("match" if place is None else "unsafe")


@pytest.mark.parametrize("mode", ["inline", "background"])
def test_runs_in_many_threads_have_their_own_files(folder: Path, mode: str) -> None:
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append, mode=mode)
    migration.use("files", folders=[folder])

    def legacy(number: int) -> int:
        own = folder / str(number)
        own.mkdir(exist_ok=True)
        with open(own / "log", "a") as log:
            log.write(f"{number}\n")
        return len(os.listdir(own))

    def candidate(number: int) -> int:
        own = folder / str(number)
        os.makedirs(own, exist_ok=True)
        before = (own / "log").read_text() if (own / "log").exists() else ""
        with tempfile.NamedTemporaryFile("w", dir=own, delete=False) as file:
            file.write(f"{before}{number}\n")
        os.replace(file.name, own / "log")
        return len(list(own.iterdir()))

    seam = migration.seam("s", legacy=legacy, candidate=candidate)
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda number: [seam(number) for _ in range(3)], range(20)))
    migration.flush()
    assert {str(run.verdict) for run in runs} == {"match"}, {run.reason for run in runs}
    assert sum(len((folder / str(number) / "log").read_text().split()) for number in range(20)) == 60


@pytest.mark.parametrize("stage", ["shadow", "live"])
@pytest.mark.parametrize("mode", ["inline", "background"])
def test_what_both_paths_look_at_is_a_read_of_both(folder: Path, mode: str, stage: str) -> None:
    """Else a comparison says of each such run that one path alone looks: a lost guard."""

    def looks(at: Path) -> Any:
        return sorted(os.listdir(at)), (at / "log.txt").read_text(), (at / "report.txt").exists()

    run = judged(folder, looks, lambda at: looks(at), mode=mode, stage=stage)
    assert run.verdict == "match", run.reason or run.divergences
    assert run.legacy is not None
    assert run.candidate is not None
    asked = [[(one.name, dict(one.arguments)) for one in path.reads] for path in (run.legacy, run.candidate)]
    assert asked[0] == asked[1] != []


def test_what_one_path_alone_looks_at_is_a_read_of_it_alone(folder: Path) -> None:
    def looks(at: Path) -> None:
        (at / "log.txt").read_text()

    run = judged(folder, looks, lambda at: None)
    assert run.legacy is not None
    assert run.candidate is not None
    assert [one.name for one in run.legacy.reads]
    assert not run.candidate.reads


def test_what_the_pack_does_at_the_end_is_taken_off_the_own_time_once(folder: Path) -> None:
    """The path sleeps, and that is its own time at least, however long its folders are read afterwards."""

    def make_many(here: Path) -> None:
        time.sleep(0.005)
        for number in range(300):
            (here / str(number)).mkdir()

    run = judged(folder, make_many, lambda here: make_many(here))
    assert run.verdict == "match", run.reason or run.divergences
    assert run.candidate is not None
    assert run.candidate.own_time_s >= 0.005


def test_a_tree_that_the_program_removes_meanwhile_is_removed(folder: Path, tmp_path: Path) -> None:
    """What is under way in another thread meets the functions of `os` as it found them."""
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)
    migration.use("files", folders=[folder])
    seam = migration.seam(
        "s", legacy=lambda n: os.listdir(folder) and n, candidate=lambda n: os.listdir(folder) and n
    )
    trees = [tmp_path / f"tree{number}" for number in range(30)]
    for tree in trees:
        for number in range(30):
            (tree / str(number) / "deep").mkdir(parents=True)
    with ThreadPoolExecutor(3) as pool:
        removed = [pool.submit(shutil.rmtree, tree) for tree in trees]
        while not all(one.done() for one in removed):
            seam(1)
    assert [one.exception() for one in removed] == [None] * len(trees)
    assert {str(run.verdict) for run in runs} == {"match"}
