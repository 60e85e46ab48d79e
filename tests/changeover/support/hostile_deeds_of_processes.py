"""Hostile paths that start, signal or change processes, and that do harm to the process they run in."""

from __future__ import annotations

import asyncio
import ctypes
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from tests.changeover.support.hostile_deeds import HELD_S, SLEEPS, nicer

Given = dict[str, Any]
_DEEDS: dict[str, Callable[[Given], object]] = {}


def deed(path: Callable[[Given], object]) -> Callable[[Given], object]:
    _DEEDS[path.__name__.replace("_", " ")] = path
    return path


@deed
def runs_a_command(given: Given) -> object:
    return subprocess.run(SLEEPS, check=True).returncode


@deed
def runs_a_shell(given: Given) -> object:
    return os.system(" ".join(SLEEPS))  # noqa: S605


@deed
def reads_from_a_command(given: Given) -> object:
    with os.popen(" ".join(SLEEPS)) as found:  # noqa: S605
        return found.read()


@deed
def spawns_a_command(given: Given) -> object:
    return os.waitpid(os.posix_spawn(SLEEPS[0], SLEEPS, os.environ), 0)[1]


@deed
def runs_a_command_in_a_loop(given: Given) -> object:
    async def run() -> int:
        return await (await asyncio.create_subprocess_exec(*SLEEPS)).wait()

    return asyncio.run(run())


@deed
def forks(given: Given) -> object:
    pid = os.fork()
    if not pid:
        time.sleep(HELD_S)
        os._exit(0)
    return os.waitpid(pid, 0)[1]


@deed
def forks_with_a_terminal(given: Given) -> object:
    pid, _ = os.forkpty()
    if not pid:
        time.sleep(HELD_S)
        os._exit(0)
    return os.waitpid(pid, 0)[1]


def _with(method: str) -> Callable[[Given], object]:
    def start(given: Given) -> object:
        context: Any = multiprocessing.get_context(method)
        process = context.Process(target=time.sleep, args=(HELD_S,))
        process.start()
        process.join()
        return process.exitcode

    return start


for _method in ("fork", "spawn", "forkserver"):
    _DEEDS[f"starts a process by {_method}"] = _with(_method)


@deed
def works_in_a_pool_of_processes(given: Given) -> object:
    with ProcessPoolExecutor(1) as pool:
        return pool.submit(time.sleep, HELD_S).result()


@deed
def becomes_another_program(given: Given) -> None:
    os.execv(SLEEPS[0], SLEEPS)  # noqa: S606


@deed
def signals_the_program(given: Given) -> None:
    os.kill(given["program"], signal.SIGUSR1)


@deed
def signals_the_program_by_a_descriptor(given: Given) -> None:
    signal.pidfd_send_signal(os.pidfd_open(given["program"]), signal.SIGUSR1)


@deed
def signals_the_group_of_the_program(given: Given) -> None:
    os.killpg(given["program"], signal.SIGUSR1)


@deed
def gives_the_program_another_priority(given: Given) -> None:
    os.setpriority(os.PRIO_PROCESS, given["program"], nicer(given))


@deed
def gives_the_program_one_processor(given: Given) -> None:
    os.sched_setaffinity(given["program"], {min(os.sched_getaffinity(0))})


@deed
def limits_the_program(given: Given) -> object:
    import resource

    return resource.prlimit(given["program"], resource.RLIMIT_NOFILE, (200, 200))


@deed
def computes_for_ever(given: Given) -> object:
    while True:
        pass


@deed
def sleeps_for_ever(given: Given) -> object:
    ctypes.CDLL(None).sleep(3600)
    return None


@deed
def holds_the_lock_of_the_interpreter(given: Given) -> object:
    ctypes.PyDLL(None).sleep(3600)
    return None


@deed
def works_on_in_a_thread_that_holds_the_lock(given: Given) -> object:
    threading.Thread(target=ctypes.PyDLL(None).sleep, args=(3600,), daemon=True).start()
    return None


@deed
def eats_memory(given: Given) -> object:
    eaten = []
    while True:
        eaten.append(bytearray(8_000_000))


@deed
def eats_memory_at_once(given: Given) -> object:
    return len(bytearray(1 << 40))


@deed
def crashes(given: Given) -> object:
    return ctypes.string_at(0)


@deed
def aborts_in_c(given: Given) -> object:
    return ctypes.CDLL(None).abort()


@deed
def ends_in_c(given: Given) -> object:
    return ctypes.CDLL(None)._exit(5)


@deed
def overflows_the_stack_in_c(given: Given) -> object:
    sys.setrecursionlimit(10**8)

    class Deep:
        def __getattr__(self, name: str) -> object:
            return getattr(self, f"{name}x"[:3])

    return Deep().hostile


@deed
def kills_itself_in_c(given: Given) -> object:
    return ctypes.CDLL(None).kill(os.getpid(), int(signal.SIGKILL))


@deed
def stops_itself_in_c(given: Given) -> object:
    return ctypes.CDLL(None).kill(os.getpid(), int(signal.SIGSTOP))


@deed
def closes_every_descriptor(given: Given) -> None:
    os.closerange(0, 256)


@deed
def answers_with_much(given: Given) -> object:
    return "hostile" * 10_000_000


@deed
def answers_for_its_process(given: Given) -> object:
    """As the loop of its process would for a match, to every descriptor."""
    from changeover.operate.messages import packed

    said = packed({"problems": [], "left_out": 0, "goes_on": False}, b"{}")
    for number in range(3, 256):
        try:
            os.write(number, said)
        except OSError:
            continue
    return {"answer": [1]}


@deed
def answers_for_its_process_as_asked(given: Given) -> object:
    """The same with what was asked, as it stands in the frame that waits for this one: a forged match."""
    from changeover.operate.messages import QUESTION, packed

    frame = sys._getframe()
    while frame.f_back is not None and "question" not in frame.f_locals:
        frame = frame.f_back
    found = frame.f_locals
    head: dict[str, Any] = {"problems": [], "left_out": 0, "goes_on": False, QUESTION: found.get("question")}
    if "message" in found:
        os.write(found["connection"].fileno(), packed(head, found["message"].body))
    return None


DEEDS_OF_PROCESSES = _DEEDS
