"""What a replay draws from `numpy.random` is its own, as with `random`."""

import asyncio
import random
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest

from changeover import Migration, Run

numpy: Any = pytest.importorskip("numpy")
taken_rand = numpy.random.rand  # as `from numpy.random import rand` leaves it in a module

DRAWS: dict[str, Callable[[], object]] = {
    "numpy's rand": lambda: numpy.random.rand(2),
    "numpy's rand taken before": lambda: taken_rand(2),
    "numpy's seed": lambda: numpy.random.seed(5),
    "numpy's set_state": lambda: numpy.random.set_state(numpy.random.RandomState(5).get_state()),
    "numpy's choice": lambda: numpy.random.choice(9),
    "numpy's normal": lambda: numpy.random.normal(),
    "numpy's sample": lambda: numpy.random.sample(),
    "numpy's ranf": lambda: numpy.random.ranf(),
    "numpy's shuffle": lambda: numpy.random.shuffle([1, 2, 3]),
}


def shadowing(legacy: Any, candidate: Any, stage: str = "shadow") -> Any:
    migration = Migration(environment={"CHANGEOVER_STAGE_S": stage}, refresh_s=0)
    return migration.seam("s", legacy=legacy, candidate=candidate)


def state() -> str:
    return repr(numpy.random.get_state())


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS.keys())
def test_no_draw_of_a_replayed_path_moves_what_the_program_draws_from(
    draw: Callable[[], object], is_async: bool
) -> None:
    async def draw_async() -> None:
        draw()
        await asyncio.sleep(0)
        draw()

    async def nothing() -> None: ...

    paths: tuple[Any, Any] = (nothing, draw_async) if is_async else (lambda: None, lambda: draw() and None)
    seam = shadowing(*paths)
    numpy.random.seed(1234)
    before = state()
    asyncio.run(seam()) if is_async else seam()
    assert state() == before


@pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS.keys())
def test_the_answering_path_draws_what_it_draws_alone(draw: Callable[[], object]) -> None:
    def drawn(stage: str) -> list[object]:
        seam = shadowing(draw, draw, stage)
        numpy.random.seed(1234)
        return [*(repr(seam()) for _ in range(3)), state()]

    assert drawn("shadow") == drawn("off")


def test_other_threads_draw_what_they_draw_alone() -> None:
    started, stop = threading.Event(), threading.Event()

    def candidate() -> None:
        started.set()
        for _ in range(20):
            numpy.random.rand()
            numpy.random.seed(1)

    seam = shadowing(lambda: None, candidate)

    def cross() -> None:
        while not stop.is_set():
            seam()

    numpy.random.seed(1234)
    alone = [numpy.random.rand() for _ in range(200)]
    numpy.random.seed(1234)
    thread = threading.Thread(target=cross)
    thread.start()
    started.wait(5)
    drawn = [numpy.random.rand() for _ in range(200)]
    stop.set()
    thread.join()
    assert drawn == alone


def test_generators_of_the_program_s_own_are_left_alone() -> None:
    seam = shadowing(lambda: None, lambda: None)
    seam()
    assert numpy.random.default_rng(5).random() == numpy.random.default_rng(5).random()
    assert isinstance(numpy.random.mtrand._rand, numpy.random.RandomState)


def test_the_shared_state_itself_is_drawn_from() -> None:
    """docs/limits.md: `random` past a port, drawn from past the names of the module."""
    shared = numpy.random.mtrand._rand
    seam = shadowing(lambda: None, lambda: shared.rand() and None)
    before = state()
    seam()
    assert state() != before


def test_the_same_code_draws_the_same_numbers_of_numpy_too() -> None:
    def path(number: int) -> Any:
        drawn = random.random()  # noqa: S311
        return numpy.random.rand(), drawn, numpy.random.normal(size=2), numpy.random.randint(9)

    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)
    seam: Any = migration.seam("s", legacy=path, candidate=path)
    for number in range(3):
        seam(number)
    assert [run.verdict.value for run in runs] == ["match"] * 3


FIRST_CALLS = """
import sys
{first}
from changeover import Migration

def path(number):
    {inside}

runs = []
stages = {{"CHANGEOVER_STAGE_S": "{stage}"}}
migration = Migration(environment=stages, refresh_s=0, sink=runs.append, mode="{mode}")
seam = migration.seam("s", legacy=path, candidate=lambda number: path(number))
assert "numpy.random" not in sys.modules
seam(1)
migration.flush()
seam(2)
migration.flush()
print(*(run.verdict for run in runs), runs[0].reason or "")
"""
DRAWN = "return int(numpy.random.randint(10**9))"
FIRST: dict[str, tuple[str, str, str]] = {
    "numpy has not loaded its generators yet": ("import numpy", DRAWN, "match match"),
    "the path imports numpy and draws": ("", f"import numpy; {DRAWN}", "failed match numpy was imported"),
    "the path imports numpy, seeds it and draws": (
        "",
        f"import numpy; numpy.random.seed(number); {DRAWN}",
        "failed match numpy was imported",
    ),
    "the path imports numpy alone": (
        "",
        "import numpy; return int(numpy.sum([number]))",
        "match match",
    ),
}


@pytest.mark.parametrize("stage", ["shadow", "live"])
@pytest.mark.parametrize("mode", ["inline", "background"])
@pytest.mark.parametrize("how", FIRST)
def test_the_first_number_that_a_program_draws_is_known_or_said_not_to_be(
    how: str, mode: str, stage: str
) -> None:
    first, inside, said = FIRST[how]
    program = FIRST_CALLS.format(first=first, inside=inside, mode=mode, stage=stage)
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout.startswith(said), done.stdout


def test_a_number_that_was_drawn_before_a_seam_inside_is_not_known_either() -> None:
    """The run inside replaces the names: by then the outer path has drawn."""
    program = """
from changeover import Migration
stages = {"CHANGEOVER_STAGE_INNER": "shadow", "CHANGEOVER_STAGE_OUTER": "shadow"}
runs = []
migration = Migration(environment=stages, refresh_s=0, sink=runs.append, mode="inline")
inner = migration.seam("inner", legacy=lambda number: number, candidate=lambda number: number)

def path(number):
    import numpy
    drawn = int(numpy.random.randint(10**9))
    return drawn + inner(number)

outer = migration.seam("outer", legacy=path, candidate=lambda number: path(number))
outer(1)
print(*sorted(f"{run.seam} {run.verdict} {(run.reason or '')[:9]}" for run in runs if run.seam == "outer"))
"""
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout == "outer failed numpy was\n", done.stdout
