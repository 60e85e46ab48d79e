"""Replayed paths that change what a process or an interpreter has one of, by what they do."""

# ruff: noqa: S311
import array
import asyncio
import builtins
import decimal
import fcntl
import gc
import locale
import logging.config
import mmap
import multiprocessing
import os
import random
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
import warnings
import weakref
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from contextvars import ContextVar, copy_context
from pathlib import Path
from typing import Any

import numpy as np

Given = dict[str, Any]
Path_ = Callable[[Given], object]
DEPTH: ContextVar[int] = ContextVar("depth of the hostile", default=0)
ERROR = LookupError("the program's own")


def set_logger_class(given: Given) -> object:
    class Louder(logging.Logger):
        pass

    logging.setLoggerClass(Louder)
    logging.setLogRecordFactory(logging.makeLogRecord)
    return None


def capture_warnings(given: Given) -> object:
    logging.captureWarnings(True)
    return None


def disable_logging(given: Given) -> object:
    logging.disable(logging.CRITICAL)
    return None


def configure_root_by_force(given: Given) -> object:
    logging.basicConfig(force=True, level=1, stream=sys.stdout)
    logging.critical("hostile")
    return None


def configure_all_loggers(given: Given) -> object:
    logging.config.dictConfig({"version": 1, "root": {"level": "ERROR"}, "incremental": True})
    return None


def change_default_decimals(given: Given) -> object:
    decimal.DefaultContext.prec = 3
    decimal.DefaultContext.traps[decimal.Inexact] = True
    return None


def trap_decimals(given: Given) -> object:
    decimal.getcontext().traps[decimal.Inexact] = True
    decimal.getcontext().rounding = decimal.ROUND_UP
    with suppress(decimal.Inexact):
        decimal.Decimal(1) / 3
    return decimal.getcontext().flags


def set_variables_in_a_context_of_its_own(given: Given) -> object:
    copy_context().run(DEPTH.set, 2)
    DEPTH.set(DEPTH.get() + 1)
    return None


def limit_digits(given: Given) -> object:
    sys.set_int_max_str_digits(700)
    return None


def hook_generators(given: Given) -> object:
    sys.set_asyncgen_hooks(firstiter=lambda _: None, finalizer=lambda _: None)
    sys.set_coroutine_origin_tracking_depth(3)
    return None


def trace_threads(given: Given) -> object:
    threading.settrace(lambda *_: None)
    threading.setprofile(lambda *_: None)
    return None


def size_stacks(given: Given) -> object:
    threading.stack_size(1 << 20)
    return None


def change_the_interpreter(given: Given) -> object:
    sys.dont_write_bytecode = not sys.dont_write_bytecode
    sys.tracebacklimit = 0
    return None


def show_otherwise(given: Given) -> object:
    sys.displayhook = lambda _: None
    sys.breakpointhook = lambda *_, **__: None
    return None


def collect_with_flags(given: Given) -> object:
    gc.set_debug(gc.DEBUG_SAVEALL)
    gc.collect()
    return None


def wake_up_a_file(given: Given) -> object:
    with suppress(ValueError):
        signal.set_wakeup_fd(-1)
    return None


def ring(given: Given) -> object:
    signal.alarm(30)
    signal.signal(signal.SIGALRM, lambda *_: None)
    return None


def ring_for_processor_time(given: Given) -> object:
    signal.setitimer(signal.ITIMER_VIRTUAL, 30.0)
    signal.setitimer(signal.ITIMER_PROF, 30.0)
    return None


def interrupt_system_calls(given: Given) -> object:
    signal.signal(signal.SIGUSR2, lambda *_: None)
    signal.siginterrupt(signal.SIGUSR2, True)
    return None


def kill_itself(given: Given) -> object:
    os.kill(os.getpid(), signal.SIGTERM)
    return None


def end_the_process(given: Given) -> object:
    os._exit(7)


def abort(given: Given) -> object:
    os.abort()


def limit_resources(given: Given) -> object:
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.RLIM_INFINITY))
    return None


def limit_resources_of_a_process(given: Given) -> object:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.prlimit(0, resource.RLIMIT_NOFILE, (soft - 1, hard))
    return None


def be_nice(given: Given) -> object:
    return os.nice(1)


def set_priority(given: Given) -> object:
    os.setpriority(os.PRIO_PROCESS, 0, os.getpriority(os.PRIO_PROCESS, 0) + 1)
    return None


def mask_new_files(given: Given) -> object:
    return os.umask(0o77)


def lead_a_group(given: Given) -> object:
    os.setpgid(0, 0)
    return None


def choose_processors(given: Given) -> object:
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    return None


def read_the_zone_again(given: Given) -> object:
    time.tzset()
    return time.tzname


def make_a_pipe_in_the_folder(given: Given) -> object:
    os.mkfifo("hostile")
    return None


def make_a_node(given: Given) -> object:
    os.mknod("hostile")
    return None


def lock_a_file(given: Given) -> object:
    with Path(given["file"]).open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return None


def write_to_a_mapped_file(given: Given) -> object:
    with Path(given["file"]).open("r+b") as file, mmap.mmap(file.fileno(), 0) as mapped:
        mapped[:2] = b"no"
    return None


