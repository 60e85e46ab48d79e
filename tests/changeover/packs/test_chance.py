"""`migration.use("chance")`: generators that a path makes for itself begin alike in a replay."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable
from random import Random
from typing import Any

import numpy
import pytest
from numpy.random import default_rng

from changeover import Migration, Run


def run_of(legacy: Callable[[], Any], candidate: Callable[[], Any], *, uses: bool = True) -> tuple[Any, Run]:
    """What the caller got, and the run."""
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)
    if uses:
        migration.use("chance")
    answer = migration.seam("s", legacy=lambda _: legacy(), candidate=lambda _: candidate())(1)
    return answer, runs[-1]


class Dice(random.Random):
    """A generator of a program's own."""

    def roll(self) -> int:
        return self.randint(1, 6_000_000)


SHARED: dict[str, Callable[[], Any]] = {
    "random": lambda: random.random(),
    "numpy": lambda: float(numpy.random.random()),
}
OWN: dict[str, Callable[[], Any]] = {
    "random.Random": lambda: random.Random().random(),
    "an imported name": lambda: Random().random(),
    "two of them": lambda: (Random().random(), Random().random()),
    "a class derived from it": lambda: Dice().roll(),
    "default_rng": lambda: float(default_rng().random()),
    "default_rng of the module": lambda: float(numpy.random.default_rng().random()),
}


@pytest.mark.parametrize("way", sorted(SHARED))
def test_what_is_drawn_from_a_shared_generator_is_alike_without_the_pack(way: str) -> None:
    for uses in (False, True):
        for _ in range(20):
            assert run_of(SHARED[way], lambda: SHARED[way](), uses=uses)[1].verdict == "match"


@pytest.mark.parametrize("way", sorted(OWN))
def test_what_is_drawn_from_an_own_generator_is_alike_with_the_pack_alone(way: str) -> None:
    assert run_of(OWN[way], lambda: OWN[way](), uses=False)[1].verdict == "diverged"
    answer, run = run_of(OWN[way], lambda: OWN[way]())
    assert run.verdict == "match", run.divergences
    assert run_of(OWN[way], lambda: OWN[way]())[0] != answer


def test_two_generators_of_one_path_do_not_draw_the_same() -> None:
    answer, _ = run_of(OWN["two of them"], OWN["two of them"])
    assert answer[0] != answer[1]


def test_a_seed_of_the_program_stays_what_it_is() -> None:
    answer, run = run_of(lambda: Random(5).random(), lambda: Random(5).random())
    assert (answer, run.verdict, len(run.tape)) == (Random(5).random(), "match", 0)


def test_a_generator_of_the_system_has_no_seed() -> None:
    _, run = run_of(lambda: random.SystemRandom().random(), lambda: 0.0)
    assert len(run.tape) == 0


def test_one_generator_more_is_no_end_of_the_replay() -> None:
    _, run = run_of(lambda: Random().random(), lambda: (Random().random(), Random())[0])
    assert run.verdict == "match"
    _, run = run_of(lambda: 1, lambda: Random() and 1)
    assert run.verdict == "match"


def test_libraries_seed_themselves() -> None:
    program = """
import sys, random
from changeover import Migration
runs = []
migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)
migration.use("chance")
def path(n):
    import tempfile
    tempfile._RandomNameSequence().rng
    return random.Random().random()
migration.seam("s", legacy=path, candidate=lambda n: path(n))(1)
print(runs[-1].verdict, len(runs[-1].tape), "numpy" in sys.modules)
"""
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert said.stdout.split() == ["match", "1", "False"], said.stderr
