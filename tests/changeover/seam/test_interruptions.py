"""What stops the program from outside is the program's, wherever it strikes: a signal, the keyboard, a time
limit, a cancellation. The run is counted once, and what the signals do afterwards is what they did before."""

import asyncio
import functools
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from enum import Enum
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import pytest

import changeover
from changeover import Migration
from changeover.evidence.store import draining
from changeover.evidence.store.writing import add_runs
from changeover.record.context import SESSION
from changeover.replay.program_signals import ProgramSignals
from changeover.values.interruption import is_interruption
from changeover.values.pins import PINNED
from tests.changeover.support.counted_runs import runs_in


class TimeLimit(Exception):
    """As Celery, Django or a decorator of the program raises it."""


class Stop(BaseException):
    pass


class Server:
    """A program with a handler of its own for each kind of stop."""

    def __init__(self) -> None:
        self.raised: list[BaseException] = []

    def stop(self, error: BaseException, number: int, frame: FrameType | None) -> NoReturn:
        self.raised.append(error)
        raise error


STOPS: dict[str, tuple[signal.Signals, BaseException]] = {
    "an exit that SIGTERM asks for": (signal.SIGTERM, SystemExit(41)),
    "a time limit": (signal.SIGALRM, TimeLimit("over")),
    "a stop of the program's own": (signal.SIGUSR1, Stop()),
    "the keyboard": (signal.SIGINT, KeyboardInterrupt()),
}


@contextmanager
def handling(number: signal.Signals, error: BaseException) -> Iterator[Server]:
    server = Server()
    before = signal.signal(number, functools.partial(server.stop, error))
    try:
        yield server
    finally:
        signal.signal(number, before)


def dispositions() -> list[Any]:
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    return [*(signal.getsignal(one) for one in signal.valid_signals()), mask]


class Copied:
    """An argument whose copying, that is recording, meets the signal."""

    def __init__(self, strike: Callable[[], None]) -> None:
        self.strike = strike


def _copy_of(parts: dict[str, Any]) -> Copied:
    parts["strike"]()
    return Copied(parts["strike"])


changeover.reading(Copied, parts=lambda given: {"strike": given.strike}, make=_copy_of)


class Place:
    """Where the signal strikes: each attribute is a part of a seam."""

    def __init__(self, at: str, number: signal.Signals) -> None:
        self.at = at
        self.number = number
        self.runs: list[Any] = []

    def strike(self, at: str) -> None:
        if at == self.at:
            self.at = "nowhere again"
            signal.raise_signal(self.number)

    def legacy(self, given: Any) -> int:
        self.strike("legacy")
        return 7

    def candidate(self, given: Any) -> int:
        self.strike("candidate")
        if self.at == "candidate swallows it":
            with suppress(BaseException):
                signal.raise_signal(self.number)
        if self.at == "candidate makes another of it":
            try:
                signal.raise_signal(self.number)
            except BaseException as error:
                raise LookupError("nothing found") from error
        if self.at == "candidate returns over it":
            try:
                signal.raise_signal(self.number)
            finally:
                return 7  # noqa: B012
        return 7

    async def legacy_async(self, given: Any) -> int:
        await asyncio.sleep(0)
        return self.legacy(given)

    async def candidate_async(self, given: Any) -> int:
        await asyncio.sleep(0)
        answer = self.candidate(given)
        await asyncio.sleep(0)
        return answer

    def tags(self, given: Any) -> list[str]:
        self.strike("tags")
        return []

    def view(self, answer: int) -> int:
        self.strike("view")
        return answer

    def invariant(self, observation: Any) -> bool:
        self.strike("invariant")
        return True

    def sink(self, run: Any) -> None:
        self.runs.append(run)
        if run.not_paired is None:  # a run that was not compared is counted where it was stopped
            self.strike("sink")

    def seam(self, *, is_async: bool) -> tuple[Migration, Any]:
        migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, refresh_s=0, sink=self.sink)
        migration.invariant("s")(self.invariant)
        paths = (self.legacy_async, self.candidate_async) if is_async else (self.legacy, self.candidate)
        view = (self.view, self.view)
        seam = migration.seam("s", legacy=paths[0], candidate=paths[1], view=view, tags=self.tags)
        return migration, seam


