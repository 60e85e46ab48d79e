"""Processes that are killed, or refused, at every call to the file system of a trading run.

A trading process (`trade --path candidate`) is forked from one that has loaded all code; its calls to libc
about files of the account, from SQLite too, go through a small library, compiled with gcc and preloaded
(`file_calls.c`). At each call in turn

- kill: the process ends (SIGKILL) before the call;
- torn: it ends in the middle of a write, half of which is done;
- EIO: the call fails with an input/output error, once;
- ENOSPC: a call that may need space fails because the disk is full, once;
- full: the disk is full from that call on, to the end of the process.

Then the next process finishes, after it has been killed once itself at a seeded call in the first two modes.
Nothing may be ordered twice, stuck, or in disagreement with the books, and no process may end in a traceback.
After kills the account must end as it does undisturbed. After errors a run may end as FAILED, with a reason.
"""

import argparse
import errno
import json
import os
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tests.trading.support.file_calls import PRELOAD, Action, FileCall, FileCalls, preload, run_preloaded
from tests.trading.support.forked import Accounts, Left, Life, scratch_in_memory, try_all
from tests.trading.support.judged import Finding, Wrong, of_life, of_remains, of_success
from trading.composition import configure_logging
from trading.handlers.transitions import WorkflowState
from trading.screens.progress import show_progress

ENDED, FAILED, REFUSED = 0, 1, 2
ANY_END = (ENDED, FAILED, REFUSED)
UNSENT = "notification_failed"  # a mail that was refused is not sent again: the log says so
NEVER_FAILS = ("close", "unlock")  # a file system of this machine answers these with success, whatever it is


class Mode(StrEnum):
    """What happens at a call."""

    KILL = "kill"
    TORN = "torn"
    EIO = "EIO"
    ENOSPC = "ENOSPC"
    FULL = "full"

    @property
    def kills(self) -> bool:
        """Whether the process ends there."""
        return self in (Mode.KILL, Mode.TORN)

    def concerns(self, call: FileCall) -> bool:
        """Whether this can happen at such a call."""
        if self is Mode.TORN:
            return call.name in ("write", "pwrite")
        if self in (Mode.ENOSPC, Mode.FULL):
            return call.grows
        return self is Mode.KILL or call.name not in NEVER_FAILS


ACTIONS = {
    Mode.KILL: (Action.KILL, 0),
    Mode.TORN: (Action.TORN, 0),
    Mode.EIO: (Action.FAIL, errno.EIO),
    Mode.ENOSPC: (Action.FAIL, errno.ENOSPC),
    Mode.FULL: (Action.FAIL_ON, errno.ENOSPC),
}


@dataclass(frozen=True, order=True)
class CallMoment:
    """The n-th call of a process, what it asks for, and what happens there."""

    mode: Mode
    nth: int
    name: str

    def __str__(self) -> str:
        return f"{self.mode} at call {self.nth} ({self.name})"


@dataclass(frozen=True)
class Tried:
    """What came of one moment."""

    moment: CallMoment
    kills: int
    failed: bool  # the workflow ended as FAILED, or nothing was traded before the next process did
    findings: tuple[Finding, ...]

    def __str__(self) -> str:
        return "\n".join(f"{self.moment}: {finding}" for finding in self.findings)


