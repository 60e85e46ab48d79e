"""`migration.use("clock")`: the program's own code is told recorded times, and nobody else feels it."""

from __future__ import annotations

import asyncio
import datetime as dates
import logging
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from threading import Thread
from time import monotonic as imported_monotonic
from time import sleep as imported_sleep
from time import time as imported_time
from typing import Any

import freezegun
import pytest
import time_machine

from changeover import Migration, Run
from changeover.errors import DeclarationError, MissingPackageError

CAPTURED = datetime.now
OFFSET = time.time_ns() - time.clock_gettime_ns(time.CLOCK_MONOTONIC)
BUILTINS = (time.time, time.monotonic, time.perf_counter, time.sleep, time.monotonic_ns)


def run_of(legacy: Callable[[], Any], candidate: Callable[[], Any], **options: Any) -> tuple[Any, Run]:
    """What the caller got, and the run."""
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)
    migration.use("clock", **options)
    answer = migration.seam("s", legacy=lambda _: legacy(), candidate=lambda _: candidate())(1)
    return answer, runs[-1]


@dataclass
class Stamped:
    at: datetime = field(default_factory=datetime.now)


WAYS: dict[str, Callable[[], Any]] = {
    "datetime.now": lambda: datetime.now(),
    "datetime.now in UTC": lambda: datetime.now(UTC),
    "datetime.today": lambda: datetime.today(),
    "datetime.utcnow": lambda: datetime.utcnow(),
    "through the module": lambda: dates.datetime.now(),
    "a function that was kept": lambda: CAPTURED(),
    "a default of a dataclass": lambda: Stamped().at,
    "time.time": lambda: time.time(),
    "an imported name": lambda: imported_time(),
    "time.time_ns": lambda: time.time_ns(),
    "time.monotonic": lambda: time.monotonic(),
    "an imported clock": lambda: imported_monotonic(),
    "time.monotonic_ns": lambda: time.monotonic_ns(),
    "time.perf_counter": lambda: time.perf_counter(),
    "time.perf_counter_ns": lambda: time.perf_counter_ns(),
    "in a new import": lambda: __import__("time").perf_counter(),
}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("way", sorted(WAYS))
def test_a_time_that_is_read_is_the_same_in_the_replay(way: str) -> None:
    def path() -> Any:
        first = WAYS[way]()
        imported_sleep(0.001)
        return first, WAYS[way]()

    answer, run = run_of(path, lambda: path())
    assert answer[0] < answer[1]
    assert run.verdict == "match", run.divergences or run.reason


def test_today_is_the_same_day() -> None:
    answer, run = run_of(lambda: date.today().isoformat(), lambda: date.today().isoformat())
    assert run.verdict == "match"
    assert len(run.tape) == 1
    assert answer == date.today().isoformat()


def test_one_way_of_reading_the_wall_clock_is_another() -> None:
    _, run = run_of(lambda: int(time.time()), lambda: int(datetime.now().timestamp()))
    assert run.verdict == "match"


def test_without_the_pack_times_differ() -> None:
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)
    migration.seam("s", legacy=lambda _: time.time_ns(), candidate=lambda _: time.time_ns())(1)
    assert runs[-1].verdict == "diverged"


def test_a_path_that_looks_more_often_is_told_the_last_moment_again() -> None:
    _, run = run_of(lambda: time.time_ns(), lambda: (time.time_ns(), time.time_ns())[1])
    assert run.verdict == "match"


def test_a_path_that_looks_where_the_other_did_not_is_told_the_time_of_the_machine() -> None:
    before = time.time_ns()
    _, run = run_of(lambda: 0, lambda: time.time_ns())
    assert run.candidate is not None
    assert before <= getattr(run.candidate.outcome, "value", 0) <= time.time_ns()


def test_sleeping_takes_no_time_in_a_replay() -> None:
    def path(seconds: float) -> int:
        began = time.time_ns()
        time.sleep(seconds)
        imported_sleep(0.0)
        return (time.time_ns() - began) // 1_000_000_000

    began = time.monotonic()
    _, run = run_of(lambda: path(0.01), lambda: path(3600))
    assert time.monotonic() - began < 60
    assert run.candidate is not None
    assert getattr(run.candidate.outcome, "value", 0) >= 3599