PLACES = [
    *("arguments", "tags", "legacy", "candidate", "candidate swallows it", "candidate makes another of it"),
    *("candidate returns over it", "view", "invariant", "sink"),
]


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("at", PLACES)
@pytest.mark.parametrize("stop", STOPS)
def test_it_reaches_the_program_and_the_run_is_counted_once(stop: str, at: str, is_async: bool) -> None:
    number, error = STOPS[stop]
    place = Place(at, number)
    migration, seam = place.seam(is_async=is_async)
    given = Copied(lambda: place.strike("arguments"))
    sends = socket.socket.send
    with handling(number, error) as server:
        before = dispositions()
        with pytest.raises(type(error)) as raised:
            asyncio.run(seam(given)) if is_async else seam(given)
        assert raised.value is error
        assert dispositions() == before
    assert server.raised == [error]
    assert sum(migration.counts.values()) == 1
    assert [run.verdict for run in place.runs] == ["match" if at == "sink" else "unpaired"]
    assert (SESSION.get(), PINNED.get()) == (None, None)
    assert socket.socket.send is sends  # the net is down, though the error still holds the run


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_an_interrupt_that_the_replayed_path_itself_raises_is_contained(is_async: bool) -> None:
    for error in (KeyboardInterrupt(), SystemExit(3), GeneratorExit(), asyncio.CancelledError(), Stop()):

        def legacy() -> int:
            return 7

        def candidate(error: BaseException = error) -> int:
            raise error

        async def legacy_async() -> int:
            return 7

        async def candidate_async(error: BaseException = error) -> int:
            raise error

        migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, refresh_s=0)
        paths = (legacy_async, candidate_async) if is_async else (legacy, candidate)
        seam: Any = migration.seam("s", legacy=paths[0], candidate=paths[1])
        assert (asyncio.run(seam()) if is_async else seam()) == 7
        assert list(migration.counts) == [("s", "diverged")]


def test_a_time_limit_that_ends_the_candidate_is_no_reason_to_fall_back() -> None:
    called: list[str] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "live"}, refresh_s=0)
    seam = migration.seam(
        "s",
        legacy=lambda: called.append("legacy"),
        candidate=lambda: signal.raise_signal(signal.SIGALRM),
        fallback=True,
    )
    with handling(signal.SIGALRM, TimeLimit()), pytest.raises(TimeLimit):
        seam()
    assert called == []
    assert migration.counts == {("s", "unpaired"): 1}


def test_a_path_that_fails_while_the_caller_handles_a_time_limit_is_compared() -> None:
    def path() -> None:
        raise LookupError("nothing found")

    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, refresh_s=0)
    seam = migration.seam("s", legacy=lambda n: path(), candidate=lambda n: path())
    with handling(signal.SIGALRM, TimeLimit()):
        try:
            signal.raise_signal(signal.SIGALRM)
        except TimeLimit:
            with pytest.raises(LookupError):
                seam(1)
    assert migration.counts == {("s", "match"): 1}


def test_a_handler_that_hears_once_and_another_that_hears_next_are_the_program_s() -> None:
    heard: list[str] = []

    def next_one(number: int, frame: FrameType | None) -> None:
        heard.append("next")
        raise Stop

    def first(number: int, frame: FrameType | None) -> None:
        heard.append("first")
        signal.signal(signal.SIGUSR1, next_one)

    def candidate() -> None:
        for _ in range(2):
            signal.raise_signal(signal.SIGUSR1)

    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, refresh_s=0)
    seam = migration.seam("s", legacy=lambda: None, candidate=candidate)
    before = signal.signal(signal.SIGUSR1, first)
    try:
        with pytest.raises(Stop):
            seam()
        assert signal.getsignal(signal.SIGUSR1) is next_one
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert heard == ["first", "next"]


def deaf(*_: object) -> None:
    pass


