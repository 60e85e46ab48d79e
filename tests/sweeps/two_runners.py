"""Two runners on one journal: one is paused, thought dead, passed over, and wakes up.

A trading process (`trade --path candidate`) stops itself (SIGSTOP) just before a seeded line of journal,
execution or the workflow. Meanwhile a second one is started, for the same session if nothing else is said.
Then the first one goes on (SIGCONT). In turn

- claimed: nobody touches what the system holds for the first: the second is refused, and the first finishes;
- removed: somebody who thinks the first is dead has removed its claim (the `.lock` files), and the second
  finishes; the first places nothing when it wakes, and its session ends in success or one sentence;
- next-day: as removed, but the second trades the next session: what the first had begun is over by then.

At the end a third process finds nothing to do. The account ends as it does with one runner: every order once.
"""

import argparse
import os
import random
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tests.trading.support.deaths import SECOND, THIRD
from tests.trading.support.forked import Accounts, be_impatient, scratch_in_memory, try_all
from tests.trading.support.judged import Finding, Wrong, of_account, of_life, of_success
from tests.trading.support.traced import PARTS, LineWatch, watched_files
from trading.composition import configure_logging
from trading.screens.progress import show_progress

ENDED, FAILED, REFUSED = 0, 1, 2


class Case(StrEnum):
    """What becomes of the first runner's claim while it is stopped."""

    CLAIMED = "claimed"
    REMOVED = "removed"
    NEXT_DAY = "next-day"


@dataclass(frozen=True)
class Pause:
    """Just before the n-th line that a runner executes."""

    case: Case
    line: int

    def __str__(self) -> str:
        return f"{self.case}, paused at line {self.line}"


@dataclass(frozen=True)
class Trial:
    """What came of one pause."""

    pause: Pause
    over: bool  # the session was over before the first woke: the second had finished it, or the first itself
    placed: int  # orders that the first placed after it woke
    findings: tuple[Finding, ...]

    def __str__(self) -> str:
        return "\n".join(f"{self.pause}: {finding}" for finding in self.findings)


class TwoRunners:
    """Pauses a runner of one session, and judges what both leave."""

    def __init__(self, scratch: Path, parts: Sequence[str] = PARTS) -> None:
        """Pauses are at lines of these parts of the package alone."""
        self._files = watched_files(parts)
        self._accounts = Accounts(scratch)
        folder, kept = self._accounts.copy("whole"), scratch / "lines"
        watch = LineWatch(self._files)

        def keep() -> None:
            kept.write_text(str(watch.total))

        if wrong := list(of_life(self._accounts.live(folder, watch.begin, keep), (ENDED,))):
            raise AssertionError(f"undisturbed: {wrong}")
        self.lines = int(kept.read_text())
        self.whole = self._accounts.left(folder)

    def try_at(self, pause: Pause, seed: int = 0) -> Trial:
        """Pause a runner there; `seed` tells trials of the same moment apart."""
        case, line = pause.case, pause.line
        folder = self._accounts.copy(f"{case}-{line}-{seed}-{os.getpid()}")
        watch = LineWatch(self._files)
        watch.act_at_nth(line, lambda: os.kill(os.getpid(), signal.SIGSTOP))
        number = self._accounts.begin(folder, watch.begin)
        os.waitpid(number, os.WUNTRACED)
        if case is not Case.CLAIMED:
            for claim in folder.glob("*.lock*"):
                claim.unlink()
        session = THIRD if case is Case.NEXT_DAY else SECOND
        second = self._accounts.live(folder, be_impatient, session=session)
        over, before = self._accounts.is_over(folder, session), self._accounts.order_names(folder)
        os.kill(number, signal.SIGCONT)
        first = self._accounts.end(number, folder)
        placed = len(self._accounts.order_names(folder) - before)
        third = self._accounts.live(folder, session=session)
        left = self._accounts.left(folder)
        findings = [
            *of_life(first, (ENDED, FAILED, REFUSED)),
            *of_life(second, (ENDED, FAILED, REFUSED)),
            *of_life(third, (ENDED, REFUSED)),
            *(of_account(left) if case is Case.NEXT_DAY else of_success(left, self.whole, repeats=1)),
        ]
        if over and placed:
            findings.append(Finding(Wrong.ORDERED_TWICE, f"{placed} orders when it woke"))
        self._accounts.discard(folder)
        return Trial(pause, over, placed, tuple(findings))


def main(arguments: Sequence[str]) -> int:
    """Print what was tried, and 1 where something was wrong."""
    options = argparse.ArgumentParser(
        prog="python -m tests.sweeps two-runners",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    options.add_argument("--trials", type=int, default=200, help="of each case")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--jobs", type=int, default=2)
    chosen = options.parse_args(arguments)
    configure_logging()
    with scratch_in_memory() as scratch:
        sweep = TwoRunners(scratch)
        drawn = random.Random(chosen.seed)  # noqa: S311  (which moments are tried is no secret)
        trials = [Pause(case, drawn.randint(1, sweep.lines)) for case in Case for _ in range(chosen.trials)]
        tries = try_all(sweep.try_at, trials, chosen.seed, chosen.jobs)
        done = list(show_progress(tries, len(trials), label=lambda trial: str(trial.pause)))
    for case in Case:
        tried = [trial for trial in done if trial.pause.case is case]
        over = [trial for trial in tried if trial.over]
        print(
            f"{case:<9} {len(tried):>4,} trials   over when the first woke: {len(over):>4,}, "
            f"and it placed {sum(trial.placed for trial in over):,} orders then"
        )
    wrong = [trial for trial in done if trial.findings]
    print(f"moments       of {sweep.lines:,} lines, seed {chosen.seed}")
    print(f"wrong         {len(wrong):,}")
    print("\n".join(map(str, wrong)))
    return 1 if wrong else 0
