"""Flips at the same time, flips that are killed, reads beside writes, every wrong byte of `flags.json`."""

import argparse
import logging
import random
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.changeover.support.flags_bytes import moved_desk, try_all, variants
from tests.changeover.support.flip_races import PROCESSES, Figures, deaths, race, reading

WRONG_SHOWN_MAX = 20


def main(arguments: Sequence[str]) -> int:
    """Print what was tried, and 1 where anything was not as it must be."""
    options = argparse.ArgumentParser(prog="python -m tests.sweeps flips", description=__doc__)
    options.add_argument("--rounds", type=int, default=1_000, help="of a race")
    options.add_argument("--kills", type=int, default=500)
    options.add_argument("--reads", type=int, default=100_000)
    options.add_argument("--every", type=int, default=1, help="byte of the flags")
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args(arguments)
    drawn = random.Random(chosen.seed)  # noqa: S311  (which moments and bytes are tried is no secret)
    logging.getLogger("changeover").setLevel(logging.ERROR)  # refused flags are what is looked for
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        wrong += _told(f"race of {PROCESSES}", race(folder / "race", chosen.rounds))
        wrong += _told("killed", deaths(folder / "deaths", chosen.kills, drawn))
        wrong += _told("read", reading(folder / "reading", chosen.reads))
        wrong += _told("read, disk full", reading(folder / "full", chosen.reads // 10, full_disk=True))
        wrong += _told("bytes", _bytes(folder / "bytes", chosen.every, drawn))
    print(f"{'wrong':<17}{len(wrong):,}")
    for one in wrong[:WRONG_SHOWN_MAX]:
        print(f"  {one}")
    return 1 if wrong else 0


def _bytes(folder: Path, every: int, drawn: random.Random) -> Figures:
    desk = moved_desk(folder)
    good = desk.place.flags.read_bytes()
    tried = list(variants(good, drawn, range(0, len(good), every)))
    counts, wrong = try_all(desk, tried)
    counts.update(bytes=len(good), variants=len(tried))
    return Figures(counts, [f"another stage from {variant!r}" for variant in wrong])


def _told(name: str, figures: Figures) -> list[str]:
    counted = ", ".join(f"{number:,} {what}" for what, number in figures.counts.items())
    print(f"{name:<17}{counted}", flush=True)
    return [f"{name}: {one}" for one in figures.wrong]
