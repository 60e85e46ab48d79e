"""Nothing of the program changes, whatever the replayed path does; what cannot be protected is shown here."""

import asyncio
import copy
import decimal
import gc
import locale
import logging
import os
import random
import signal
import socket
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest

from changeover import Migration, Run
from changeover.record.context import SESSION
from changeover.values.pins import PINNED
from tests.changeover.support.hostile_paths import HOSTILE, LOG, MOOD, Path_

TOOLS = ("asyncio_", "changeover-", "Thread-")  # of loops and of the toolkit; and of tests before
LEFT_ALONE = {"json", "decimal", "logging", "os", "random"}


def program() -> dict[str, object]:
    """What a program can see of itself and its process."""
    loggers = (LOG, logging.getLogger(), logging.getLogger("shop"))
    return {
        "random": random.getstate(),
        "environment": dict(os.environ),
        "zone": time.tzname,
        "folder": os.getcwd(),  # noqa: PTH109
        "locale": locale.setlocale(locale.LC_ALL),
        "decimals": str(decimal.getcontext()),
        "mood": MOOD.get(),
        "warnings": (warnings.filters, [*warnings.filters], warnings.showwarning),
        "paths": [[*one] for one in (sys.path, sys.meta_path, sys.argv)],
        "modules": {name: sys.modules.get(name) for name in LEFT_ALONE},
        "streams": (sys.stdin, sys.stdout, sys.stderr),
        "hooks": (sys.excepthook, sys.unraisablehook, threading.excepthook),
        "limits": (sys.getrecursionlimit(), sys.getswitchinterval(), socket.getdefaulttimeout()),
        "tracing": (sys.gettrace(), sys.getprofile()),
        "collection": (gc.isenabled(), gc.get_threshold(), [*gc.callbacks]),
        "temporary": tempfile.tempdir,
        "loggers": [(one.level, [*one.handlers], [*one.filters], one.disabled) for one in loggers],
        "logging": (logging.root.manager.disable, logging.lastResort, logging.raiseExceptions),
        "signals": [signal.getsignal(one) for one in signal.valid_signals()],
        "mask": signal.pthread_sigmask(signal.SIG_BLOCK, ()),
        "alarm": signal.getitimer(signal.ITIMER_REAL),
        "threads": {one.name for one in threading.enumerate() if not one.name.startswith(TOOLS)},
        "session": (SESSION.get(), PINNED.get()),
    }


def opened() -> set[str]:
    """What the open descriptors lead to."""
    found = set()
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208
        try:
            found.add(f"{name} {os.readlink(f'/proc/self/fd/{name}')}")  # noqa: PTH115
        except OSError:
            continue  # of the listing itself
    return found


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "orders.txt").write_text("orders")
    return tmp_path