class FileKills:
    """Kills and errors at calls of one session, and judges what is left."""

    def __init__(self, scratch: Path, calls: FileCalls) -> None:
        self._calls = calls
        self._accounts = Accounts(scratch)
        folder = self._accounts.copy("whole")
        life, self.counted = self._watched(folder)
        if wrong := list(of_life(life, (ENDED,))):
            raise AssertionError(f"undisturbed: {wrong}")
        self.whole = self._accounts.left(folder)

    def moments(self, modes: Sequence[Mode]) -> list[CallMoment]:
        """Every call, and everything that can happen there."""
        return [
            CallMoment(mode, nth, call.name)
            for mode in modes
            for nth, call in enumerate(self.counted, 1)
            if mode.concerns(call)
        ]

    def try_at(self, moment: CallMoment, seed: int) -> Tried:
        """Kill or refuse at this call, then finish."""
        folder = self._accounts.copy(f"{moment.mode}-{moment.nth}")
        first = self._disturbed(folder, moment.mode, moment.nth)
        if moment.mode.kills:
            tried = self._after_a_kill(moment, first, folder, seed)
        else:
            tried = self._after_an_error(moment, first, folder)
        self._accounts.discard(folder)
        return tried

    def _after_an_error(self, moment: CallMoment, first: Life, folder: Path) -> Tried:
        left = self._accounts.left(folder)
        second = self._accounts.live(folder)
        ended = self._accounts.left(folder)
        findings = [*of_life(first, ANY_END), *of_life(second, (ENDED, REFUSED))]
        failed = WorkflowState.FAILED in ended.outcome.states
        if failed:
            findings += of_remains(ended, self.whole)
        else:
            mails = self.whole.mails if UNSENT in first.said and not ended.mails else ended.mails
            findings += of_success(Left(ended.outcome, mails), self.whole, repeats=1)
        if first.code == ENDED and left.outcome != self.whole.outcome:
            findings.append(Finding(Wrong.ENDED, f"success was told of {left.outcome}"))
        return Tried(moment, 0, failed, tuple(findings))

    def _after_a_kill(self, moment: CallMoment, first: Life, folder: Path, seed: int) -> Tried:
        if not first.was_killed:
            return Tried(moment, 0, False, (Finding(Wrong.NOT_KILLED, str(first)),))
        drawn = random.Random(f"{seed} {moment}")  # noqa: S311  (which moments are tried is no secret)
        second = self._disturbed(folder, Mode.KILL, drawn.randint(1, len(self.counted)))
        kills = 1 + second.was_killed
        last = self._accounts.live(folder)
        findings = [*of_life(last, (ENDED, REFUSED))]
        if not second.was_killed:
            findings += of_life(second, (ENDED, REFUSED))
        findings += of_success(self._accounts.left(folder), self.whole, repeats=kills)
        return Tried(moment, kills, False, tuple(findings))

    def _disturbed(self, folder: Path, mode: Mode, nth: int) -> Life:
        action, error = ACTIONS[mode]
        return self._accounts.live(folder, lambda: self._calls.arm(folder, nth, action, error))

    def _watched(self, folder: Path) -> tuple[Life, list[FileCall]]:
        kept = folder.with_name("calls.json")

        def keep() -> None:
            kept.write_text(json.dumps([[call.name, call.grows] for call in self._calls.counted()]))

        life = self._accounts.live(folder, lambda: self._calls.arm(folder), keep)
        return life, [FileCall(name, grows) for name, grows in json.loads(kept.read_text())]


def main(arguments: Sequence[str]) -> int:
    """Print what was tried, and 1 where an account ended otherwise."""
    options = argparse.ArgumentParser(
        prog="python -m tests.sweeps file-kills",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    options.add_argument("--modes", nargs="+", type=Mode, default=list(Mode), choices=list(Mode))
    options.add_argument("--count", type=int, help="so many of each mode, drawn by the seed; all without")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--jobs", type=int, default=2)
    chosen = options.parse_args(arguments)
    if PRELOAD not in os.environ:
        with tempfile.TemporaryDirectory() as folder:
            return run_preloaded(preload(Path(folder)), ["-m", "tests.sweeps", "file-kills", *arguments])
    configure_logging()
    with scratch_in_memory() as scratch:
        sweep = FileKills(scratch, FileCalls())
        drawn = random.Random(chosen.seed)  # noqa: S311  (which moments are tried is no secret)
        moments = [
            moment for mode in chosen.modes for moment in _some(sweep.moments([mode]), chosen.count, drawn)
        ]
        tries = try_all(sweep.try_at, moments, chosen.seed, chosen.jobs)
        done = list(show_progress(tries, len(moments), label=lambda tried: str(tried.moment)))
    return report(sweep, done, chosen.seed)


def _some(moments: list[CallMoment], count: int | None, drawn: random.Random) -> list[CallMoment]:
    return moments if count is None else sorted(drawn.sample(moments, min(count, len(moments))))


def report(sweep: FileKills, done: Sequence[Tried], seed: int) -> int:
    """Print it."""
    names = Counter(call.name for call in sweep.counted)
    print(f"calls         {len(sweep.counted):,} after start-up: {dict(names.most_common())}")
    for mode in dict.fromkeys(tried.moment.mode for tried in done):
        tries = [tried for tried in done if tried.moment.mode is mode]
        print(
            f"{mode:<9} {len(tries):>5,} of {len(sweep.moments([mode])):>5,} calls   "
            f"{sum(tried.kills for tried in tries):>5,} kills   "
            f"{sum(tried.failed for tried in tries):>5,} ended as FAILED   "
            f"{sum(bool(tried.findings) for tried in tries):>5,} wrong"
        )
    wrong = [tried for tried in done if tried.findings]
    print(f"seed          {seed}")
    print(f"ended wrong   {len(wrong):,}")
    print("\n".join(map(str, wrong)))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