def test_a_deadline_is_met_as_it_was() -> None:
    def path() -> int:
        until, looks = time.monotonic() + 0.02, 0
        while time.monotonic() < until:
            time.sleep(0.005)
            looks += 1
        return looks

    _, run = run_of(path, lambda: path())
    assert run.verdict == "match", run.divergences


def test_log_lines_use_up_none_of_the_times(caplog: pytest.LogCaptureFixture) -> None:
    def path(lines: int) -> tuple[float, float]:
        first = time.time()
        for n in range(lines):
            logging.getLogger("shop").warning("line %s", n)
        return first, time.time()

    _, run = run_of(lambda: path(0), lambda: path(5))
    assert [one.place for one in run.divergences if not one.place.startswith("log")] == []
    _, run = run_of(lambda: path(5), lambda: path(5))
    assert run.verdict == "match"
    assert len(run.tape) == 2


def test_libraries_read_the_clock_of_the_machine() -> None:
    from email.utils import formatdate

    answer, run = run_of(lambda: bool(formatdate()), lambda: bool(formatdate()))
    assert answer
    assert len(run.tape) == 0


def test_the_clock_of_a_library_is_kept_apart_where_it_is_named() -> None:
    import django.conf
    from django.utils import timezone

    if not django.conf.settings.configured:
        django.conf.settings.configure(USE_TZ=True)

    def path() -> Any:
        return timezone.now(), time.time_ns()

    _, run = run_of(path, lambda: tuple(reversed((time.time_ns(), timezone.now()))))
    assert run.verdict == "match", run.divergences
    assert [entry.method.name for entry in run.tape.entries] == ["django_utils_timezone_time_ns", "time_ns"]


def test_other_threads_read_the_real_time_meanwhile() -> None:
    off: list[int] = []
    goes_on = [True]

    def watch() -> None:
        while goes_on:
            before = OFFSET + time.clock_gettime_ns(time.CLOCK_MONOTONIC)
            off.append(abs(time.time_ns() - before))

    def path() -> float:
        for _ in range(20):
            imported_sleep(0.0005)
        return time.time()

    watcher = Thread(target=watch)
    watcher.start()
    for _ in range(5):
        assert run_of(path, path)[1].verdict == "match"
    goes_on.clear()
    watcher.join()
    assert sorted(off)[len(off) // 2] < 50_000_000


def test_no_thread_meets_an_error_while_clocks_are_put_in_place_and_away() -> None:
    reads = (time.time, datetime.now, date.today, time.localtime, lambda: time.strftime("%c"), time.gmtime)
    errors: list[BaseException] = []
    goes_on = [True]

    def watch() -> None:
        while goes_on:
            for read in reads:
                try:
                    read()
                except BaseException as error:  # noqa: BLE001  counted
                    errors.append(error)

    def path() -> float:
        return time.time()

    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)
    migration.use("clock")
    seam = migration.seam("s", legacy=lambda _: path(), candidate=lambda _: path())
    interval = sys.getswitchinterval()
    watchers = [Thread(target=watch) for _ in range(2)]
    sys.setswitchinterval(1e-5)
    try:
        for watcher in watchers:
            watcher.start()
        for n in range(200):
            seam(n)
    finally:
        goes_on.clear()
        for watcher in watchers:
            watcher.join()
        sys.setswitchinterval(interval)
    assert errors == []
    assert {str(run.verdict) for run in runs} == {"match"}


def test_nothing_is_left_in_place_when_nothing_is_compared() -> None:
    inside: list[Any] = []

    def path() -> float:
        inside.append((time.monotonic, time_machine.escape_hatch.is_travelling()))
        return time.time()

    run_of(path, path)
    assert inside[0][0] is not BUILTINS[1]
    assert inside[0][1]
    now = (time.time, time.monotonic, time.perf_counter, time.sleep, time.monotonic_ns)
    assert now == BUILTINS
    assert (imported_sleep, imported_monotonic) == (BUILTINS[3], BUILTINS[1])
    assert not time_machine.escape_hatch.is_travelling()


def test_a_path_that_fails_leaves_nothing_in_place() -> None:
    def failing() -> None:
        time.time()
        raise ValueError("too late")

    with pytest.raises(ValueError, match="too late"):
        run_of(failing, failing)
    assert time.monotonic is BUILTINS[1]
    assert not time_machine.escape_hatch.is_travelling()


