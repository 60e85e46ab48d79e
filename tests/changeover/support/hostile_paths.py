"""Replayed paths that do whatever they can to the program around them, by what they do."""

# ruff: noqa: S311, PTH123, BLE001
import asyncio
import builtins
import decimal
import gc
import io
import locale
import logging
import os
import queue
import random
import signal
import socket
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from tests.changeover.support.hostile_process_paths import TO_PROCESS

LOG = logging.getLogger("shop.hostile")
MOOD: ContextVar[str] = ContextVar("mood of the hostile", default="calm")
Path_ = Callable[[dict[str, Any]], object]


class Odd(BaseException):
    pass


class Unprintable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__


class Unequal(Exception):
    def __eq__(self, other: object) -> bool:
        raise RuntimeError("no comparison")

    __hash__ = Exception.__hash__


class Demanding(Exception):
    def __init__(self, number: int, *, reason: str) -> None:
        super().__init__(number, reason)


class Unreducible(Exception):
    def __reduce__(self) -> Any:
        raise RuntimeError("no pieces")


class Cyclic(Exception):
    def __init__(self) -> None:
        super().__init__("round")
        self.myself = self
        self.__cause__ = None


class Truthless:
    def __bool__(self) -> bool:
        raise RuntimeError("neither")

    def __len__(self) -> int:
        raise RuntimeError("endless")

    def __iter__(self) -> Any:
        raise RuntimeError("no items")

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("no comparison")

    __hash__ = None  # type: ignore[assignment]


def raises(error: BaseException) -> Path_:
    def path(given: dict[str, Any]) -> object:
        raise error

    return path


def too_deep(given: dict[str, Any]) -> object:
    return too_deep(given)


def nested(given: dict[str, Any]) -> object:
    try:
        raise LookupError("first")
    except LookupError as first:
        try:
            raise Odd("second")
        except Odd:
            raise SystemExit(7) from first


def stop_iteration(given: dict[str, Any]) -> object:
    return next(iter(()))


def spoil_argument(given: dict[str, Any]) -> object:
    given["items"].clear()
    given["self"] = given
    given["name"] = None
    return given


def spoil_nested_argument(given: dict[str, Any]) -> object:
    given["items"][0]["price"] = "spoilt"
    del given["items"][1:]
    return None


def spoil_decimals(given: dict[str, Any]) -> object:
    decimal.getcontext().prec = 2
    decimal.setcontext(decimal.Context(prec=3))
    return None


def set_context_variable(given: dict[str, Any]) -> object:
    MOOD.set("angry")
    return None


def warn_otherwise(given: dict[str, Any]) -> object:
    warnings.simplefilter("error")
    warnings.filterwarnings("ignore", message="x")
    return None


def replace_filters(given: dict[str, Any]) -> object:
    warnings.resetwarnings()
    warnings.filters = []
    return None


def replace_show(given: dict[str, Any]) -> object:
    warnings.showwarning = lambda *_, **__: None
    return None


def change_environment(given: dict[str, Any]) -> object:
    os.environ["HOSTILE"] = "1"
    os.environ.pop("HOME", None)
    os.putenv("HOSTILE", "2")
    return None


def clear_environment(given: dict[str, Any]) -> object:
    os.environ.clear()
    return None


def change_zone(given: dict[str, Any]) -> object:
    os.environ["TZ"] = "Asia/Tokyo"
    time.tzset()
    return None


def change_folder(given: dict[str, Any]) -> object:
    os.chdir("/")
    return None


def change_locale(given: dict[str, Any]) -> object:
    return locale.setlocale(locale.LC_ALL, "C.UTF-8")


def extend_paths(given: dict[str, Any]) -> object:
    sys.path.insert(0, "/nowhere")
    sys.meta_path.clear()
    sys.argv.append("--hostile")
    return None


def replace_paths(given: dict[str, Any]) -> object:
    sys.path = []
    return None


def replace_module(given: dict[str, Any]) -> object:
    sys.modules["json"] = None  # type: ignore[assignment]
    sys.modules.pop("decimal")
    return None


def replace_streams(given: dict[str, Any]) -> object:
    sys.stdout = io.StringIO()
    sys.stderr = io.StringIO()
    return None


def write_streams(given: dict[str, Any]) -> object:
    sys.stdout.write("hostile\n")
    sys.stderr.writelines(["hostile", "\n"])
    print("hostile", flush=True)
    print("hostile", file=sys.__stdout__)
    return None


def replace_hooks(given: dict[str, Any]) -> object:
    sys.excepthook = lambda *_: None
    sys.unraisablehook = lambda _: None
    threading.excepthook = lambda _: None
    return None


def slow_down(given: dict[str, Any]) -> object:
    sys.setrecursionlimit(5_000)
    sys.setswitchinterval(1.0)
    return None


def trace(given: dict[str, Any]) -> object:
    sys.settrace(None)
    sys.setprofile(lambda *_: None)
    return None


def collect_nothing(given: dict[str, Any]) -> object:
    gc.disable()
    gc.set_threshold(1)
    gc.callbacks.append(lambda *_: None)
    return None


def time_out_sockets(given: dict[str, Any]) -> object:
    socket.setdefaulttimeout(0.001)
    return None


def replace_folder_for_temporary_files(given: dict[str, Any]) -> object:
    tempfile.tempdir = "/nowhere"
    return None