HANDLING_PATHS: dict[str, Callable[[], object]] = {
    "sets a handler": lambda: signal.signal(signal.SIGTERM, deaf),
    "ignores a signal": lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
    "gives one its default": lambda: signal.signal(signal.SIGUSR1, signal.SIG_DFL),
    "blocks one": lambda: signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2}),
    "sets an alarm": lambda: signal.alarm(100),
    "sets a timer": lambda: signal.setitimer(signal.ITIMER_REAL, 100.0, 1.0),
    "stops the alarm": lambda: signal.alarm(0),
}


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("armed", [False, True], ids=["no alarm", "an alarm"])
@pytest.mark.parametrize("path", HANDLING_PATHS.values(), ids=HANDLING_PATHS.keys())
def test_what_a_replayed_path_does_to_signals_is_undone(
    path: Callable[[], object], armed: bool, is_async: bool
) -> None:
    async def legacy_async() -> None: ...

    async def candidate_async() -> None:
        path()

    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, refresh_s=0)
    paths: tuple[Any, Any] = (
        (legacy_async, candidate_async) if is_async else (lambda: None, lambda: path() and None)
    )
    seam: Any = migration.seam("s", legacy=paths[0], candidate=paths[1])
    with handling(signal.SIGUSR1, Stop()):
        signal.setitimer(signal.ITIMER_REAL, 60.0 if armed else 0.0)
        try:
            before = dispositions()
            asyncio.run(seam()) if is_async else seam()
            assert dispositions() == before
            left, interval = signal.setitimer(signal.ITIMER_REAL, 0.0)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0.0)
    assert interval == 0.0
    assert 50.0 < left <= 60.0 if armed else left == 0.0


def test_the_alarm_of_the_program_goes_off_although_the_replayed_path_stopped_it() -> None:
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, refresh_s=0)
    seam = migration.seam("s", legacy=lambda: 1, candidate=lambda: signal.alarm(0) and 1)

    def limited() -> None:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        seam()
        threading.Event().wait(5)

    with handling(signal.SIGALRM, TimeLimit()), pytest.raises(TimeLimit):
        limited()


class Slow:
    """An async seam whose candidate takes its time, and what it does when it is cancelled."""

    def __init__(self, *, swallows: bool) -> None:
        self.swallows = swallows
        self.migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, refresh_s=0)
        self.seam = self.migration.seam("s", legacy=self.legacy, candidate=self.candidate)

    async def legacy(self) -> int:
        return 7

    async def candidate(self) -> int:
        try:
            await asyncio.sleep(5)
        except asyncio.CancelledError:
            if not self.swallows:
                raise
        return 7


@pytest.mark.parametrize("swallows", [False, True])
def test_a_cancellation_reaches_the_caller_whatever_the_replayed_path_does_with_it(swallows: bool) -> None:
    slow = Slow(swallows=swallows)

    async def program() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(slow.seam(), 0.05)
        task = asyncio.create_task(slow.seam())
        await asyncio.sleep(0.05)
        task.cancel("the server stops")
        with pytest.raises(asyncio.CancelledError, match="the server stops"):
            await task
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05), asyncio.TaskGroup() as group:
                group.create_task(slow.seam())

    asyncio.run(program())
    assert slow.migration.counts == {("s", "unpaired"): 3}


def test_a_coroutine_that_is_closed_in_the_middle_of_a_replay_is_counted() -> None:
    slow = Slow(swallows=False)

    async def program() -> None:
        async def steps() -> None:
            await slow.seam()

        task = asyncio.create_task(asyncio.sleep(0))
        running: Any = steps()
        running.send(None)
        running.close()
        await task

    asyncio.run(program())
    assert slow.migration.counts == {("s", "unpaired"): 1}


def test_a_seam_that_is_called_while_the_caller_cleans_up_after_a_cancellation_is_compared() -> None:
    async def legacy(number: int) -> int:
        return number

    async def candidate(number: int) -> int:
        raise asyncio.CancelledError

    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, refresh_s=0)
    seam = migration.seam("s", legacy=legacy, candidate=candidate)
    answers: list[int] = []

    async def worker() -> None:
        try:
            await asyncio.sleep(5)
        finally:
            answers.append(await seam(7))

    async def program() -> None:
        task = asyncio.create_task(worker())
        await asyncio.sleep(0)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    asyncio.run(program())
    assert answers == [7]
    assert migration.counts == {("s", "diverged"): 1}


