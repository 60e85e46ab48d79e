"""Ways in which programs use files, and the run of a seam that does so."""

from __future__ import annotations

import csv
import fcntl
import gzip
import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pandas

from changeover import Migration, Run

OfFolder = Callable[[Path], Any]


def fill(made: Path) -> None:
    (made / "in" / "deep").mkdir(parents=True)
    (made / "log.txt").write_text("one\ntwo\n")
    (made / "table.bin").write_bytes(bytes(range(256)))
    for name in ("c", "a", "b"):
        (made / "in" / f"{name}.json").write_text(json.dumps({"name": name}))
    (made / "in" / "deep" / "x.txt").write_text("x")


def judged(folder: Path, legacy: OfFolder, candidate: OfFolder, **options: Any) -> Run:
    """The run of a seam whose paths are handed nothing but work in the folder."""
    runs: list[Run] = []
    environment = {"CHANGEOVER_STAGE_S": options.pop("stage", "shadow")}
    mode = options.pop("mode", "inline")
    migration = Migration(environment=environment, sink=runs.append, mode=mode)
    migration.use("files", folders=[folder], **options)
    seam = migration.seam("s", legacy=lambda _: legacy(folder), candidate=lambda _: candidate(folder))
    with suppress(Exception):  # a path may raise: the run says so
        seam(1)
    migration.flush()
    return runs[-1]


def what_stands_in(folder: Path) -> dict[str, Any]:
    """All files and folders, with what they hold."""
    found = sorted(folder.rglob("*"))
    return {str(one.relative_to(folder)): one.read_bytes() if one.is_file() else "folder" for one in found}


def write_by_open(folder: Path) -> Any:
    with open(folder / "report.txt", "w") as file:
        file.write("one\n")
        file.write("two\n")


def append_by_open(folder: Path) -> str:
    with open(folder / "log.txt", "a") as file:
        file.write("three\n")
    return (folder / "log.txt").read_text()


def read_and_write_in_place(folder: Path) -> bytes:
    with open(folder / "table.bin", "r+b") as file:
        file.seek(10)
        file.write(b"ABC")
        file.seek(-3, os.SEEK_END)
        last = file.read()
        file.truncate(20)
    return last


def truncated(folder: Path) -> int:
    os.truncate(folder / "table.bin", 5)
    with open(folder / "log.txt", "r+") as file:
        file.truncate(3)
        os.ftruncate(file.fileno(), 2)
    return os.path.getsize(folder / "table.bin")


