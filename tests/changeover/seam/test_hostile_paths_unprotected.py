"""What a replayed path changes of the program although it should not: `docs/limits.md` says so."""

import asyncio
import atexit
import builtins
import copyreg
import csv
import faulthandler
import gc
import io
import logging
import multiprocessing
import socket
import sys
import tempfile
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import suppress
from contextvars import ContextVar
from functools import lru_cache
from typing import Any, ClassVar

import pytest

from tests.changeover.seam.test_hostile_paths import Crossing

Given = dict[str, Any]
Path_ = Callable[[Given], object]
ERROR = LookupError("the program's own")
LOG = logging.getLogger("shop.unprotected")
CACHE: dict[str, int] = {}
DIED: list[str] = []
HERE = threading.local()
REQUEST: ContextVar[dict[str, str]] = ContextVar("request")
REQUEST.set({})


class Prices:
    """What a program keeps in a class."""

    table: ClassVar = {"SPY": 1}

    def of(self, name: str) -> int:
        return self.table[name]


@lru_cache
def rate(name: str) -> int:
    return len(name)


def with_default(name: str, seen: list[str] = []) -> int:  # noqa: B006  (which is what is tried)
    seen.append(name)
    return len(seen)


def enable_fault_handler(given: Given) -> object:
    faulthandler.disable()
    with tempfile.TemporaryFile() as file:
        faulthandler.enable(file)
    return None


def choose_how_processes_start(given: Given) -> object:
    multiprocessing.set_start_method("spawn", force=True)
    return None


def read_what_is_typed(given: Given) -> object:
    return sys.stdin.readline()


def stop_the_loop(given: Given) -> object:
    with suppress(RuntimeError):
        asyncio.get_running_loop().stop()
    return None


def cancel_the_task(given: Given) -> object:
    with suppress(RuntimeError):
        for task in asyncio.all_tasks():
            task.cancel()
    return None


def make_tasks_otherwise(given: Given) -> object:
    with suppress(RuntimeError):
        asyncio.get_running_loop().set_task_factory(lambda *_, **__: None)  # type: ignore[arg-type]
    return None


def leave_a_generator_open(given: Given) -> object:
    def numbers() -> Iterator[int]:
        try:
            yield 1
        finally:
            DIED.append("a generator")

    return next(opened := numbers()), opened


def die_late(given: Given) -> object:
    class Closing:
        def __del__(self) -> None:
            DIED.append("an object")

    return Closing()


def measure_memory(given: Given) -> object:
    tracemalloc.start()
    return None


def write_csv_otherwise(given: Given) -> object:
    csv.field_size_limit(10)
    return None


def reduce_otherwise(given: Given) -> object:
    copyreg.dispatch_table[set] = lambda _: (set, ())
    return None


def raise_what_the_program_keeps(given: Given) -> object:
    raise ERROR


def change_class(given: Given) -> object:
    Prices.table["SPY"] = 2
    return None


def patch_class(given: Given) -> object:
    Prices.of = lambda self, name: 0  # type: ignore[method-assign]
    return None


def change_class_of_argument(given: Given) -> object:
    type(given["prices"]).table = {"SPY": 3}
    return None


def fill_cache(given: Given) -> object:
    CACHE["SPY"] = 1
    return None


def fill_cache_of_function(given: Given) -> object:
    return rate("SPY")


def change_default(given: Given) -> object:
    return with_default("SPY")


def mark_function(given: Given) -> object:
    rate.seen = True  # type: ignore[attr-defined]
    return None


def change_closure(given: Given) -> object:
    return given["count"]()


def counter() -> Callable[[], int]:
    seen = 0

    def count() -> int:
        nonlocal seen
        seen += 1
        return seen

    return count


def patch_builtins(given: Given) -> object:
    builtins.hostile = True  # type: ignore[attr-defined]
    return None


def patch_module(given: Given) -> object:
    socket.hostile = True  # type: ignore[attr-defined]
    return None


def configure_logger_past_its_methods(given: Given) -> object:
    LOG.propagate = False
    return None


def register_for_the_end(given: Given) -> object:
    atexit.register(DIED.append, "at exit")
    return None


def name_a_level(given: Given) -> object:
    logging.addLevelName(37, "HOSTILE")
    return None


def count_in_its_thread(given: Given) -> object:
    HERE.count = getattr(HERE, "count", 0) + 1
    return None


def change_what_a_context_variable_holds(given: Given) -> object:
    REQUEST.get()["user"] = "somebody"
    return None


count = counter()
given: Given = {"prices": Prices(), "count": count}
original = Prices.of


