"""Every pair of stages, flipped before every step of a trading run: no run mixes its paths.

A run that stays at the stage it began with is the reference: the flipped run must make the same calls, each
from the same orchestration, publish the same events and place the same orders; the next run must be one of
the new stage. All phases are flipped together, and each alone while the others stand still.
"""

import argparse
import random
import sys
import tempfile
from collections.abc import Iterator, Sequence
from itertools import permutations
from pathlib import Path

import pytest

from tests.trading.support.flipped_runs import (
    KILLED,
    PHASES,
    STATES,
    Standing,
    Switchboard,
    Trace,
    all_at,
    two_sessions,
)
from trading.composition import compose_migration, configure_logging
from trading.screens.progress import show_progress

MIGRATION = compose_migration()

Pair = tuple[Standing, Standing]
FAILURES_SHOWN_MAX = 20


def pairs_together() -> list[Pair]:
    """All phases from one stage to another, the kill switch included."""
    return [(all_at(a), all_at(b)) for a, b in permutations((*STATES, KILLED), 2)]


def pairs_alone() -> list[Pair]:
    """One phase from one stage to another, while the others are off, or live."""
    return [
        (_with(phase, a, rest), _with(phase, b, rest))
        for phase in PHASES
        for rest in ("off", "live")
        for a, b in permutations(STATES, 2)
    ]


def _with(phase: str, state: str, rest: str) -> Standing:
    first, second, third = (state if phase == one else rest for one in PHASES)
    return Standing((first, second, third))


class Mixing:
    """Knows the undisturbed runs, and says what is wrong with a flipped one."""

    def __init__(self, board: Switchboard) -> None:
        self._board = board
        self._undisturbed: dict[Standing, list[Trace]] = {}

    def steps(self, standing: Standing) -> list[int | None]:
        """The steps before which a first session that has begun can be flipped; None is after the last."""
        begun = [number for number, (path, _) in enumerate(self.undisturbed(standing)[0].calls, 1) if path]
        return [*range(begun[0] + 1, begun[-1] + 1), None]

    def undisturbed(self, standing: Standing) -> list[Trace]:
        """Both sessions without a flip."""
        found = self._undisturbed.get(standing)
        if found is None:
            found = self._undisturbed[standing] = two_sessions(self._board, standing, standing, None)
        return found

    def wrong(self, pair: Pair, flip_at: int | None) -> list[str]:
        """What a run flipped at this step did otherwise; empty where nothing was mixed."""
        before, after = pair
        first, second = two_sessions(self._board, before, after, flip_at)
        said = f"{before} -> {after} before step {flip_at or 'one of the next run'}"
        found = []
        if first != self.undisturbed(before)[0]:
            found.append(f"{said}: the run that had begun is not what it was")
        # Not all of it: a workflow that ended yesterday still has its deadline to be told of.
        if second.essence != self.undisturbed(after)[1].essence:
            found.append(f"{said}: the next run does not follow the new stage")
        return found


def main(arguments: Sequence[str]) -> int:
    """Print what was tried, and 1 where a run was mixed."""
    options = argparse.ArgumentParser(prog="python -m tests.sweeps mixing", description=__doc__)
    options.add_argument("--together", action="store_true", help="only all phases together")
    options.add_argument("--share", type=float, default=1.0, help="of the flips, drawn by the seed")
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args(arguments)
    configure_logging()
    drawn = random.Random(chosen.seed)  # noqa: S311  (which flips are tried is no secret)
    with tempfile.TemporaryDirectory() as scratch, pytest.MonkeyPatch.context() as environment:
        mixing = Mixing(Switchboard(Path(scratch), environment))
        pairs = pairs_together() + ([] if chosen.together else pairs_alone())
        flips = [
            (pair, flip_at)
            for pair in pairs
            for flip_at in mixing.steps(pair[0])
            if chosen.share >= 1 or drawn.random() < chosen.share
        ]
        wrong: list[str] = []
        tried: Iterator[tuple[Pair, list[str]]] = ((pair, mixing.wrong(pair, at)) for pair, at in flips)
        for _, found in show_progress(tried, len(flips), label=lambda done: " -> ".join(map(str, done[0]))):
            wrong += found
    MIGRATION.look_again()
    print(f"pairs    {len(pairs)} of standings, {len({pair[0] for pair in pairs})} to begin with")
    print(f"flips    {len(flips):,}, each before a step of a run, and the run after it")
    print(f"mixed    {len(wrong):,}")
    print("\n".join(wrong[:FAILURES_SHOWN_MAX]), file=sys.stderr)
    return 1 if wrong else 0