def configure_log(given: dict[str, Any]) -> object:
    LOG.addHandler(logging.NullHandler())
    LOG.setLevel("CRITICAL")
    LOG.addFilter(lambda _: False)
    logging.disable(logging.CRITICAL)
    logging.captureWarnings(True)
    return None


def replace_root_handlers(given: dict[str, Any]) -> object:
    logging.root.handlers.clear()
    logging.root.filters.append(lambda _: False)
    logging.root.setLevel(1)
    logging.root.disabled = True
    logging.lastResort = None
    logging.raiseExceptions = False
    return None


def log(given: dict[str, Any]) -> object:
    LOG.error("hostile %s", given)
    logging.getLogger().critical("hostile")
    warnings.warn("hostile", stacklevel=1)
    return None


def handle_signals(given: dict[str, Any]) -> object:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1, signal.SIGALRM):
        signal.signal(number, signal.SIG_IGN)
    return None


def block_signals(given: dict[str, Any]) -> object:
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGUSR1})
    return None


def set_alarm(given: dict[str, Any]) -> object:
    signal.setitimer(signal.ITIMER_REAL, 30.0, 1.0)
    return None


def seed(given: dict[str, Any]) -> object:
    random.seed(1)
    return random.random()


def run_a_loop(given: dict[str, Any]) -> object:
    async def nothing() -> None: ...

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        asyncio.run(nothing())
    return None


def set_a_loop(given: dict[str, Any]) -> object:
    asyncio.set_event_loop_policy(asyncio.DefaultEventLoopPolicy())
    return None


def start_thread(given: dict[str, Any]) -> object:
    thread = threading.Thread(target=os.environ.update, args=({"HOSTILE": "1"},))
    thread.start()
    thread.join()
    return None


def start_pool(given: dict[str, Any]) -> object:
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda n: n + 1, range(3)))


def write_file(given: dict[str, Any]) -> object:
    return Path("hostile.txt").write_text("hostile")


def remove_file(given: dict[str, Any]) -> object:
    Path(given["file"]).unlink()
    return None


def move_file(given: dict[str, Any]) -> object:
    return Path(given["file"]).rename("elsewhere")


def open_socket(given: dict[str, Any]) -> object:
    return socket.create_connection(("127.0.0.1", 9), timeout=0.1)


def run_command(given: dict[str, Any]) -> object:
    return os.system("true")  # noqa: S605


def fork(given: dict[str, Any]) -> object:
    if os.fork() == 0:
        os._exit(0)
    return None


def open_for_reading(given: dict[str, Any]) -> object:
    with open(given["file"], encoding="utf-8") as file:
        return file.read()


def leave_garbage(given: dict[str, Any]) -> object:
    def cell() -> object:
        return cell

    raise_later = [cell, queue.Queue(), threading.Lock(), object()]
    return len(raise_later)


def returns(value: object) -> Path_:
    return lambda given: value


def a_generator(given: dict[str, Any]) -> object:
    return (number for number in range(3))


def itself(given: dict[str, Any]) -> object:
    made: list[Any] = []
    made.append(made)
    return made


def deep(given: dict[str, Any]) -> object:
    made: list[Any] = []
    for _ in range(100_000):
        made = [made]
    return made


def swallow(given: dict[str, Any]) -> object:
    try:
        raise KeyboardInterrupt
    except BaseException:
        return "swallowed"


def group(given: dict[str, Any]) -> object:
    raise BaseExceptionGroup("several", [SystemExit(1), KeyboardInterrupt(), ValueError("one")])


HOSTILE: dict[str, Path_] = {
    **{
        f"raises {type(error).__name__}": raises(error)
        for error in (
            *(SystemExit(3), KeyboardInterrupt(), GeneratorExit(), asyncio.CancelledError(), Odd("odd")),
            *(MemoryError(), StopIteration(1), StopAsyncIteration(), Unprintable(), Unequal("x"), Cyclic()),
            *(Demanding(1, reason="r"), Unreducible("x"), OSError(2, "no", "file"), TimeoutError()),
            *(ImportError("x", name="n"), UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"), Warning("w")),
        )
    },
    **{
        name.__name__.replace("_", " "): name
        for name in (
            *(too_deep, nested, stop_iteration, spoil_argument, spoil_nested_argument, spoil_decimals),
            *(set_context_variable, warn_otherwise, replace_filters, replace_show, change_environment),
            *(clear_environment, change_zone, change_folder, change_locale, extend_paths, replace_paths),
            *(replace_module, replace_streams, write_streams, replace_hooks, slow_down, trace),
            *(collect_nothing, time_out_sockets, replace_folder_for_temporary_files, configure_log),
            *(replace_root_handlers, log, handle_signals, block_signals, set_alarm, seed, run_a_loop),
            *(set_a_loop, start_thread, start_pool, write_file, remove_file, move_file, open_socket),
            *(run_command, fork, open_for_reading, leave_garbage, a_generator, itself, deep, swallow, group),
        )
    },
    **TO_PROCESS,
    "gives an object without truth": returns(Truthless()),
    "gives a lock": returns(threading.Lock()),
    "gives a module": returns(builtins),
    "gives a class": returns(Truthless),
    "gives a coroutine function": returns(asyncio.sleep),
    "gives a large number": returns(10**6_000),
}
