"""Processes that are killed for real in the middle of a trading run, and the next ones, which finish it.

Each round kills a trading process (SIGKILL) at a commit of its journal or a call at its broker, before or
after it is done; the next process may be killed too. Then one that is left alone finishes what there is. The
account must end as it does without a kill: the same orders, each once, the same positions.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.trading.support.deaths import (
    SECOND,
    Moment,
    Outcome,
    Reaper,
    account_after_a_session,
    copied,
    interrupt,
    outcome,
    trade,
)
from trading.composition import configure_logging
from trading.screens.progress import show_progress

ROOT = Path(__file__).parents[2]
KILLS_IN_A_ROW_MAX = 3


def kill_myself() -> None:
    """Nothing is flushed, closed or rolled back."""
    os.kill(os.getpid(), signal.SIGKILL)


def killed(folder: Path, moment: Moment) -> bool:
    """Trade in a process of its own that ends at this moment; False where it was done before that came."""
    asked = [str(folder), moment.what, str(moment.number), "after" if moment.done else "before"]
    done = subprocess.run(
        [sys.executable, "-m", "tests.sweeps.kills", *asked], cwd=ROOT, capture_output=True, check=False
    )
    if done.returncode not in (0, -signal.SIGKILL):
        raise AssertionError(f"{moment}: the process ended with {done.returncode}: {done.stderr.decode()}")
    return done.returncode != 0


def undisturbed(template: Path, folder: Path) -> tuple[Outcome, Counter[str]]:
    """How the session ends when nothing happens, and how many commits and calls that takes."""
    reaper = Reaper(None, interrupt)
    trade(copied(template, folder), SECOND, reaper=reaper)
    return outcome(folder, template), reaper.counts


def rounds(counts: Counter[str], number: int, seed: int) -> Iterator[list[Moment]]:
    """Seeded moments to be killed at, one after the other."""
    drawn = random.Random(seed)  # noqa: S311  (which moments are tried is no secret)
    for _ in range(number):
        yield [
            Moment(what, drawn.randint(1, counts[what]), drawn.random() < 0.5)
            for what in drawn.choices(("commit", "call"), k=drawn.randint(1, KILLS_IN_A_ROW_MAX))
        ]


def survive(template: Path, folder: Path, moments: Sequence[Moment]) -> tuple[Outcome, int]:
    """What is left after these kills and one process that was left alone; how many kills there were."""
    copied(template, folder)
    kills = sum(killed(folder, moment) for moment in moments)
    trade(folder, SECOND)
    return outcome(folder, template), kills


def main(arguments: Sequence[str]) -> int:
    """Print what was tried and 1 where an account ended otherwise."""
    options = argparse.ArgumentParser(prog="python -m tests.sweeps kills", description=__doc__)
    options.add_argument("--rounds", type=int, default=100)
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args(arguments)
    configure_logging()
    wrong, kills = [], 0
    with tempfile.TemporaryDirectory() as scratch:
        template = account_after_a_session(Path(scratch) / "template")
        expected, counts = undisturbed(template, Path(scratch) / "whole")
        tries = (
            (moments, *survive(template, Path(scratch) / "account", moments))
            for moments in rounds(counts, chosen.rounds, chosen.seed)
        )
        for moments, found, died in show_progress(
            tries, chosen.rounds, label=lambda tried: ", ".join(map(str, tried[0]))
        ):
            kills += died
            if found != expected:
                wrong.append(f"{', '.join(map(str, moments))}: {found}")
    print(f"moments       {counts['commit']} commits and {counts['call']} calls, before and after each")
    print(f"rounds        {chosen.rounds} with {kills} kills, seed {chosen.seed}")
    print(f"orders        {len(expected.orders)} in each")
    print(f"ended wrong   {len(wrong)}")
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    _folder, _what, _number, _when = sys.argv[1:]
    trade(Path(_folder), SECOND, reaper=Reaper(Moment(_what, int(_number), _when == "after"), kill_myself))
