"""Where runs are kept: one SQLite file. The only place that imports sqlite3.

A store never harms whoever writes to it: one that is full, locked, damaged or not there is said so once, and
what cannot be kept is counted by whoever had it.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from changeover.errors import ChangeoverError, ConfigurationError
from changeover.evidence.store.records import Evidence, Review
from changeover.evidence.store.schema import SCHEMA_VERSION, Connection, make_tables
from changeover.settings import SPOOL_FOLDER, STATE_FOLDER, STORE_VARIABLE
from changeover.spool.folder import SpoolFolder
from changeover.values.atomic_file import OWNER_ONLY, append_lines
from changeover.values.private_folder import keep_others_out, make_state_folder

NOTHING_KEPT = "none"
NOWHERE = Path(os.devnull)
DEFAULT_PLACE = Path(STATE_FOLDER) / "evidence.db"
TIMEOUT_S = 1.0
_TROUBLES = (sqlite3.Error, OSError, ValueError, OverflowError)


class StoreProblem(ChangeoverError):
    """A store could not be read or written."""

    def __init__(self, path: Path, why: object) -> None:
        self.why = str(why) or type(why).__name__
        super().__init__(f"{path}: {self.why}")


def store_path(root: Path, environment: Mapping[str, str] | None = None) -> Path:
    """Where the store is, NOWHERE for one that keeps nothing; raises ConfigurationError for no such place."""
    named = (os.environ if environment is None else environment).get(STORE_VARIABLE)
    if not named:
        return root / DEFAULT_PLACE
    if named == NOTHING_KEPT:
        return NOWHERE
    scheme, slashes, place = named.partition(":///")
    if scheme != "sqlite" or not slashes or not place:
        allowed = f"sqlite:///PATH, or {NOTHING_KEPT} to keep nothing"
        raise ConfigurationError(STORE_VARIABLE, f"was {named!r}, allowed: {allowed}")
    return Path(place)


@contextmanager
def writing(path: Path, timeout_s: float = TIMEOUT_S) -> Iterator[Connection]:
    """One transaction on today's tables: all of it is kept or nothing. Raises StoreProblem."""
    with _troubles_of(path):
        _make_private(path)
        with closing(sqlite3.Connection(path, timeout=timeout_s, isolation_level=None)) as connection:
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("BEGIN IMMEDIATE")
            try:
                _bring_to_today(connection)
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
                raise


def _make_private(path: Path) -> None:
    """The store holds arguments and answers of production: its owner alone reads it.

    SQLite gives the files beside it the mode of the store.
    """
    make_state_folder(path.parent)
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY))
    except FileExistsError:
        for suffix in ("", "-journal", "-wal", "-shm"):
            keep_others_out(path.with_name(path.name + suffix))


@contextmanager
def reading(path: Path) -> Iterator[Connection]:
    """One look at a store that exists, brought to today's tables where it is older. Raises StoreProblem."""
    with _troubles_of(path):
        with closing(_opened(path)) as connection:
            is_older = _version_of(connection) < SCHEMA_VERSION
        if is_older:
            with writing(path):
                pass
        with closing(_opened(path)) as connection:
            yield connection


def compact(path: Path) -> None:
    """Give the space of what was forgotten back; raises StoreProblem."""
    with (
        _troubles_of(path),
        closing(sqlite3.Connection(path, timeout=TIMEOUT_S, isolation_level=None)) as connection,
    ):
        connection.execute("VACUUM")


def copied(path: Path, target: Path) -> None:
    """A sound copy of a store, on today's tables; raises StoreProblem where it cannot be read in full."""
    try:
        with (
            _troubles_of(path),
            closing(_opened(path)) as source,
            closing(sqlite3.Connection(target)) as made,
        ):
            source.backup(made)
            ((sound,), *_) = made.execute("PRAGMA quick_check(1)").fetchall()
            if sound != "ok":
                raise sqlite3.DatabaseError(sound)
            if _version_of(made) == 0:
                raise sqlite3.DatabaseError("it is no store of evidence")
        with writing(target):
            pass
    except StoreProblem as problem:
        raise StoreProblem(path, problem.why) from problem


@contextmanager
def _troubles_of(path: Path) -> Iterator[None]:
    """Whatever is wrong with the file is a problem of this store."""
    try:
        yield
    except _TROUBLES as error:
        raise StoreProblem(path, error) from error


