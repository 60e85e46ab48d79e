"""A replay draws random numbers of its own; the program draws what it would draw alone."""

# ruff: noqa: S311

import asyncio
import os
import random
import secrets
import threading
import uuid
from collections.abc import Callable
from random import choice as taken_choice
from random import gauss as taken_gauss
from random import getrandbits as taken_getrandbits
from random import random as taken_random
from random import randrange as taken_randrange
from random import seed as taken_seed
from typing import Any

import pytest

from changeover import Migration, Run

DRAWS: dict[str, Callable[[], object]] = {
    "random": lambda: random.random(),
    "random taken before": lambda: taken_random(),
    "getrandbits taken before": lambda: taken_getrandbits(9),
    "gauss taken before": lambda: taken_gauss(0, 1),
    "choice taken before": lambda: taken_choice(range(99)),
    "randrange taken before": lambda: taken_randrange(99),
    "seed taken before": lambda: taken_seed(5),
    "seed": lambda: random.seed(5),
    "setstate": lambda: random.setstate(random.Random(5).getstate()),
    "shuffle": lambda: random.shuffle([1, 2, 3]),
    "sample": lambda: random.sample(range(99), 3),
    "choices": lambda: random.choices(range(99), k=3),
    "gauss": lambda: random.gauss(0, 1),
    "normalvariate": lambda: random.normalvariate(0, 1),
    "vonmisesvariate": lambda: random.vonmisesvariate(0, 1),
    "triangular": lambda: random.triangular(),
    "randbytes": lambda: random.randbytes(3),
    "uniform": lambda: random.uniform(0, 1),
}


def seeded() -> None:
    random.seed(1234)


def state() -> str:
    return repr(random.getstate())


def shadowing(legacy: Any, candidate: Any, stage: str = "shadow", **options: Any) -> tuple[Any, list[Run]]:
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": stage}, refresh_s=0, sink=runs.append, **options)
    return migration.seam("s", legacy=legacy, candidate=candidate), runs


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
    seam, runs = shadowing(*paths)
    seeded()
    before = state()
    asyncio.run(seam()) if is_async else seam()
    assert state() == before
    assert len(runs) == 1


@pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS.keys())
def test_the_answering_path_draws_what_it_draws_alone(draw: Callable[[], object]) -> None:
    def drawn(stage: str) -> list[object]:
        seam, _ = shadowing(draw, draw, stage)
        seeded()
        answers = [repr(seam()) for _ in range(3)]
        return [*answers, state()]

    assert drawn("shadow") == drawn("off")
    assert drawn("live") == drawn("off")


def test_what_a_replay_draws_is_seeded_by_its_run() -> None:
    drawn: list[Any] = []

    def candidate() -> None:
        drawn.append((random.random(), taken_random()))

    seam, runs = shadowing(lambda: None, candidate)
    seam()
    own = random.Random(runs[0].correlation_id)
    assert drawn[0][:2] == (own.random(), own.random())


def test_other_threads_draw_what_they_draw_alone() -> None:
    started, stop = threading.Event(), threading.Event()

    def candidate() -> None:
        started.set()
        for _ in range(20):
            random.random()
            random.seed(1)

    seam, _ = shadowing(lambda: None, candidate)

    def cross() -> None:
        while not stop.is_set():
            seam()

    seeded()
    alone = [random.random() for _ in range(200)]
    seeded()
    thread = threading.Thread(target=cross)
    thread.start()
    started.wait(5)
    drawn = [random.random() for _ in range(200)]
    stop.set()
    thread.join()
    assert drawn == alone


def test_what_draws_from_the_system_is_left_alone() -> None:
    before = (os.urandom, secrets.token_hex, secrets.choice, uuid.uuid4, random.SystemRandom.random)
    drawn: list[Any] = []
    seam, _ = shadowing(lambda: None, lambda: drawn.append((uuid.uuid4(), secrets.token_hex())))
    seam()
    seam()
    assert (os.urandom, secrets.token_hex, secrets.choice, uuid.uuid4, random.SystemRandom.random) == before
    assert drawn[0] != drawn[1]
    own = random.Random(5)
    assert type(own) is random.Random


TABLE = {"draw": random.Random.random}


def test_a_generator_that_the_program_holds_in_another_way_is_drawn_from() -> None:
    """docs/limits.md: `random` past a port, drawn from past the names of the module."""
    shared = random._inst
    seam, _ = shadowing(lambda: None, lambda: TABLE["draw"](shared) and None)
    seeded()
    before = state()
    seam()
    assert state() != before


@pytest.mark.parametrize("stage", ["shadow", "live"])
@pytest.mark.parametrize("mode", ["inline", "background"])
@pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS.keys())
def test_the_same_code_draws_the_same_numbers(draw: Callable[[], object], mode: str, stage: str) -> None:
    def path(number: int) -> list[object]:
        return [draw(), random.random(), draw()]

    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": stage}, sink=runs.append, mode=mode)
    seam: Any = migration.seam("s", legacy=path, candidate=path)
    for number in range(3):
        seam(number)
        random.random()
    migration.close()
    assert [run.verdict.value for run in runs] == ["match"] * 3


def test_a_candidate_that_draws_otherwise_is_found() -> None:
    seam, runs = shadowing(
        lambda number: random.random(), lambda number: [random.random(), random.random()][1]
    )
    seam(1)
    assert runs[0].verdict.value == "diverged"


def test_the_same_code_draws_the_same_numbers_around_another_seam_and_in_tasks() -> None:
    runs: list[Run] = []
    stages = {"CHANGEOVER_STAGE_S": "shadow", "CHANGEOVER_STAGE_INNER": "shadow"}
    migration = Migration(environment=stages, sink=runs.append)

    async def inner_path(number: int) -> float:
        return random.random()

    inner: Any = migration.seam("inner", legacy=inner_path, candidate=inner_path)

    async def path(number: int) -> list[float]:
        return [await asyncio.create_task(inner(1)), random.random(), await inner(2)]

    seam: Any = migration.seam("s", legacy=path, candidate=path)
    asyncio.run(seam(1))
    assert {run.verdict.value for run in runs} == {"match"}
    assert len(runs) == 3


@pytest.mark.parametrize("mode", ["inline", "background"])
@pytest.mark.parametrize("kind", ["tasks", "the program"])
def test_a_difference_of_numbers_that_others_drew_in_between_is_none_of_the_code(
    kind: str, mode: str
) -> None:
    async def drawing(number: int) -> list[float]:
        drawn = []
        for _ in range(3):
            drawn.append(random.random())
            await asyncio.sleep(0)
        return drawn

    async def waiting(number: int) -> int:
        await drawing(number)
        return number

    for path, verdict in ((drawing, "failed"), (waiting, "match")):
        runs: list[Run] = []
        migration = Migration(
            environment={"CHANGEOVER_STAGE_S": "shadow"}, refresh_s=0, sink=runs.append, mode=mode
        )
        seam: Any = migration.seam("s", legacy=path, candidate=path)

        async def main(seam: Any = seam) -> None:
            await asyncio.gather(seam(1), seam(2) if kind == "tasks" else drawing(2))

        asyncio.run(main())
        migration.close()
        assert {str(run.verdict) for run in runs} == {verdict}
        assert all("random" in (run.reason or "") for run in runs if verdict == "failed")