def test_a_run_at_off_holds_no_clock() -> None:
    migration = Migration(environment={})
    migration.use("clock")
    seen: list[Any] = []
    migration.seam("s", legacy=lambda: seen.append(time.monotonic), candidate=lambda: None)()
    assert seen == [BUILTINS[1]]


def test_async_paths_and_pools_read_their_own_times() -> None:
    async def legacy(_: int) -> Any:
        first = time.time_ns()
        await asyncio.sleep(0.001)
        return first, time.time_ns()

    async def candidate(_: int) -> Any:
        return await legacy(1)

    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)
    migration.use("clock")
    asyncio.run(migration.seam("s", legacy=legacy, candidate=candidate)(1))
    assert runs[-1].verdict == "match", runs[-1].divergences

    def pooled() -> Any:
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(time.time_ns).result(), pool.submit(lambda: time.time_ns()).result()

    def work() -> Any:
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(lambda: time.time_ns()).result()

    assert pooled()
    assert run_of(work, lambda: work())[1].verdict == "match"


def test_a_clock_that_freezegun_holds_is_held_for_both() -> None:
    def path() -> Any:
        return datetime.now(), time.time(), time.monotonic()

    with freezegun.freeze_time("2024-02-29 12:00:00"):
        answer, run = run_of(path, lambda: path())
    assert answer[0] == datetime(2024, 2, 29, 12)
    assert run.verdict == "match"
    assert run_of(path, lambda: path())[1].verdict == "match"


def test_a_clock_that_freezegun_held_at_first_is_covered_afterwards() -> None:
    program = """
import time
import freezegun
from changeover import Migration
runs = []
def path(n):
    return time.monotonic_ns(), time.perf_counter(), time.time_ns()
with freezegun.freeze_time("2024-02-29"):
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)
    migration.use("clock")
    seam = migration.seam("s", legacy=path, candidate=lambda n: path(n))
    seam(1)
seam(2)
print([str(run.verdict) for run in runs], len(runs[0].tape), len(runs[1].tape))
"""
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert said.stdout.strip() == "['match', 'match'] 0 3", said.stdout + said.stderr


def test_a_clock_that_freezegun_holds_inside_of_the_path_is_held_in_both() -> None:
    def path() -> Any:
        first = time.time_ns()
        with freezegun.freeze_time("2024-02-29 12:00:00"):
            inside = datetime.now(), time.monotonic()
        return first, inside, time.time_ns()

    answer, run = run_of(path, lambda: path())
    assert answer[1][0] == datetime(2024, 2, 29, 12)
    assert answer[0] < answer[2]
    assert run.verdict == "match", run.divergences
    assert time.monotonic is BUILTINS[1]


def test_a_test_that_travels_in_time_goes_on_travelling() -> None:
    def path() -> Any:
        return datetime.now(UTC).year, time.time_ns()

    with time_machine.travel(datetime(2031, 5, 5, tzinfo=UTC)):
        answer, run = run_of(path, lambda: path())
        assert datetime.now(UTC).year == 2031
    assert (answer[0], run.verdict) == (2031, "match")
    assert datetime.now(UTC).year != 2031


def test_a_test_that_travels_inside_of_the_path_travels_in_both() -> None:
    def path() -> int:
        with time_machine.travel(1_936_000_000, tick=False):
            return datetime.now(UTC).year

    answer, run = run_of(path, lambda: path())
    assert (answer, run.verdict) == (2031, "match")
    assert not time_machine.escape_hatch.is_travelling()


@pytest.mark.parametrize("packages", ["shop", [""], [3]])
def test_packages_that_are_none_are_refused(packages: Any) -> None:
    with pytest.raises(DeclarationError, match="packages was"):
        Migration().use("clock", packages=packages)


def test_what_is_missing_is_named_with_its_extra() -> None:
    program = """
import sys
sys.modules["time_machine"] = None
from importlib.machinery import PathFinder
plain = PathFinder.find_spec
PathFinder.find_spec = lambda name, *rest: None if name == "time_machine" else plain(name, *rest)
del sys.modules["time_machine"]
from changeover import Migration
from changeover.errors import MissingPackageError
try:
    Migration().use("clock")
except MissingPackageError as error:
    print(error)
"""
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "changeover[clock]" in said.stdout, said.stderr
    assert MissingPackageError("time_machine", "clock").package == "time_machine"
