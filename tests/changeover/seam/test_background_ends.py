"""How the background ends with its process, and goes on in a forked one; each in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from changeover.evidence.store.store import store_path
from tests.changeover.support.counted_runs import runs_in

PROGRAM = '''
import os, sys, threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from changeover import Migration
from changeover.seam import background

began, go_on = threading.Semaphore(0), threading.Event()

def say(*words):
    os.write(1, (" ".join(map(str, words)) + "\\n").encode())

def shadowing(candidate, **options):
    options = {"sink": lambda run: say(run.verdict, run.arguments["number"]), **options}
    environment = {"CHANGEOVER_STAGE_S": "shadow"}
    migration = Migration(environment=environment, mode="background", **options)
    return migration, migration.seam("s", legacy=lambda number: number, candidate=candidate)

def held(number):
    began.release()
    go_on.wait()
    return number

def go_on_at_exit():
    """What is held goes on only when the process waits for it."""
    began.acquire()
    drain = background.Background.drain
    def going_on(self, *seconds):
        if not go_on.is_set():
            say("at exit")
            go_on.set()
        drain(self, *seconds)
    background.Background.drain = going_on
'''


def lines_of(tmp_path: Path, program: str) -> list[str]:
    script = tmp_path / "program.py"
    script.write_text(PROGRAM + program)
    quiet = "ignore:This process:DeprecationWarning"  # of CPython 3.12 on, where a process with threads forks
    command = [sys.executable, "-W", quiet, script.name]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    told = [line for line in ran.stderr.splitlines() if not line.startswith("diverged: ")]  # an alert
    assert (told, ran.returncode) == ([], 0)
    return ran.stdout.splitlines()


def test_what_waits_at_exit_is_compared_and_kept(tmp_path: Path) -> None:
    program = """
Path("migration").mkdir()
migration, seam = shadowing(lambda number: number or held(number), directory=Path("migration").resolve())
for number in range(20):
    seam(number)
go_on_at_exit()
"""
    assert lines_of(tmp_path, program) == ["at exit", *(f"match {number}" for number in range(20))]
    assert len(runs_in(store_path(tmp_path, {}))) == 20


def test_a_path_that_uses_a_pool_of_threads_is_compared_before_pools_close(tmp_path: Path) -> None:
    program = """
def pooled(number):
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: number).result()
migration, seam = shadowing(lambda number: pooled(number) if number else held(number))
seam(0)
seam(1)
go_on_at_exit()
"""
    *first, last = lines_of(tmp_path, program)
    assert first == ["at exit", "match 0"]
    # Early releases of CPython 3.12 start no thread while they end.
    assert last in (("match 1", "failed 1") if sys.version_info[:2] == (3, 12) else ("match 1",))


@pytest.mark.parametrize(
    ("refused", "verdict"),
    [
        ("cannot schedule new futures after interpreter shutdown", "failed 1"),
        ("can't create new thread at interpreter shutdown", "failed 1"),
        ("cannot schedule new futures after shutdown", "diverged 1"),  # the path's own doing
    ],
)
def test_a_path_that_is_not_given_a_thread_because_the_process_ends_has_not_been_compared(
    tmp_path: Path, refused: str, verdict: str
) -> None:
    program = f"""
def refuse(*_):
    raise RuntimeError({refused!r})
{"threading.Thread.start" if "thread" in refused else "ThreadPoolExecutor.submit"} = refuse
environment = {{"CHANGEOVER_STAGE_S": "shadow"}}
migration = Migration(environment=environment, sink=lambda run: say(run.verdict, run.arguments["number"]))
def pooled(number):
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: number).result()
migration.seam("s", legacy=lambda number: number, candidate=pooled)(1)
"""
    assert lines_of(tmp_path, program) == [verdict]


LATER = """
import os, sys, threading
from changeover import Migration
from changeover.seam import background

began, go_on = threading.Semaphore(0), threading.Event()

def say(run):
    os.write(1, f"{run.seam} {run.verdict}\\n".encode())

def held(number):
    began.release()
    go_on.wait()
    return number

migration = Migration(
    environment={"CHANGEOVER_STAGE_FIRST": "shadow", "CHANGEOVER_STAGE_S": "shadow"},
    mode="background",
    sink=say,
)
first = migration.seam("first", legacy=lambda number: number, candidate=held)
"""
POOLED = """
import asyncio
from concurrent.futures import ThreadPoolExecutor
pool = ThreadPoolExecutor(1)

async def on_loop(number):
    return await asyncio.get_running_loop().run_in_executor(PLACE, abs, number)

def path(number):
    return HOW
"""
ENDS = """
if NOW:
    first(0)
    began.acquire()
seam = migration.seam("s", legacy=path, candidate=path)
seam(1)
drain = background.Background.drain
def going_on(self, *seconds):
    go_on.set()
    drain(self, *seconds)
