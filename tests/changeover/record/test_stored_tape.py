"""What a stored run keeps beside its calls, so that its replay is what one in the program would be."""

from __future__ import annotations

import asyncio
import decimal
import queue
import random
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from changeover import Migration, Run
from changeover.evidence.scenario_replay import codec_of
from changeover.record.scenario_file import from_line, scenario_of, to_line
from changeover.redaction.redactor import Redactor
from changeover.values.verdict import Verdict
from tests.changeover.support.stored_ways import WAYS, as_a_scenario

DRAWS: dict[str, Callable[[], Any]] = {
    "random": lambda: random.randint(1, 10**9),  # noqa: S311
    "shuffle": lambda: random.sample(range(1_000), 5),
    "gauss": lambda: (random.gauss(0, 1), random.gauss(0, 1)),  # keeps one for the next time
    "numpy": lambda: int(np.random.randint(10**9)),
    "both": lambda: (random.random(), float(np.random.random())),  # noqa: S311
}


def of_paths(legacy: Callable[..., Any], candidate: Callable[..., Any]) -> Callable[[Migration], Any]:
    return lambda migration: migration.seam("s", legacy=legacy, candidate=candidate)


@pytest.mark.parametrize("stage", ["shadow", "live"])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("draw", DRAWS)
def test_a_path_draws_again_what_it_drew(draw: str, way: str, stage: str) -> None:
    def path(number: int) -> Any:
        return number, DRAWS[draw]()

    def other(number: int) -> Any:
        return number, DRAWS[draw](), "more"

    run = WAYS[way](of_paths(path, path), 1, stage=stage)
    assert (run.verdict, run.reason) == (Verdict.MATCH, None)
    assert WAYS[way](of_paths(path, other), 1, stage=stage).verdict is Verdict.DIVERGED


@pytest.mark.parametrize("stage", ["shadow", "live"])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("context", [decimal.Context(5), decimal.Context(28, decimal.ROUND_UP)])
def test_a_path_reckons_as_it_did(context: decimal.Context, way: str, stage: str) -> None:
    def path(number: int) -> decimal.Decimal:
        return decimal.Decimal(number) / 3

    def prepare(migration: Migration) -> Any:
        seam = of_paths(path, path)(migration)

        def called(number: int) -> Any:
            with decimal.localcontext(context):
                return seam(number)

        return called

    run = WAYS[way](prepare, 2, stage=stage)
    assert (run.verdict, run.reason) == (Verdict.MATCH, None)


@pytest.mark.parametrize("way", WAYS)
def test_a_difference_proves_nothing_where_somebody_else_did_the_work(way: str) -> None:
    jobs: queue.Queue[Any] = queue.Queue()

    class Bank:
        def pay(self, amount: int) -> None:
            """The world."""

    bank = Bank()

    def work_off() -> None:
        for job in iter(jobs.get, None):
            bank.pay(job)

    worker = threading.Thread(target=work_off, daemon=True)
    worker.start()

    def prepare(migration: Migration) -> Any:
        migration.port("bank", bank, effects={"pay"})
        return of_paths(lambda amount: jobs.put(amount), lambda amount: bank.pay(amount))(migration)

    run = WAYS[way](prepare, 5)
    jobs.put(None)
    worker.join()
    assert run.verdict is Verdict.FAILED
    assert "queue" in str(run.reason)


@pytest.mark.parametrize("token", ["nothing-secret-here", "hunter2-correct-horse"])
def test_a_call_after_the_answer_is_late_in_a_redacted_scenario_too(token: str, tmp_path: Path) -> None:
    class Bank:
        def pay(self, text: str) -> None:
            """The world."""

    bank, found = Bank(), []

    def path(number: int) -> int:
        answered = threading.Event()

        def pay() -> None:
            answered.wait(0.2)
            bank.pay("hunter2-correct-horse")

        bank.pay("at once")
        threading.Thread(target=pay).start()
        return number

    def prepare(migration: Migration) -> Any:
        migration.port("bank", bank, effects={"pay"})
        return of_paths(path, path)(migration)

    def redacted(run: Run) -> Run:
        clean = Redactor.for_project((), tmp_path, {"TOKEN": token}).run(run)
        migration = Migration()
        prepare(migration)
        line = to_line(scenario_of(clean), codec_of(migration))
        found.append(from_line(line.encode(), codec_of(migration), migration.runtime.book))
        assert run.tape.has_late
        return clean

    as_a_scenario(prepare, 1, redact=redacted)
    assert found[0].tape.has_late


@pytest.mark.parametrize("way", WAYS)
def test_two_tasks_of_one_function_may_be_left_behind(way: str) -> None:
    async def consume(jobs: asyncio.Queue[int]) -> None:
        while True:
            await jobs.get()

    async def path(number: int) -> int:
        jobs: asyncio.Queue[int] = asyncio.Queue()
        left = [asyncio.create_task(consume(jobs)) for _ in range(3)]
        await asyncio.sleep(0)
        return number + len(left)

    run = WAYS[way](of_paths(path, path), 5)
    assert (run.verdict, run.reason) == (Verdict.MATCH, None)
