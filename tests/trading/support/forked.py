"""The command `trade` in processes that are forked from this one, where all code is loaded already.

A life of such a process costs what the command does, not the start of an interpreter; it may end at any
moment by a signal that nothing can catch. Accounts are those of `deaths`, in folders with a mailbox.
"""

import os
import shutil
import signal
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from email import message_from_bytes, policy
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

from tests.trading.support.command_files import write_command_files
from tests.trading.support.deaths import SECOND, Outcome, account_after_a_session, copied, outcome
from trading.cli import MAILBOX, main
from trading.desk import journal_path

ACCOUNT = "a.db"
DEFECT = 70  # what a process ends with that the command line let an exception out of
NEVER_PATIENT_S = 0.05
LIFE_S_MAX = 60  # one that lasts longer hangs: SIGALRM ends it

Act = Callable[[], None]
Moment = TypeVar("Moment")
Found = TypeVar("Found")


def nothing() -> None:
    """Nothing before, nothing after."""


@dataclass(frozen=True)
class Life:
    """How a process ended: its exit code, or minus the signal; and what it said."""

    code: int
    said: str

    @property
    def was_killed(self) -> bool:
        """Whether SIGKILL ended it."""
        return self.code == -signal.SIGKILL


@dataclass(frozen=True)
class Left:
    """What all processes together have left behind."""

    outcome: Outcome
    mails: tuple[str, ...]


class Accounts:
    """A scratch folder with an account that has traded once; copies of it trade the next session."""

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch
        self.template = account_after_a_session(scratch / "template")
        self._settings = write_command_files(scratch)

    def copy(self, name: str, of: Path | None = None) -> Path:
        """A folder of this name, as the template is or another folder."""
        return copied(of or self.template, self._scratch / name)

    def discard(self, *folders: Path) -> None:
        """Make room."""
        for folder in folders:
            shutil.rmtree(folder)

    def left(self, folder: Path) -> Left:
        """What is there now, seen by somebody who only looks."""
        return Left(outcome(folder, self._as_it_was()), mails(folder))

    def _as_it_was(self) -> Path:
        """A copy of the template for this process: nobody opens the template, so that it can be copied."""
        mine = self._scratch / f"as-it-was-{os.getpid()}"
        return mine if mine.exists() else copied(self.template, mine)

    def order_names(self, folder: Path) -> set[str]:
        """What the account's orders are called, read without the program."""
        with closing(sqlite3.connect(folder / ACCOUNT)) as kept:
            return {name for (name,) in kept.execute("SELECT client_order_id FROM orders")}

    def is_over(self, folder: Path, session: date = SECOND) -> bool:
        """Whether the session has a run, and no run of it is under way, read without the program."""
        with closing(sqlite3.connect(journal_path(folder / ACCOUNT))) as kept:
            found = kept.execute("SELECT finished FROM workflows WHERE session = ?", (session.isoformat(),))
            finished = [bool(value) for (value,) in found]
        return bool(finished) and all(finished)

    def begin(
        self, folder: Path, first: Act = nothing, last: Act = nothing, *, session: date = SECOND
    ) -> int:
        """Fork a process that does `first`, trades that session, and does `last`; its number."""
        sys.stdout.flush()
        sys.stderr.flush()
        if number := os.fork():
            return number
        try:
            self._live(folder, first, last, session)
        finally:
            os._exit(DEFECT)

    def end(self, number: int, folder: Path) -> Life:
        """Wait for the end of such a process."""
        _, status = os.waitpid(number, 0)
        return Life(os.waitstatus_to_exitcode(status), _said(folder, number))

    def live(
        self, folder: Path, first: Act = nothing, last: Act = nothing, *, session: date = SECOND
    ) -> Life:
        """A process from its beginning to its end."""
        return self.end(self.begin(folder, first, last, session=session), folder)

    def _live(self, folder: Path, first: Act, last: Act, session: date) -> None:
        os.environ.pop("TRADING_BUS", None)
        said = os.open(_said_path(folder, os.getpid()), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(said, 1)
        os.dup2(said, 2)
        sys.stdout = os.fdopen(1, "w", buffering=1, closefd=False)
        sys.stderr = os.fdopen(2, "w", buffering=1, closefd=False)
        command = ["trade", "--at", session.isoformat(), "--path", "candidate"]
        command += ["--account", str(folder / ACCOUNT), "--settings", str(self._settings)]
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(LIFE_S_MAX)
        try:
            first()
            main(command, prog_name="trading")
        except SystemExit as end:
            last()
            os._exit(end.code if isinstance(end.code, int) else DEFECT)
        except BaseException:  # noqa: BLE001  (told as a process would: by a traceback)
            sys.excepthook(*sys.exc_info())


def try_all(
    try_one: Callable[[Moment, int], Found], moments: Sequence[Moment], seed: int, jobs: int
) -> Iterator[Found]:
    """Try every moment in so many processes, which have what they need by being forked."""
    with get_context("fork").Pool(jobs, _begin_to_try, (try_one,)) as pool:
        yield from pool.imap(_try, [(moment, seed) for moment in moments])


_try_one: Callable[[Any, int], Any] | None = None


def _begin_to_try(try_one: Callable[[Any, int], Any]) -> None:
    global _try_one
    _try_one = try_one


def _try(task: tuple[Any, int]) -> Any:
    assert _try_one is not None
    return _try_one(*task)


@contextmanager
def scratch_in_memory() -> Iterator[Path]:
    """A scratch folder that no disk slows down, where the machine has one."""
    memory = Path("/dev/shm")  # noqa: S108  (a folder of its own is made in it)
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder)


def be_impatient() -> None:
    """Wait for a file that another process has only for a moment."""
    from trading import database

    database.BUSY_TIMEOUT_S = NEVER_PATIENT_S


def mails(folder: Path) -> tuple[str, ...]:
    """The subjects in the mailbox of an account, sorted."""
    box = folder / MAILBOX / "new"
    found: list[str] = []
    with suppress(FileNotFoundError):
        found = [
            str(message_from_bytes(path.read_bytes(), policy=policy.default)["Subject"])
            for path in box.iterdir()
        ]
    return tuple(sorted(found))


def _said_path(folder: Path, number: int) -> Path:
    return folder.parent / f"{folder.name}.{number}.said"


def _said(folder: Path, number: int) -> str:
    path = _said_path(folder, number)
    try:
        text = path.read_text(errors="replace")
    except FileNotFoundError:
        return ""
    path.unlink()
    return text
