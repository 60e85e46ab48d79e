"""Fortnights of a migration in virtual time, with deaths: is all of it told to each receiver, and how often?

`python -m tests.sweeps fortnight --seeds 5 --minutes 60 --kills 60`; exits 1 where something was not told,
was told without a reason, or came twice though nobody died.
"""

import argparse
import logging
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.changeover.support.fortnight import Fortnight


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser("python -m tests.sweeps fortnight")
    parser.add_argument("--seeds", type=int, default=5, help="how many fortnights")
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--minutes", type=int, default=60, help="between two looks, in virtual time")
    parser.add_argument(
        "--kills", type=int, default=60, help="looks that are to die by chance; 0 for no deaths at all"
    )
    given = parser.parse_args(arguments)
    log = logging.getLogger("changeover")
    log.addHandler(logging.NullHandler())
    log.propagate = False
    wrong = 0
    for seed in range(given.first, given.first + given.seeds):
        wrong += not _lived(seed, timedelta(minutes=given.minutes), given.kills)
    return 1 if wrong else 0


def _lived(seed: int, every: timedelta, kills: int) -> bool:
    with TemporaryDirectory() as folder:
        fortnight = Fortnight(Path(folder), seed, every, kills)
        heard = fortnight.live()
    missing, unexpected = heard.untold(fortnight.expected)
    receivers = {"webhook": heard.webhook, "slack": heard.slack, "email": heard.email}
    incomplete = [name for name, counted in receivers.items() if set(counted) != set(heard.subjects)]
    counts = ", ".join(
        f"{name} {counted.total()}" for name, counted in {**receivers, "log": heard.log}.items()
    )
    print(
        f"seed {seed}: {heard.looks} looks, {heard.kills} died; {len(heard.subjects)} alerts: {counts}; "
        f"{len(heard.repeated)} came twice somewhere",
        flush=True,
    )
    for about, found in (("not told", missing), ("not expected", unexpected), ("incomplete", incomplete)):
        for one in found:
            print(f"  {about}: {one}")
    return not (missing or unexpected or incomplete or (heard.repeated and not heard.kills))
