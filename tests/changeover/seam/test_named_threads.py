"""A thread that is declared by its name belongs to no run: it is let alone, or kept out of replays."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from changeover import Migration, Run
from changeover.errors import DeclarationError
from changeover.record.declared_threads import WithThreads

Path = Callable[[int], Any]


class Client:
    def __init__(self) -> None:
        self.sent: list[str] = []

    def send(self, what: str) -> None:
        self.sent.append(what)


class Program:
    """Both paths start a thread of this name, which says who it is and then waits for the end of the test."""

    def __init__(self, name: str, **options: Any) -> None:
        self.client, self.runs, self.over = Client(), list[Run](), threading.Event()
        self.done: list[str] = []
        environment = {"CHANGEOVER_STAGE_S": "shadow"}
        self.migration = Migration(environment=environment, sink=self.runs.append, **options)
        self.migration.port("client", self.client, effects={"send"})
        self.name, self.started = name, list[threading.Thread]()

    def beat(self) -> None:
        self.done.append("beat")
        self.client.send("beat")
        self.over.wait(30)

    def path(self, number: int) -> int:
        thread = threading.Thread(target=self.beat, name=self.name)
        self.started.append(thread)
        thread.start()
        self.client.send("order")
        return number

    def run(self, path: Path) -> Run:
        made = self.migration.seam("s", legacy=path, candidate=path)
        try:
            asyncio.run(made(3)) if asyncio.iscoroutinefunction(path) else made(3)
            (run,) = self.runs
            return run
        finally:
            self.over.set()
            for thread in self.started:
                thread.join()


async def awaited(program: Program, number: int) -> int:
    await asyncio.sleep(0)
    return program.path(number)


@pytest.fixture(params=["sync", "async"])
def colour(request: pytest.FixtureRequest) -> Callable[[Program], Path]:
    def of(program: Program) -> Path:
        if request.param == "sync":
            return lambda number: program.path(number)

        async def path(number: int) -> int:
            return await awaited(program, number)

        return path

    return of


def test_a_withheld_thread_runs_where_the_path_answers_and_in_no_replay(
    colour: Callable[[Program], Path],
) -> None:
    program = Program("heartbeat-7")
    program.migration.threads(withheld=["heartbeat-*"])
    run = program.run(colour(program))
    assert run.verdict == "match", run.reason
    assert program.done == ["beat"]
    assert sorted(program.client.sent) == ["beat", "order"]
    assert run.legacy is not None
    assert [call.arguments["what"] for call in run.legacy.effects] == ["order"]
    assert [thread.is_alive() for thread in program.started] == [False, False]


def test_a_permitted_thread_runs_in_a_replay_too_and_is_no_part_of_it(
    colour: Callable[[Program], Path],
) -> None:
    program = Program("sampler")
    program.migration.threads(permitted=["sampler"])
    run = program.run(colour(program))
    assert run.verdict == "match", run.reason
    assert program.done == ["beat", "beat"]
    assert program.client.sent.count("order") == 1


def test_any_other_thread_belongs_to_the_run() -> None:
    program = Program("worker")
    program.migration.threads(permitted=["sampler"], withheld=["heartbeat-*"])
    program.over.set()
    run = program.run(lambda number: program.path(number))
    assert run.verdict == "match", run.reason
    assert sorted(program.client.sent) == ["beat", "order"]
    assert run.legacy is not None
    assert len(run.legacy.effects) == 2


def test_what_a_thread_that_was_withheld_would_have_done_can_be_started_again_by_its_owner() -> None:
    program = Program("heartbeat")
    program.migration.threads(withheld=["heartbeat"])
    done: list[str] = []

    class Beat(threading.Thread):
        def run(self) -> None:
            done.append(type(self).__name__)

    def path(number: int) -> int:
        thread = Beat(name="heartbeat")
        thread.start()
        thread.join()
        return number

    assert program.run(path).verdict == "match"
    assert done == ["Beat"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"permitted": "sampler"}, "permitted was 'sampler', allowed: a list of names"),
        ({"withheld": [""]}, "allowed: a list of names"),
        ({"withheld": [3]}, "allowed: a list of names"),
        ({"permitted": ["a"], "withheld": ["a"]}, "'a' is permitted and withheld, allowed: one of them"),
    ],
    ids=["a text", "an empty name", "no text", "both"],
)
def test_what_is_no_name_is_refused(given: dict[str, Any], said: str) -> None:
    migration: WithThreads = Migration(environment={})
    with pytest.raises(DeclarationError) as error:
        migration.threads(**given)
    assert said in str(error.value)