def _opened(path: Path) -> sqlite3.Connection:
    """For reading; where a writer died in the middle, what it began has to be undone first, by writing."""
    place = path.resolve().as_uri()
    try:
        return _connected(f"{place}?mode=ro")
    except sqlite3.OperationalError:
        return _connected(f"{place}?mode=rw")


def _connected(uri: str) -> sqlite3.Connection:
    connection = sqlite3.Connection(uri, uri=True, timeout=TIMEOUT_S)
    try:
        connection.execute("SELECT 1 FROM sqlite_master").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _bring_to_today(connection: sqlite3.Connection) -> None:
    version = _version_of(connection)
    if version == 0 and connection.execute("SELECT 1 FROM sqlite_master").fetchone() is not None:
        raise sqlite3.DatabaseError("it is a database of something else")
    if version < SCHEMA_VERSION:
        make_tables(connection, version)


def _version_of(connection: Connection) -> int:
    """0 for a file without tables; raises DatabaseError for a version that is newer than this program."""
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > SCHEMA_VERSION:
        newer = f"it has version {version}, this program knows {SCHEMA_VERSION}: a newer changeover wrote it"
        raise sqlite3.DatabaseError(newer)
    return version


def take_in(path: Path, wait_s: float = TIMEOUT_S) -> None:
    """What programs have left in their spools comes into the store; never raises.

    What cannot be taken now stays in the spools. Every command that reads evidence calls this first.
    """
    with suppress(OSError, StoreProblem):
        if path != NOWHERE and (path.parent / SPOOL_FOLDER).is_dir():
            from changeover.evidence.store.draining import drain

            drain(spool_folder(path), lambda: writing(path), wait_s=wait_s)


def spool_folder(store: Path) -> SpoolFolder:
    """Where the programs that fill a store leave their runs at once."""
    return SpoolFolder(store.parent / SPOOL_FOLDER)


def has_store(path: Path) -> bool:
    """Whether there is one, with what programs have left in their spools."""
    take_in(path)
    return path != NOWHERE and path.exists()


def read_evidence(path: Path) -> Evidence:
    """Everything that a store holds; never raises. One that is not there yet holds nothing."""
    from changeover.evidence.store.reading import evidence_in

    if path == NOWHERE:
        return Evidence(problem=f"{STORE_VARIABLE}={NOTHING_KEPT}: no evidence is kept")
    try:
        is_there = has_store(path)
        lost = lost_beside(path)
        if not is_there:
            return Evidence(lost=lost)
        with reading(path) as connection:
            found = evidence_in(connection)
        return replace(found, lost=found.lost + lost)
    except StoreProblem as problem:
        return Evidence(problem=f"{path}: cannot be read as a store: {problem.why}")
    except Exception as error:  # noqa: BLE001  whatever stands in a file: it is no evidence
        return Evidence(problem=f"{path}: cannot be read as a store: {type(error).__name__}: {error}")


def keep_review(path: Path, review: Review) -> str | None:
    """Keep what was looked at, beside the latest others; None, or why not. Never raises."""
    from changeover.evidence.store.writing import add_review

    if path == NOWHERE:
        return f"{STORE_VARIABLE}={NOTHING_KEPT}: nothing is kept"
    try:
        with writing(path) as connection:
            add_review(connection, review)
    except Exception as error:  # noqa: BLE001  whoever looked goes on, whatever is wrong with the store
        return str(error) or type(error).__name__
    return None


NAME = "lost.jsonl"
FILE_BYTES_MAX = 1024 * 1024


def note_lost(store: Path, runs: int, why: str, at: datetime) -> bool:
    """Append so many runs; False where even that could not be written. Never raises."""
    line = json.dumps({"at": at.isoformat(timespec="seconds"), "runs": runs, "why": why})
    with suppress(OSError):
        make_state_folder(store.parent)
        append_lines(store.with_name(NAME), f"{line}\n".encode())
        return True
    return False


def lost_beside(store: Path) -> int:
    """How many runs were lost so; a line that cannot be read stands for one at least."""
    file = store.with_name(NAME)
    try:
        with file.open("rb") as opened:
            lines = opened.read(FILE_BYTES_MAX).splitlines()
    except OSError:
        return 0
    return sum(map(_runs_in, filter(bytes.strip, lines)))


def _runs_in(line: bytes) -> int:
    try:
        runs = json.loads(line)["runs"]
    except (ValueError, KeyError, TypeError):
        return 1
    return runs if type(runs) is int and runs > 0 else 1