background.Background.drain = going_on
"""


@pytest.mark.skipif(sys.version_info[:2] == (3, 12), reason="early releases start no thread while they end")
@pytest.mark.parametrize("now", [False, True], ids=["the first run", "another run waits before it"])
@pytest.mark.parametrize(
    ("how", "place"),
    [
        ("list(pool.map(abs, [number]))", "None"),
        ("pool.submit(abs, number).result()", "None"),
        ("ThreadPoolExecutor(1).submit(abs, number).result()", "None"),
        ("asyncio.run(on_loop(number))", "None"),
        ("asyncio.run(on_loop(number))", "pool"),
        ("asyncio.run(asyncio.to_thread(abs, number))", "None"),
    ],
)
def test_pools_that_a_program_imports_after_the_toolkit_close_after_the_last_replay(
    tmp_path: Path, how: str, place: str, now: bool
) -> None:
    script = tmp_path / "program.py"
    pooled = POOLED.replace("HOW", how).replace("PLACE", place)
    script.write_text(LATER + pooled + ENDS.replace("NOW", str(now)))
    ran = subprocess.run(
        [sys.executable, script.name], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.stdout.splitlines() == [*(["first match"] if now else []), "s match"], ran.stderr


def test_a_pool_that_was_closed_because_the_process_ends_makes_no_difference_of_the_path(
    tmp_path: Path,
) -> None:
    program = """
import concurrent.futures.thread as pools
pool = ThreadPoolExecutor(1)
pool.submit(abs, 1).result()
pools._python_exit()
environment = {"CHANGEOVER_STAGE_S": "shadow"}
migration = Migration(environment=environment, sink=lambda run: say(run.verdict, run.arguments["number"]))
def pooled(number):
    return pool.submit(abs, number).result()
migration.seam("s", legacy=lambda number: number, candidate=pooled)(1)
os._exit(0)
"""
    assert lines_of(tmp_path, program) == ["failed 1"]


def test_threads_of_the_program_that_go_on_after_the_main_one_are_compared_too(tmp_path: Path) -> None:
    program = """
migration, seam = shadowing(lambda number: number)
def later():
    threading.main_thread().join()
    for number in range(5):
        seam(number)
threading.Thread(target=later).start()
seam(9)
"""
    assert lines_of(tmp_path, program) == ["match 9", *(f"match {number}" for number in range(5))]


def test_a_hung_replay_does_not_keep_the_process_alive(tmp_path: Path) -> None:
    program = """
background.DRAIN_S = 0.05
migration, seam = shadowing(held)
seam(0)
began.acquire()
seam(1)
"""
    assert lines_of(tmp_path, program) == ["unpaired 0", "unpaired 1"]


def test_a_sink_that_hangs_does_not_keep_the_process_alive(tmp_path: Path) -> None:
    program = """
background.DRAIN_S = 0.05
migration, seam = shadowing(lambda number: number, sink=lambda run: (began.release(), go_on.wait()))
seam(0)
began.acquire()
say(*migration.counts.values())
"""
    assert lines_of(tmp_path, program) == ["1"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
class TestFork:
    def test_the_child_has_none_of_its_parents_runs_and_compares_its_own(self, tmp_path: Path) -> None:
        program = """
background.FORK_WAIT_S = 0.05
migration, seam = shadowing(lambda number: held(number) if number < 9 else number)
seam(0)
seam(1)
began.acquire()
child = os.fork()
if child == 0:
    say("child", dict(migration.counts), migration.problems)
    seam(10)
    seam(11)
    migration.close()
    os._exit(0)
os.waitpid(child, 0)
say("parent")
go_on.set()
seam(12)
migration.close()
"""
        assert lines_of(tmp_path, program) == [
            "child {} ()",
            *("match 10", "match 11"),
            "parent",
            *("match 0", "match 1", "match 12"),
        ]

    def test_the_fork_waits_for_the_run_under_way_so_that_nothing_stays_locked(self, tmp_path: Path) -> None:
        # What forks first says that the run may end: hooks run last in, first out.
        program = """
background.FORK_WAIT_S = 60
lock = threading.Lock()
def locking(number):
    with lock:
        return held(number)
migration, seam = shadowing(locking)
os.register_at_fork(before=go_on.set)
seam(0)
began.acquire()
child = os.fork()
if child == 0:
    say("locked" if lock.locked() else "free")
    os._exit(0)
os.waitpid(child, 0)
migration.close()
seam(1)
"""
        assert lines_of(tmp_path, program) == ["match 0", "free", "match 1"]

    def test_a_parent_and_its_sink_may_fork_at_any_time(self, tmp_path: Path) -> None:
        program = """
background.FORK_WAIT_S = 600
def fork(run):
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    say(run.verdict, run.arguments["number"])
migration, seam = shadowing(lambda number: number, sink=fork)
for number in range(5):
    seam(number)
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
migration.close()
"""
        assert lines_of(tmp_path, program) == [f"match {number}" for number in range(5)]