def forget_default() -> None:
    (with_default.__defaults__ or ([],))[0].clear()


UNPROTECTED: dict[str, tuple[Path_, Callable[[], object], Callable[[], object]]] = {
    "an attribute of a class": (
        change_class,
        lambda: Prices.table["SPY"],
        lambda: Prices.table.update(SPY=1),
    ),
    "a method of a class": (patch_class, lambda: Prices.of, lambda: setattr(Prices, "of", original)),
    "the class of an argument": (
        change_class_of_argument,
        lambda: Prices.table,
        lambda: setattr(Prices, "table", {"SPY": 1}),
    ),
    "what belongs to a thread": (count_in_its_thread, lambda: dict(vars(HERE)), lambda: vars(HERE).clear()),
    "an object in a context variable": (
        change_what_a_context_variable_holds,
        lambda: dict(REQUEST.get({})),
        lambda: REQUEST.set({}),
    ),
    "a cache of a module": (fill_cache, lambda: dict(CACHE), CACHE.clear),
    "the cache of a function": (fill_cache_of_function, rate.cache_info, rate.cache_clear),
    "a default that can change": (
        change_default,
        lambda: [*(with_default.__defaults__ or ([],))[0]],
        forget_default,
    ),
    "an attribute of a function": (
        mark_function,
        lambda: vars(rate).get("seen"),
        lambda: vars(rate).pop("seen", 0),
    ),
    "what a closure holds": (change_closure, lambda: count.__closure__[0].cell_contents, lambda: None),  # type: ignore[index]
    "a name in builtins": (
        patch_builtins,
        lambda: hasattr(builtins, "hostile"),
        lambda: vars(builtins).pop("hostile", None),
    ),
    "a name in a module": (
        patch_module,
        lambda: hasattr(socket, "hostile"),
        lambda: vars(socket).pop("hostile", None),
    ),
    "an attribute of a logger": (
        configure_logger_past_its_methods,
        lambda: LOG.propagate,
        lambda: setattr(LOG, "propagate", True),
    ),
    "the name of a level of logs": (
        name_a_level,
        lambda: logging.getLevelName(37),
        lambda: logging.addLevelName(37, "Level 37"),
    ),
    "what runs at the end of the process": (
        register_for_the_end,
        lambda: atexit._ncallbacks(),
        lambda: atexit.unregister(DIED.append),
    ),
    "the handler of faults": (
        enable_fault_handler,
        faulthandler.is_enabled,
        lambda: faulthandler.enable(2),
    ),
    "how processes start": (
        choose_how_processes_start,
        lambda: multiprocessing.get_start_method(allow_none=True),
        lambda: multiprocessing.set_start_method(None, force=True),
    ),
    "what is measured of memory": (measure_memory, tracemalloc.is_tracing, tracemalloc.stop),
    "a limit of a module in C": (
        write_csv_otherwise,
        csv.field_size_limit,
        lambda: csv.field_size_limit(131072),
    ),
    "a registry of a module": (
        reduce_otherwise,
        lambda: copyreg.dispatch_table.get(set),
        lambda: copyreg.dispatch_table.pop(set, None),
    ),
    "the traceback of an exception that a module holds": (
        raise_what_the_program_keeps,
        lambda: ERROR.__traceback__,
        lambda: setattr(ERROR, "__traceback__", None),
    ),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", UNPROTECTED)
def test_what_cannot_be_protected_stays_changed(name: str) -> None:
    path, read, undo = UNPROTECTED[name]
    undo()
    before = read()
    try:
        Crossing(path).seam(given)
        assert read() != before
    finally:
        undo()


@pytest.mark.parametrize("path", [leave_a_generator_open, die_late], ids=lambda path: path.__name__)
def test_what_ends_an_object_of_a_replay_runs_as_the_program(path: Path_) -> None:
    DIED.clear()
    Crossing(path).seam(given)
    gc.collect()
    assert len(DIED) == 1


def test_what_is_typed_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    typed = io.StringIO("first\nsecond\n")
    monkeypatch.setattr(sys, "stdin", typed)
    Crossing(read_what_is_typed).seam(given)
    assert typed.read() == "second\n"


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("path", "error"),
    [
        (stop_the_loop, RuntimeError),
        (cancel_the_task, asyncio.CancelledError),
        (make_tasks_otherwise, TypeError),
    ],
    ids=lambda one: one.__name__,
)
def test_the_running_loop_is_that_of_the_program(path: Path_, error: type[BaseException]) -> None:
    with pytest.raises((error, AttributeError)):
        asyncio.run(Crossing(path, is_async=True).seam(given))
