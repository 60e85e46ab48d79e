"""Claims: whose turn it is to work on a journal, held by the operating system and gone with the process."""

from glob import escape
from pathlib import Path
from typing import Protocol

from trading.database import Connection, DatabaseUnusable, SqlError, open_database
from trading.events.journal.port import JournalBusy

KIND = "claim on an event journal"
SCHEMA = "CREATE TABLE claimed (by_whom TEXT)"
PART = ".part.lock"
NO_FILE = (0, 0)


class Claims(Protocol):
    """What a journal is claimed with: all of it, or parts."""

    def take(self) -> None:
        """Claim it, or raise JournalBusy; claiming twice is claiming once."""
        ...

    def check(self) -> None:
        """Raise JournalBusy where what was claimed is not this process's any more: its file was removed."""
        ...

    def release(self) -> None:
        """Let another process claim it."""
        ...


class Claim:
    """A write transaction that stays open on a file of its own; the system ends it with the process."""

    def __init__(self, path: Path, work: str) -> None:
        """`work` completes "another process ..." in the sentence of a refusal."""
        self._path = path
        self._work = work
        self._held: Connection | None = None
        self._file = NO_FILE

    @property
    def is_held(self) -> bool:
        """Whether this process has it."""
        return self._held is not None

    def take(self, *, patience_s: float | None = None) -> None:
        """Waits up to the busy time-out of the database, then raises JournalBusy; twice is once."""
        if self._held is not None:
            return
        try:
            lock = open_database(
                self._path, kind=KIND, version=1, schema=SCHEMA, durable=False, busy_timeout_s=patience_s
            )
            try:
                lock.execute("BEGIN IMMEDIATE")
            except SqlError:
                lock.close()
                raise
        except (SqlError, DatabaseUnusable) as error:
            if "is locked" not in str(error):
                raise DatabaseUnusable(f"{self._path}: this journal cannot be claimed: {error}") from error
            raise JournalBusy(f"{self._path}: another process {self._work}; wait for it to end") from error
        self._held, self._file = lock, _file_at(self._path)

    def check(self) -> None:
        """Raise JournalBusy where the file it is held on was removed: another process may have it now."""
        if self._held is not None and (self._file == NO_FILE or _file_at(self._path) != self._file):
            raise JournalBusy(
                f"{self._path}: this file was removed while this process held it, and another process may be "
                "at work; nothing more is done here, give the command again when no other runs"
            )

    def release(self) -> None:
        """Let another process take it."""
        if self._held is not None:
            self._held.close()
            self._held = None


class WholeClaim:
    """All of a journal for one process: no other has it, nor any part of it."""

    def __init__(self, journal: Path) -> None:
        self._whole = whole_claim(journal)
        self._journal = journal
        self._parts: list[Claim] = []

    def take(self) -> None:
        """As of `Claim`; a part that another process works on is waited for as well."""
        if self._whole.is_held:
            return
        self._whole.take()
        try:
            # A process that takes a part looks for this claim afterwards: one of the two sees the other.
            for path in sorted(self._journal.parent.glob(f"{escape(self._journal.name)}.*{PART}")):
                part = Claim(path, "handles events of this journal (run-handlers)")
                part.take()
                self._parts.append(part)
        except BaseException:
            self.release()
            raise

    def check(self) -> None:
        """As of `Claim`, for all of it."""
        self._whole.check()
        for part in self._parts:
            part.check()

    def release(self) -> None:
        """Let go of everything."""
        for part in self._parts:
            part.release()
        self._parts.clear()
        self._whole.release()


class PartClaims:
    """Some parts of a journal, each for one process at a time; others may work on other parts meanwhile."""

    def __init__(self, journal: Path, parts: tuple[str, ...]) -> None:
        self._journal = journal
        self._parts = [Claim(part_path(journal, part), f"is at work on {part}") for part in parts]

    def take(self) -> None:
        """As of `Claim`, and nobody may have the whole journal."""
        if all(part.is_held for part in self._parts):
            return
        try:
            for part in self._parts:
                part.take()
            whole = whole_claim(self._journal)
            whole.take()
            whole.release()
        except BaseException:
            self.release()
            raise

    def check(self) -> None:
        """As of `Claim`, for each part."""
        for part in self._parts:
            part.check()

    def release(self) -> None:
        """Let go of all of them."""
        for part in self._parts:
            part.release()


def _file_at(path: Path) -> tuple[int, int]:
    """Which file is there now, whatever it is called."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return NO_FILE
    return found.st_dev, found.st_ino


def is_part_taken(journal: Path, part: str) -> bool:
    """Whether a process works on this part now."""
    path = part_path(journal, part)
    if not path.exists():
        return False
    claim = Claim(path, "has it")
    try:
        claim.take(patience_s=0.0)
    except JournalBusy:
        return True
    claim.release()
    return False


def part_path(journal: Path, part: str) -> Path:
    """The file on which one part of a journal is claimed."""
    return journal.with_name(f"{journal.name}.{part}{PART}")


def whole_claim(journal: Path) -> Claim:
    """The claim on the whole of a journal, and on it alone."""
    return Claim(journal.with_name(f"{journal.name}.lock"), "is at work on this journal")


class Turn:
    """The right to handle an event of this journal: with one process at a time, for as long as it takes.

    Its file stays open, for it is taken and given back with every event.
    """

    def __init__(self, journal: Path) -> None:
        self._path = journal.with_name(f"{journal.name}.turn.lock")
        self._lock: Connection | None = None

    def __enter__(self) -> None:
        while not self._is_taken():
            pass  # whoever has it is at work, or is stopped: it is waited for, never passed over

    def __exit__(self, *_: object) -> None:
        if self._lock is not None:
            self._lock.execute("ROLLBACK")

    def close(self) -> None:
        """Let go of the file."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _is_taken(self) -> bool:
        """Waits up to the busy time-out of the database; opening the file has to wait as well."""
        try:
            if self._lock is None:
                self._lock = open_database(self._path, kind=KIND, version=1, schema=SCHEMA, durable=False)
            self._lock.execute("BEGIN IMMEDIATE")
        except (SqlError, DatabaseUnusable) as error:
            if "is locked" not in str(error):
                raise
            return False
        return True
