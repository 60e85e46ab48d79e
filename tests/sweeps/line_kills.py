"""Processes that are killed at every source line of journal, execution and workflow code.

A trading process (`trade --path candidate`) is forked from one that has loaded all code, and killed (SIGKILL)
just before a line is executed: for the first time and for the last, and so many times in between as --times
says. Then the next process finishes; and, from the same remains, another one is killed at a seeded line of
that recovery before a third finishes. Whatever happened, the account must end as it does without a kill: the
same orders, each once, the workflow ended, nothing undelivered, and one notification, or one more for each
kill.
"""

import argparse
import json
import os
import random
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.trading.support.forked import Accounts, Left, Life, scratch_in_memory, try_all
from tests.trading.support.judged import Finding, Wrong, of_life, of_success
from tests.trading.support.traced import LineMoment, LineWatch, lines_of, watched_files
from trading.composition import configure_logging
from trading.screens.progress import show_progress

ENDED, REFUSED = 0, 2
FILES = watched_files()
FULL_NAMES = {short: name for name, short in FILES.items()}


def kill_myself() -> None:
    """Nothing is flushed, closed or rolled back."""
    os.kill(os.getpid(), signal.SIGKILL)


@dataclass(frozen=True)
class Tried:
    """What came of one moment: how many processes were killed, and what is wrong."""

    moment: LineMoment
    kills: int
    findings: tuple[Finding, ...]
    second: int = 0  # the line of the recovery at which that was killed, counted from its beginning
    found_after_second: tuple[Finding, ...] = ()

    @property
    def is_wrong(self) -> bool:
        """Whether anything is."""
        return bool(self.findings or self.found_after_second)

    def __str__(self) -> str:
        once = [f"{self.moment}: {finding}" for finding in self.findings]
        twice = [
            f"{self.moment}, and line {self.second} of the recovery: {finding}"
            for finding in self.found_after_second
        ]
        return "\n".join([*once, *twice])


class LineKills:
    """Kills at lines of one session, and judges what is left."""

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch
        self._accounts = Accounts(scratch)
        self.whole, self.counts = self._undisturbed()

    def moments(self, times: int) -> list[LineMoment]:
        """The first and the last execution of every line, and evenly so many in all."""
        return [
            LineMoment(file, line, number)
            for (file, line), executed in sorted(self.counts.items())
            for number in sorted({1 + (executed - 1) * step // max(times - 1, 1) for step in range(times)})
        ]

    def try_at(self, moment: LineMoment, seed: int) -> Tried:
        """Kill at this line; then finish, and finish from the same remains with a killed recovery between."""
        name = f"{moment.file}-{moment.line}-{moment.number}".replace("/", "-")
        remains = self._accounts.copy(name)
        watch = LineWatch(FILES)
        watch.act_at(FULL_NAMES[moment.file], moment.line, moment.number, kill_myself)
        died = self._accounts.live(remains, watch.begin)
        if not died.was_killed:
            return Tried(moment, 0, (Finding(Wrong.NOT_KILLED, str(died)),))
        again = self._accounts.copy(f"{name}-again", remains)
        finished, lines = self._counted(remains)
        drawn = random.Random(f"{seed} {moment}")  # noqa: S311  (which moments are tried is no secret)
        nth = drawn.randint(1, max(lines, 1))
        finished_twice, kills = self._killed_in_recovery(again, nth)
        once = tuple(self._findings(finished, remains, kills=1))
        twice = tuple(self._findings(finished_twice, again, kills=kills))
        self._accounts.discard(remains, again)
        return Tried(moment, kills, once, nth, twice)

    def _killed_in_recovery(self, folder: Path, nth: int) -> tuple[Life, int]:
        """The process that finished, and how many kills there were by then."""
        watch = LineWatch(FILES)
        watch.act_at_nth(nth, kill_myself)
        life = self._accounts.live(folder, watch.begin)
        return (self._accounts.live(folder), 2) if life.was_killed else (life, 1)

    def _undisturbed(self) -> tuple[Left, dict[tuple[str, int], int]]:
        folder = self._accounts.copy("whole")
        counts = self._scratch / "counts.json"
        watch = LineWatch(FILES)

        def write_counts() -> None:
            counts.write_text(json.dumps([[*place, number] for place, number in watch.counts.items()]))

        life = self._accounts.live(folder, watch.begin, write_counts)
        if wrong := list(of_life(life, (ENDED,))):
            raise AssertionError(f"undisturbed: {wrong}")
        found = json.loads(counts.read_text())
        return self._accounts.left(folder), {(FILES[file], line): n for file, line, n in found}

    def _counted(self, folder: Path) -> tuple[Life, int]:
        """A process that finishes what is there, and how many lines that took."""
        counts = folder.with_name(f"{folder.name}.lines")
        watch = LineWatch(FILES)
        life = self._accounts.live(folder, watch.begin, lambda: _write(counts, watch.total))
        return life, int(counts.read_text()) if counts.exists() else 0

    def _findings(self, finished: Life, folder: Path, *, kills: int) -> list[Finding]:
        left = self._accounts.left(folder)
        return [*of_life(finished, (ENDED, REFUSED)), *of_success(left, self.whole, repeats=kills)]


def _write(path: Path, number: int) -> None:
    path.write_text(str(number))


def main(arguments: Sequence[str]) -> int:
    """Print what was tried, and 1 where an account ended otherwise."""
    options = argparse.ArgumentParser(prog="python -m tests.sweeps line-kills", description=__doc__)
    options.add_argument("--times", type=int, default=2, help="executions of each line to be killed at")
    options.add_argument("--count", type=int, help="so many moments, drawn by the seed; all without")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--jobs", type=int, default=2)
    chosen = options.parse_args(arguments)
    configure_logging()
    with scratch_in_memory() as scratch:
        sweep = LineKills(scratch)
        moments = sweep.moments(chosen.times)
        every = len(moments)
        if chosen.count is not None:
            drawn = random.Random(chosen.seed)  # noqa: S311  (which moments are tried is no secret)
            moments = sorted(drawn.sample(moments, min(chosen.count, every)))
        tries = try_all(sweep.try_at, moments, chosen.seed, chosen.jobs)
        done = list(show_progress(tries, len(moments), label=lambda tried: str(tried.moment)))
    print(f"lines         {len(sweep.counts):,} executed of {len(lines_of(FILES)):,}, in {len(FILES)} files")
    print(f"moments       {len(done):,} of {every:,}, seed {chosen.seed}")
    print(f"kills         {sum(tried.kills for tried in done):,}, of a run and of its recovery")
    print(f"orders        {len(sweep.whole.outcome.orders)} in each")
    wrong = [tried for tried in done if tried.is_wrong]
    print(f"ended wrong   {len(wrong):,}")
    print("\n".join(map(str, wrong)))
    return 1 if wrong else 0