def replaced_by_a_temporary_file(folder: Path) -> None:
    descriptor, name = tempfile.mkstemp(dir=folder, suffix=".tmp")
    with os.fdopen(descriptor, "w") as file:
        file.write("one\ntwo\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(name, folder / "report.txt")
    around = os.open(folder, os.O_RDONLY)
    os.fsync(around)
    os.close(around)


def replaced_by_a_named_temporary_file(folder: Path) -> None:
    with tempfile.NamedTemporaryFile("w", dir=folder, delete=False) as file:
        file.write("one\ntwo\n")
    Path(file.name).rename(folder / "report.txt")


def replaced_out_of_a_temporary_folder(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as beside:
        made = Path(beside, "report.txt")
        made.write_text("one\ntwo\n")
        shutil.move(made, folder / "report.txt")


def written_by_descriptor(folder: Path) -> int:
    descriptor = os.open(folder / "report.txt", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    written = os.write(descriptor, b"one\ntwo\n")
    os.close(descriptor)
    return written


def errors_of_all_kinds(folder: Path) -> list[str]:
    said = []
    for wrong in (
        lambda: open(folder / "missing"),
        lambda: open(folder / "log.txt", "x"),
        lambda: open(folder / "in"),
        lambda: open(folder / "none" / "x", "w"),
        lambda: os.listdir(folder / "log.txt"),
        lambda: os.mkdir(folder / "in"),
        lambda: os.rmdir(folder / "in"),
        lambda: os.remove(folder / "missing"),
        lambda: os.rename(folder / "missing", folder / "there"),
        lambda: os.stat(folder / "log.txt" / "x"),
        lambda: shutil.rmtree(folder / "missing"),
        lambda: shutil.copy(folder / "missing", folder / "x"),
        lambda: (folder / "log.txt").read_text(encoding="utf-16"),
    ):
        try:
            wrong()
        except (OSError, UnicodeError) as error:
            said.append(f"{type(error).__name__}: {error}")
    return said


def temporary_files(folder: Path) -> list[Any]:
    with tempfile.TemporaryFile() as unnamed, tempfile.SpooledTemporaryFile(max_size=2) as spooled:
        unnamed.write(b"beside")
        unnamed.seek(0)
        spooled.write(b"spooled")
        spooled.seek(0)
        found: list[Any] = [unnamed.read(), spooled.read()]
    with tempfile.NamedTemporaryFile("w+") as named:
        named.write("named")
        named.flush()
        found += [named.name, Path(named.name).read_text(), os.path.exists(named.name)]
    return [*found, os.path.exists(named.name)]


def looked_at(folder: Path) -> list[Any]:
    found: list[Any] = [one.name for one in folder.rglob("*")]
    found += [sorted(os.listdir(os.fsencode(folder))), os.listdir(folder / "in")]
    found += [
        (one.name, one.path, one.is_dir(), one.is_file() and one.stat().st_size) for one in os.scandir(folder)
    ]
    found += [(top, inner, names) for top, inner, names in os.walk(folder)]
    found += [os.path.getmtime(folder / "log.txt"), oct(os.stat(folder / "log.txt").st_mode)]
    return [
        *found,
        (folder / "none").exists(),
        (folder / "in").is_dir(),
        os.access(folder / "log.txt", os.R_OK),
    ]


def under_a_lock(folder: Path) -> str:
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        (folder / "report.txt").write_text("locked")
        fcntl.lockf(lock, fcntl.LOCK_EX)
    os.remove(folder / "lock")
    return (folder / "report.txt").read_text()


def trees(folder: Path) -> list[str]:
    shutil.copytree(folder / "in", folder / "copied")
    os.rename(folder / "copied", folder / "moved")
    (folder / "moved" / "deep" / "x.txt").write_text("changed")
    shutil.rmtree(folder / "in")
    (folder / "in").mkdir()
    return [str(one.relative_to(folder)) for one in sorted(folder.rglob("*"))]


def formats(folder: Path) -> list[Any]:
    with open(folder / "rows.csv", "w", newline="") as file:
        csv.writer(file).writerows([[1, "a"], [2, "b"]])
    with gzip.open(folder / "packed.gz", "wb", compresslevel=1) as packed:
        packed.write(b"packed")
    with gzip.GzipFile(folder / "packed.gz", "wb", mtime=0) as packed:
        packed.write(b"packed")
    with zipfile.ZipFile(folder / "all.zip", "w") as archive:
        archive.writestr(zipfile.ZipInfo("one"), "1")
    pandas.DataFrame({"n": [1, 2]}).to_csv(folder / "frame.csv", index=False)
    return [list(pandas.read_csv(folder / "frame.csv").n), zipfile.ZipFile(folder / "all.zip").namelist()]


def permissions(folder: Path) -> str:
    (folder / "run.sh").write_text("#!/bin/sh\n")
    (folder / "run.sh").chmod(0o755)
    descriptor = os.open(folder / "secret", os.O_WRONLY | os.O_CREAT, 0o600)
    os.fchmod(descriptor, 0o640)
    os.close(descriptor)
    os.utime(folder / "log.txt", (1, 1))
    return oct((folder / "run.sh").stat().st_mode)


WAYS: dict[str, OfFolder] = {
    one.__name__: one
    for one in (
        *(write_by_open, append_by_open, read_and_write_in_place, truncated, written_by_descriptor),
        *(replaced_by_a_temporary_file, replaced_by_a_named_temporary_file, under_a_lock, trees),
        *(replaced_out_of_a_temporary_folder, errors_of_all_kinds, temporary_files, looked_at, formats),
        permissions,
    )
}