def test_a_signal_that_a_loop_hears_of_is_the_loop_s_also_during_a_replay() -> None:
    heard: list[int] = []

    async def legacy() -> int:
        return 7

    async def candidate() -> int:
        signal.raise_signal(signal.SIGTERM)
        await asyncio.sleep(0)
        return 7

    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, refresh_s=0)
    seam = migration.seam("s", legacy=legacy, candidate=candidate)

    async def program() -> None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, heard.append, 1)
        await seam()
        await asyncio.sleep(0.01)

    asyncio.run(program())
    assert heard == [1]
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_other_threads_leave_the_signals_alone() -> None:
    seen: list[list[Any]] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, refresh_s=0)
    seam = migration.seam("s", legacy=lambda: None, candidate=lambda: seen.append(dispositions()))
    thread = threading.Thread(target=seam)
    thread.start()
    thread.join()
    assert seen == [dispositions()]
    assert sys.exc_info() == (None, None, None)


PLAN = '[migration]\nname = "m"\ncode = ["json"]\n[[phase]]\nname = "p"\nseams = ["s"]\n'


def test_evidence_that_was_to_be_written_when_the_program_was_stopped_is_put_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    struck: list[int] = []

    def strike(*anything: Any) -> None:
        if not struck:
            struck.append(1)
            signal.raise_signal(signal.SIGTERM)
        add_runs(*anything)

    monkeypatch.setattr(draining, "add_runs", strike)
    folder = tmp_path / "migration"
    folder.mkdir()
    (folder / "phases.toml").write_text(PLAN)
    migration = Migration.load(folder, environment={"CHANGEOVER_STAGE_P": "shadow"}, refresh_s=0)
    seam = migration.seam("s", legacy=lambda n: n, candidate=lambda n: n)
    seam(1)
    with handling(signal.SIGTERM, SystemExit(41)), pytest.raises(SystemExit):
        migration.flush()
    seam(2)
    migration.flush()
    kept = runs_in(tmp_path / ".changeover" / "evidence.db")
    assert struck == [1]
    assert sorted(str(run.verdict) for run in kept) == ["match", "match"]


def test_what_a_handler_raised_just_before_handlers_are_wrapped_is_known_as_a_stop() -> None:
    def stop(number: int, frame: Any) -> None:
        raise SystemExit(7)

    before = signal.signal(signal.SIGTERM, stop)
    try:
        with pytest.raises(SystemExit) as raised:
            signal.raise_signal(signal.SIGTERM)
        with ProgramSignals():
            assert is_interruption(raised.value)
    finally:
        signal.signal(signal.SIGTERM, before)


class Colour(Enum):
    RED = "red"


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("both_raise", [False, True], ids=["one raises", "both raise"])
@pytest.mark.parametrize("stage", ["shadow", "live"])
def test_a_value_that_an_enum_refuses_stops_nobody(stage: str, both_raise: bool, is_async: bool) -> None:
    """Signals whose handler is the system's have a member of an enum for it, which is no handler."""
    runs: list[Any] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": stage}, refresh_s=0, sink=runs.append)

    def raises(word: str) -> Any:
        return Colour(word)

    def answers(word: str) -> Any:
        return raises(word) if both_raise else word

    async def raises_async(word: str) -> Any:
        return raises(word)

    async def answers_async(word: str) -> Any:
        return answers(word)

    replayed, answering = (raises_async, answers_async) if is_async else (raises, answers)
    legacy, candidate = (answering, replayed) if stage == "shadow" else (replayed, answering)
    seam: Any = migration.seam("s", legacy=legacy, candidate=candidate)

    def called() -> Any:
        return asyncio.run(seam("green")) if is_async else seam("green")

    if both_raise:
        with pytest.raises(ValueError, match="green"):
            called()
    else:
        assert called() == "green"
    migration.close()
    assert [str(run.verdict) for run in runs] == ["match" if both_raise else "diverged"]