class Crossing:
    """One call of a seam whose other path is hostile, and what the program is before and after it."""

    def __init__(self, path: Path_, *, stage: str = "shadow", is_async: bool = False) -> None:
        self.runs: list[Run] = []
        self.answer = {"answer": [1]}
        migration = Migration(environment={"CHANGEOVER_STAGE_S": stage}, refresh_s=0, sink=self.runs.append)

        def calm(given: dict[str, Any]) -> object:
            return self.answer

        async def calm_async(given: dict[str, Any]) -> object:
            await asyncio.sleep(0)
            return self.answer

        async def hostile_async(given: dict[str, Any]) -> object:
            await asyncio.sleep(0)
            return path(given)

        paths: list[Any] = [calm_async, hostile_async] if is_async else [calm, path]
        legacy, candidate = paths if stage == "shadow" else reversed(paths)
        self.is_async = is_async
        self.seam: Any = migration.seam("s", legacy=legacy, candidate=candidate)

    async def twice(self, given: dict[str, Any]) -> tuple[object, dict[str, object], dict[str, object]]:
        before = program()
        answer = await self.seam(given) if self.is_async else self.seam(given)
        return answer, before, program()

    def cross(self, given: dict[str, Any]) -> tuple[object, dict[str, object], dict[str, object]]:
        if self.is_async:
            return asyncio.run(self.twice(given))
        before = program()
        return self.seam(given), before, program()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("stage", "is_async"), [("shadow", False), ("shadow", True), ("live", False)], ids=str
)
@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_of_the_program_changes(
    name: str, stage: str, is_async: bool, folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    given = {"name": "SPY", "items": [{"price": 1}, {"price": 2}], "file": str(folder / "orders.txt")}
    kept, items = copy.deepcopy(given), given["items"]
    crossing = Crossing(HOSTILE[name], stage=stage, is_async=is_async)
    files = opened()
    answer, before, after = crossing.cross(given)
    assert {part: (was, after[part]) for part, was in before.items() if after[part] != was} == {}
    assert answer is crossing.answer
    assert answer == {"answer": [1]}
    assert given == kept
    assert given["items"] is items
    assert opened() - files == set()
    assert sorted(one.name for one in folder.iterdir()) == ["orders.txt"]
    assert capfd.readouterr() == ("", "")
    assert len(crossing.runs) == 1


def test_at_least_so_many_were_tried() -> None:
    assert len(HOSTILE) >= 60


class Prices:
    """What a program keeps in a class and in its module."""

    table: ClassVar = {"SPY": 1}


CACHE: dict[str, int] = {}


def change_class(given: dict[str, Any]) -> object:
    Prices.table["SPY"] = 2
    return None


def fill_cache(given: dict[str, Any]) -> object:
    CACHE["SPY"] = 1
    return None


def configure_logger_past_its_methods(given: dict[str, Any]) -> object:
    LOG.propagate = False
    return None


def change_umask(given: dict[str, Any]) -> object:
    os.umask(0o77)
    return None


UNPROTECTED: dict[str, tuple[Path_, Callable[[], object], Callable[[], object]]] = {
    "an attribute of a class": (
        change_class,
        lambda: Prices.table["SPY"],
        lambda: Prices.table.update(SPY=1),
    ),
    "a cache of a module": (fill_cache, lambda: dict(CACHE), CACHE.clear),
    "an attribute of a logger": (
        configure_logger_past_its_methods,
        lambda: LOG.propagate,
        lambda: setattr(LOG, "propagate", True),
    ),
    "the mask of new files": (change_umask, lambda: _umask(), lambda: os.umask(0o22)),
}


def _umask() -> int:
    found = os.umask(0o22)
    os.umask(found)
    return found


@pytest.mark.parametrize("name", UNPROTECTED)
def test_what_cannot_be_protected_stays_changed(name: str) -> None:
    """docs/limits.md, "Inline and in the background"."""
    path, read, undo = UNPROTECTED[name]
    undo()
    before = read()
    try:
        Crossing(path).seam({})
        assert read() != before
    finally:
        undo()


@pytest.mark.parametrize(
    "error",
    [
        *(ValueError("x"), SystemExit(3), GeneratorExit(), ExceptionGroup("g", [ValueError("x")])),
        *(StopIteration(1), MemoryError(), RecursionError("deep")),
    ],
    ids=lambda error: type(error).__name__,
)
@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_the_answering_path_s_own_exception_is_the_very_same(error: BaseException, is_async: bool) -> None:
    if isinstance(error, StopIteration) and is_async:
        pytest.skip("a coroutine cannot raise it")
    cause, context = LookupError("cause"), KeyError("context")
    error.add_note("seen by the desk")

    def legacy(given: object) -> object:
        try:
            raise context
        except KeyError:
            raise error from cause

    async def legacy_async(given: object) -> object:
        return legacy(given)

    def other(given: object) -> object:
        raise error

    async def other_async(given: object) -> object:
        raise error

    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, refresh_s=0)
    paths: tuple[Any, Any] = (legacy_async, other_async) if is_async else (legacy, other)
    seam: Any = migration.seam("s", legacy=paths[0], candidate=paths[1])
    with pytest.raises(type(error)) as raised:
        asyncio.run(seam(1)) if is_async else seam(1)
    assert raised.value is error
    assert (error.__cause__, error.__context__) == (cause, context)
    assert error.__notes__ == ["seen by the desk"]
    lines = [entry.frame.code.name for entry in raised.traceback]
    assert lines[-1] == "legacy"
    del error.__notes__
    error.__cause__ = error.__context__ = error.__traceback__ = None