def map_memory(given: Given) -> object:
    mapped = mmap.mmap(-1, 16)
    mapped.write(b"hostile")
    return mapped


def leave_a_file_open(given: Given) -> object:
    return Path(given["file"]).open(encoding="utf-8")


def leave_a_pair_of_sockets_open(given: Given) -> object:
    return socket.socketpair()


def run_a_program(given: Given) -> object:
    return subprocess.run(["true"], check=False).returncode


def start_a_process(given: Given) -> object:
    process = multiprocessing.get_context("spawn").Process(target=print)
    process.start()
    process.join()
    return process.exitcode


def ask_somebody(given: Given) -> object:
    return input("hostile? ")


def leave_a_thread(given: Given) -> object:
    threading.Thread(target=os.environ.update, args=({"HOSTILE": "1"},), daemon=True).start()
    return None


def leave_a_timer(given: Given) -> object:
    threading.Timer(0.01, os.environ.update, ({"HOSTILE": "1"},)).start()
    return None


def write_late(given: Given) -> object:
    threading.Timer(0.01, Path("hostile.txt").write_text, ("hostile",)).start()
    return None


def leave_an_executor(given: Given) -> object:
    import concurrent.futures

    pool = concurrent.futures.ThreadPoolExecutor(1)
    pool.submit(os.putenv, "HOSTILE", "1")
    pool.shutdown(wait=False)
    return None


def fail_in_a_thread(given: Given) -> object:
    thread = threading.Thread(target=exec, args=("1/0",))
    thread.start()
    thread.join()
    return None


def close_the_loop(given: Given) -> object:
    with suppress(RuntimeError):
        asyncio.get_running_loop().close()
    return None


def forget_the_loop(given: Given) -> object:
    asyncio.set_event_loop(None)
    return None


def leave_an_async_generator_open(given: Given) -> object:
    async def numbers() -> AsyncIterator[int]:
        yield 1

    return numbers()


def fail_to_die(given: Given) -> object:
    class Closing:
        def __del__(self) -> None:
            raise RuntimeError("in no hook of the program")

    Closing()
    return None


def refer_weakly(given: Given) -> object:
    def gone(_: object) -> None:
        os.environ["HOSTILE"] = "1"

    found: Any = array.array("b", [1])
    return weakref.ref(found, gone)


uuid.uuid1()  # the library in C opens a file at the first one, and keeps it: not what a path does


def seed_everything(given: Given) -> object:
    random.seed(7)
    np.random.seed(7)
    return random.SystemRandom().random(), uuid.uuid1(), uuid.uuid4(), os.urandom(2)


def put_random_state(given: Given) -> object:
    random.setstate(random.Random(3).getstate())
    np.random.set_state(np.random.RandomState(3).get_state())
    return random.choices([1, 2], k=3), np.random.permutation(5), np.random.shuffle([1, 2, 3])


def let_numpy_raise(given: Given) -> object:
    np.seterr(all="raise")
    np.set_printoptions(precision=1)
    return None


def default_to_ignoring(given: Given) -> object:
    vars(warnings)["defaultaction"] = "ignore"
    warnings.simplefilter("always")
    warnings.warn("hostile", stacklevel=1)
    return None


def collate_otherwise(given: Given) -> object:
    locale.setlocale(locale.LC_COLLATE, "C")
    locale.setlocale(locale.LC_NUMERIC, "C.UTF-8")
    return None


def raise_from_what_the_program_keeps(given: Given) -> object:
    raise ValueError("hostile") from ERROR


def drop_imports(given: Given) -> object:
    for name in ("json", "logging", "random"):
        del sys.modules[name]
    sys.path_hooks.clear()
    sys.path_importer_cache.clear()
    return None


def import_a_hostile_module(given: Given) -> object:
    sys.modules["os"] = builtins
    sys.path[:] = []
    return None


TO_PROCESS: dict[str, Path_] = {
    path.__name__.replace("_", " "): path
    for path in (
        *(set_logger_class, capture_warnings, disable_logging, configure_root_by_force),
        *(configure_all_loggers, change_default_decimals, trap_decimals),
        *(set_variables_in_a_context_of_its_own, limit_digits, hook_generators, trace_threads, size_stacks),
        *(change_the_interpreter, show_otherwise, collect_with_flags, wake_up_a_file, ring, abort),
        *(ring_for_processor_time, interrupt_system_calls, kill_itself, end_the_process),
        *(limit_resources, limit_resources_of_a_process, be_nice, set_priority, mask_new_files, lead_a_group),
        *(choose_processors, read_the_zone_again, make_a_pipe_in_the_folder, make_a_node, lock_a_file),
        *(write_to_a_mapped_file, map_memory, leave_a_file_open, leave_a_pair_of_sockets_open, run_a_program),
        *(start_a_process, ask_somebody, leave_a_thread),
        *(leave_a_timer, write_late, leave_an_executor, fail_in_a_thread),
        *(close_the_loop, forget_the_loop, leave_an_async_generator_open, fail_to_die),
        *(refer_weakly, seed_everything, put_random_state, let_numpy_raise, drop_imports),
        *(default_to_ignoring, collate_otherwise),
        *(raise_from_what_the_program_keeps, import_a_hostile_module),
    )
}
