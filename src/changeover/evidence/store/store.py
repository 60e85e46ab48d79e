"""Where runs are kept: one SQLite file, or a database of PostgreSQL for a fleet.

A store never harms whoever writes to it: one that is full, locked, damaged or not there is said so once, and
what cannot be kept is counted by whoever had it. What a store is made of is imported when it is used.
"""

from __future__ import annotations

import json
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from datetime import datetime

from changeover.evidence.store.connection import Connection
from changeover.evidence.store.place import (
    DEFAULT_PLACE,
    NOTHING_KEPT,
    NOWHERE,
    Database,
    StorePlace,
    StoreProblem,
    store_path,
)
from changeover.evidence.store.records import Evidence, Review
from changeover.settings import SPOOL_FOLDER, STORE_VARIABLE
from changeover.spool.folder import SpoolFolder
from changeover.values.atomic_file import append_lines
from changeover.values.private_folder import make_state_folder

__all__ = ["DEFAULT_PLACE", "NOWHERE", "StorePlace", "StoreProblem", "store_path"]
DRAIN_WAIT_S = 1.0


def writing(path: StorePlace, timeout_s: float | None = None) -> AbstractContextManager[Connection]:
    """One transaction on today's tables: all of it is kept or nothing. Raises StoreProblem.

    A program names how long it waits for a store that others write to; a command waits longer.
    """
    if isinstance(path, Database):
        from changeover.evidence.store import postgres

        return postgres.writing(path, timeout_s)
    from changeover.evidence.store import sqlite_file

    return sqlite_file.writing(path, sqlite_file.TIMEOUT_S if timeout_s is None else timeout_s)


def reading(path: StorePlace) -> AbstractContextManager[Connection]:
    """One look at a store that exists, brought to today's tables where it is older. Raises StoreProblem."""
    if isinstance(path, Database):
        from changeover.evidence.store import postgres

        return postgres.reading(path)
    from changeover.evidence.store import sqlite_file

    return sqlite_file.reading(path)


def compact(path: StorePlace) -> None:
    """Give the space of what was forgotten back; raises StoreProblem."""
    if isinstance(path, Database):
        from changeover.evidence.store import postgres

        postgres.compact(path)
    else:
        from changeover.evidence.store import sqlite_file

        sqlite_file.compact(path)


def take_in(path: StorePlace, wait_s: float = DRAIN_WAIT_S) -> None:
    """What programs of this machine have left in their spools comes into the store; never raises.

    What cannot be taken now stays in the spools. Every command that reads evidence calls this first.
    """
    with suppress(OSError, StoreProblem):
        if path != NOWHERE and (path.parent / SPOOL_FOLDER).is_dir():
            from changeover.evidence.store.draining import drain

            drain(spool_folder(path), lambda: writing(path), wait_s=wait_s)


def spool_folder(store: StorePlace) -> SpoolFolder:
    """Where the programs of this machine that fill a store leave their runs at once."""
    return SpoolFolder(store.parent / SPOOL_FOLDER)


def has_store(path: StorePlace) -> bool:
    """Whether there is one, with what programs have left in their spools."""
    take_in(path)
    return path != NOWHERE and path.exists()


def read_evidence(
    path: StorePlace, until: datetime | None = None, today: tuple[str | None, str] | None = None
) -> Evidence:
    """Everything that a store holds; never raises. One that is not there yet holds nothing.

    Runs that are dated after `until` are left out, unless they differ. `today` is a code and rules.
    """
    from changeover.evidence.store.reading import evidence_in

    if path == NOWHERE:
        return Evidence(problem=f"{STORE_VARIABLE}={NOTHING_KEPT}: no evidence is kept")
    try:
        is_there = has_store(path)
        lost = lost_beside(path)
        if not is_there:
            return Evidence(lost=lost)
        with reading(path) as connection:
            found = evidence_in(connection, until, today)
        return replace(found, lost=found.lost + lost)
    except StoreProblem as problem:
        return Evidence(problem=f"{path}: cannot be read as a store: {problem.why}")
    except Exception as error:  # noqa: BLE001  whatever stands in a file: it is no evidence
        return Evidence(problem=f"{path}: cannot be read as a store: {type(error).__name__}: {error}")


def keep_review(path: StorePlace, review: Review) -> str | None:
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


def note_lost(store: StorePlace, runs: int, why: str, at: datetime) -> bool:
    """Append so many runs; False where even that could not be written. Never raises."""
    line = json.dumps({"at": at.isoformat(timespec="seconds"), "runs": runs, "why": why})
    with suppress(OSError):
        make_state_folder(store.parent)
        append_lines(store.with_name(NAME), f"{line}\n".encode())
        return True
    return False


def lost_beside(store: StorePlace) -> int:
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
