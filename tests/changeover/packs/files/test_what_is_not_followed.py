"""What cannot be compared fails the run, and is done once all the same."""

from __future__ import annotations

import ctypes
import os
import time
from pathlib import Path
from threading import Barrier, Thread, Timer
from typing import Any

import pytest

from changeover import Migration, Run
from tests.changeover.packs.files.file_ways import (
    OfFolder,
    judged,
    replaced_by_a_temporary_file,
    write_by_open,
)


def failing(folder: Path, path: OfFolder, **options: Any) -> str:
    """Why a run of the same code on both sides could not be compared."""
    run = judged(folder, path, lambda at: path(at), **options)
    assert run.verdict == "failed", run.divergences
    return run.reason or ""


def left_open(folder: Path) -> Any:
    kept.append(open(folder / "log.txt", "a"))
    kept[0].write("more")


kept: list[Any] = []


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (left_open, "log.txt is still open for writing when the path ends"),
        (
            lambda at: os.symlink(at / "log.txt", at / "link"),
            "os.symlink of log.txt, link: links are not followed",
        ),
        (lambda at: os.link(at / "log.txt", at / "link"), "links are not followed"),
        (
            lambda at: (at / "behind" / "log.txt").write_text(""),
            "behind is a link or a device, or stands behind one",
        ),
        (lambda at: os.rename(at / "log.txt", at.parent / "out"), "from or to where no folder is declared"),
        (lambda at: (at / "large").read_bytes(), "large holds 2,000 bytes, more than bytes_max"),
    ],
)
def test_what_cannot_be_followed_fails_the_run_and_is_done_once(
    folder: Path, path: OfFolder, said: str
) -> None:
    kept.clear()
    (folder.parent / "elsewhere").mkdir()
    (folder / "behind").symlink_to(folder.parent / "elsewhere")
    (folder / "large").write_bytes(b"." * 2000)
    assert said in failing(folder, path, bytes_max=1000)
    for one in kept:
        one.close()


def test_a_large_file_may_be_replaced_and_is_compared_by_its_digest(folder: Path) -> None:
    def path(at: Path, letter: bytes = b"a") -> None:
        (at / "large").write_bytes(letter * 5000)

    (folder / "large").write_bytes(b"." * 2000)
    assert judged(folder, path, lambda at: path(at), bytes_max=1000).verdict == "match"
    run = judged(folder, lambda at: path(at, b"b"), lambda at: path(at, b"c"), bytes_max=1000)
    assert [one.place for one in run.divergences] == ["effects.files.write[large].content.sha256"]


def test_a_seam_inside_another_one_has_the_files_of_the_run_around_it(folder: Path) -> None:
    runs: list[Run] = []
    migration = Migration(
        environment={"CHANGEOVER_STAGE_OUTER": "shadow", "CHANGEOVER_STAGE_INNER": "shadow"}, sink=runs.append
    )
    migration.use("files", folders=[folder])
    inner = migration.seam(
        "inner", legacy=lambda _: write_by_open(folder), candidate=lambda _: write_by_open(folder)
    )
    migration.seam(
        "outer", legacy=lambda n: inner(n), candidate=lambda n: replaced_by_a_temporary_file(folder)
    )(1)
    found = {run.seam: (str(run.verdict), run.reason) for run in runs}
    assert found["outer"] == ("match", None)
    assert found["inner"][0] == "failed"
    assert "those of the run around it" in (found["inner"][1] or "")


def test_two_runs_at_one_file_at_once_prove_no_difference(folder: Path) -> None:
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)
    migration.use("files", folders=[folder])
    both = Barrier(2)

    def legacy(n: int) -> None:
        (folder / "log.txt").read_text()
        both.wait(5)
        with (folder / "log.txt").open("a") as file:
            file.write(f"{n}\n")
        both.wait(5)

    def candidate(n: int) -> None:
        with (folder / "log.txt").open("a") as file:
            file.write(f"{n}\n")

    seam = migration.seam("s", legacy=legacy, candidate=candidate)
    threads = [Thread(target=seam, args=(n,)) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted((folder / "log.txt").read_text().split()) == ["0", "1", "one", "two"]
    assert [str(run.verdict) for run in runs] == ["failed", "failed"]
    assert "others" in (runs[0].reason or "")


def test_a_file_that_somebody_else_changes_meanwhile_proves_no_difference(folder: Path) -> None:
    def legacy(at: Path) -> str:
        first = (at / "log.txt").read_text()
        done = Thread(target=_as_the_program, args=(at / "log.txt",))
        done.start()
        done.join()
        return first + (at / "log.txt").read_text()

    run = judged(folder, legacy, lambda at: (at / "log.txt").read_text() * 2)
    assert (run.verdict, "others" in (run.reason or "")) == ("failed", True)


def _as_the_program(path: Path) -> None:
    from changeover.record.context import outside_of_runs

    outside_of_runs().run(path.write_text, "other")


def test_what_is_written_in_c_is_not_seen(folder: Path) -> None:
    system = ctypes.CDLL(None)
    system.fopen.restype = ctypes.c_void_p

    def path(at: Path, name: str) -> None:
        system.fclose(ctypes.c_void_p(system.fopen(str(at / name).encode(), b"w")))

    run = judged(folder, lambda at: path(at, "one"), lambda at: path(at, "other"))
    assert run.verdict == "vacuous" or run.verdict == "match"
    assert (folder / "other").exists()


def test_what_is_written_after_the_answer_is_no_match(folder: Path) -> None:
    def path(at: Path) -> None:
        Timer(0.05, (at / "late.txt").write_text, ["late"]).start()

    run = judged(folder, path, lambda at: path(at))
    deadline = time.monotonic() + 10
    while not (folder / "late.txt").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert (folder / "late.txt").read_text() == "late"
    assert run.verdict == "failed", run.divergences


def test_what_goes_wrong_in_the_pack_breaks_no_path(folder: Path) -> None:
    def no_folder() -> Path:
        raise RuntimeError("not known yet")

    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)
    migration.use("files", folders=[no_folder])
    migration.seam("s", legacy=lambda _: write_by_open(folder), candidate=lambda _: None)(1)
    assert (folder / "report.txt").exists()
    assert (str(runs[0].verdict), "not known yet" in (runs[0].reason or "")) == ("failed", True)


def test_what_only_the_replay_reads_and_others_have_changed_since_proves_no_difference(folder: Path) -> None:
    def legacy(at: Path) -> str:
        done = Thread(target=_as_the_program, args=(at / "log.txt",))
        done.start()
        done.join()
        return "one\ntwo\n"

    run = judged(folder, legacy, lambda at: (at / "log.txt").read_text())
    assert run.verdict == "failed", run.divergences
    assert "log.txt may have been another one" in (run.reason or "")
