"""Alarms and handlers of signals that a replay sets: beside the main thread they are its own alone."""

import asyncio
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from changeover import Migration, Run

pytestmark = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there are no alarms")
MODES = pytest.mark.parametrize("mode", ["inline", "background"])
Path_ = Callable[[int], Any]


@pytest.fixture(autouse=True)
def alarm() -> Iterator[None]:
    before = signal.signal(signal.SIGALRM, lambda *_: None)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def compared(legacy: Path_, candidate: Path_, mode: str, *, stage: str = "shadow") -> tuple[Any, Run]:
    runs: list[Run] = []
    environment = {"CHANGEOVER_STAGE_S": stage}
    migration = Migration(environment=environment, refresh_s=0, sink=runs.append, mode=mode)
    found = migration.seam("s", legacy=legacy, candidate=candidate)(1)
    if asyncio.iscoroutine(found):
        found = asyncio.run(found)
    migration.close()
    return found, runs[0]


def plain(number: int) -> int:
    return number


def ends_it(number: int) -> int:
    signal.alarm(0)
    return number


def sets_it(number: int) -> int:
    signal.setitimer(signal.ITIMER_REAL, 500)
    return number


async def ends_it_later(number: int) -> int:
    async def other() -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)

    await asyncio.gather(other())
    return number


async def plain_later(number: int) -> int:
    return number


@MODES
@pytest.mark.parametrize(
    ("quiet", "loud"), [(plain, ends_it), (plain, sets_it), (plain_later, ends_it_later)]
)
def test_an_alarm_of_the_program_stays_set(quiet: Path_, loud: Path_, mode: str) -> None:
    for stage, paths in (("shadow", (quiet, loud)), ("live", (loud, quiet))):
        signal.alarm(300)
        found, run = compared(*paths, mode, stage=stage)
        assert (found, run.verdict) == (1, "match")
        assert signal.alarm(0) > 200


def limited(number: int) -> list[Any]:
    """What programs do for a time limit."""
    before = signal.signal(signal.SIGALRM, lambda *_: None)
    try:
        signal.setitimer(signal.ITIMER_REAL, 100, 50)
        left, interval = signal.getitimer(signal.ITIMER_REAL)
        return [number, 90 < left <= 100, interval, callable(before)]
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@MODES
def test_a_time_limit_of_a_path_is_the_same_in_a_replay(mode: str) -> None:
    handler = signal.getsignal(signal.SIGALRM)
    found, run = compared(limited, limited, mode)
    assert (found, run.verdict) == ([1, True, 50.0, True], "match")
    assert signal.getsignal(signal.SIGALRM) is handler


def test_a_path_beside_the_main_thread_may_have_no_handler_in_its_replay_either() -> None:
    found: list[Any] = []

    def path(number: int) -> str:
        try:
            signal.signal(signal.SIGALRM, signal.SIG_IGN)
        except ValueError:
            return "refused"
        return "set"

    thread = threading.Thread(target=lambda: found.append(compared(path, path, "background")))
    thread.start()
    thread.join()
    [(answer, run)] = found
    assert (answer, run.verdict) == ("refused", "match")


def test_an_alarm_of_a_replay_whose_time_is_over_fails_the_run() -> None:
    def candidate(number: int) -> int:
        signal.setitimer(signal.ITIMER_REAL, 0.001)
        time.sleep(0.01)
        return number

    found, run = compared(plain, candidate, "background")
    assert (found, run.verdict) == (1, "failed")
    assert "alarm" in (run.reason or "")


@pytest.fixture
def woken() -> Iterator[int]:
    """What the program wants to be woken by when a signal comes, as an event loop of it does."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.setblocking(False)
        before = signal.set_wakeup_fd(theirs.fileno())
        yield theirs.fileno()
        signal.set_wakeup_fd(before)


def has_a_loop_of_its_own(number: int) -> int:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.setblocking(False)
        before = signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
        signal.set_wakeup_fd(before)
    return number


def leaves_its_loop(number: int) -> int:
    LEFT.extend(socket.socketpair())
    LEFT[-1].setblocking(False)
    signal.set_wakeup_fd(LEFT[-1].fileno())
    return number


LEFT: list[socket.socket] = []


@MODES
@pytest.mark.parametrize("loud", [has_a_loop_of_its_own, leaves_its_loop])
def test_the_program_is_woken_by_what_it_asked_for(loud: Path_, mode: str, woken: int) -> None:
    _, run = compared(plain, loud, mode)
    assert run.verdict == "match", run.reason
    now = signal.set_wakeup_fd(-1)
    signal.set_wakeup_fd(woken)
    assert now == woken


@MODES
def test_both_paths_may_have_a_loop_that_asks_to_be_woken(mode: str) -> None:
    def answers(number: int) -> int:
        has_a_loop_of_its_own(number)
        return asyncio.run(with_handler(number))

    async def with_handler(number: int) -> int:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGUSR2, print)
        loop.remove_signal_handler(signal.SIGUSR2)
        return number

    found, run = compared(answers, answers, mode)
    assert found == 1
    assert run.verdict == "match", run.divergences or run.reason


def test_a_signal_that_a_replay_beside_the_program_raises_is_heard_by_its_own_handler_alone() -> None:
    heard: list[str] = []

    def raises(number: int) -> list[str]:
        own: list[str] = []
        before = signal.signal(signal.SIGALRM, lambda *_: own.append("path"))
        signal.raise_signal(signal.SIGALRM)
        signal.signal(signal.SIGALRM, before)
        return own

    signal.signal(signal.SIGALRM, lambda *_: heard.append("program"))
    answer, run = compared(raises, raises, "background")
    assert (answer, run.verdict, heard) == (["path"], "match", [])


def test_one_without_a_handler_of_its_own_reaches_nobody_and_fails_the_run() -> None:
    heard: list[str] = []

    def raises(number: int) -> int:
        signal.raise_signal(signal.SIGALRM)
        return number

    signal.signal(signal.SIGALRM, lambda *_: heard.append("program"))
    _, run = compared(plain, raises, "background")
    assert (run.verdict, heard) == ("failed", [])
    assert "a signal of the path" in str(run.reason)
