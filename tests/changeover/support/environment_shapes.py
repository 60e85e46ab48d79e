"""What may be otherwise in the process that replays than in the one that answered, by what it is.

Each has how the process that answers comes to differ (variables, options of the interpreter, or what it does
at its start) and what the same code then answers.
"""

from __future__ import annotations

import contextvars
import ctypes
import decimal
import gc
import getpass
import locale
import os
import platform
import random
import resource
import shutil
import socket
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

RATES = Path(os.environ.get("MARKS", ".")) / "rates.txt"
"""What the answering process reads, which is gone when its runs are replayed."""
MOOD: contextvars.ContextVar[str] = contextvars.ContextVar("mood", default="as ever")
known: list[str] = []
"""A cache of the program."""
NOTHING = "nothing"
"""Asks for what is the same everywhere."""
_UPWARD = 0x800  # of x86_64


@dataclass(frozen=True, slots=True)
class EnvironmentShape:
    """One thing that is otherwise. What is handed over is the same in a replay: the run is a match."""

    answer: Callable[[], Any]
    variables: Mapping[str, str] = field(default_factory=dict)
    options: tuple[str, ...] = ()
    begin: Callable[[], object] | None = None
    is_handed_over: bool = False
    has_terminal: bool = False
    is_apart: bool = False
    """Whether it would hide another one in the same process, as options of the interpreter do."""
    platforms: tuple[str, ...] = ()
    """The machines where it can be had; all, where it names none."""

    @property
    def is_here(self) -> bool:
        """Whether it can be had on this machine."""
        return not self.platforms or platform.machine() in self.platforms


def _of_environment(name: str) -> Callable[[], Any]:
    return lambda: os.environ.get(name)


def _order_of_a_set() -> list[str]:
    return list({f"part {number}" for number in range(30)})


def _umask() -> str | None:
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return next((line for line in lines if line.startswith("Umask")), None)


def _digits() -> str:
    try:
        return str(len(str(10**2_000)))
    except ValueError as error:
        return str(error)


def _warn() -> str:
    try:
        warnings.warn("old", DeprecationWarning, stacklevel=1)
    except DeprecationWarning:
        return "an error"
    return "a line"


def _divided() -> str:
    try:
        return str(decimal.Decimal(1) / 3)
    except decimal.Inexact:
        return "inexact"


def _trap() -> None:
    decimal.getcontext().traps[decimal.Inexact] = True


def _go_elsewhere() -> None:
    os.chdir("/")


def _find_other_modules_first() -> None:
    sys.path.insert(0, "/nowhere")


def _start_a_thread() -> None:
    threading.Thread(target=time.sleep, args=(3600,), daemon=True).start()


def _take_one_processor() -> None:
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def _read_the_file() -> str | None:
    with suppress(OSError):
        return RATES.read_text()
    return None


def _round_up() -> None:
    ctypes.CDLL(None).fesetround(_UPWARD)


ENVIRONMENTS: dict[str, EnvironmentShape] = {
    "hash seed": EnvironmentShape(_order_of_a_set, {"PYTHONHASHSEED": "7"}, is_handed_over=True),
    "time zone": EnvironmentShape(
        lambda: time.strftime("%H %Z", time.localtime(0)), {"TZ": "Pacific/Auckland"}, is_handed_over=True
    ),
    "locale, by a variable": EnvironmentShape(
        lambda: [os.environ.get("LC_ALL"), locale.setlocale(locale.LC_CTYPE)],
        {"LC_ALL": "C.UTF-8"},
        is_handed_over=True,
    ),
    "UTF-8 mode, by a variable": EnvironmentShape(
        lambda: [sys.flags.utf8_mode, locale.getpreferredencoding()], {"PYTHONUTF8": "1"}, is_handed_over=True
    ),
    "state of random numbers": EnvironmentShape(
        lambda: random.random(),  # noqa: S311  by its name in the module, as a program draws
        begin=lambda: random.seed(7),
        is_handed_over=True,
    ),
    "precision and rounding of decimals": EnvironmentShape(
        _divided,
        begin=lambda: decimal.setcontext(decimal.Context(prec=5, rounding=decimal.ROUND_UP)),
        is_handed_over=True,
    ),
    "traps of decimals": EnvironmentShape(_divided, begin=_trap, is_apart=True),
    "locale, set by the program": EnvironmentShape(
        lambda: locale.setlocale(locale.LC_NUMERIC),
        begin=lambda: locale.setlocale(locale.LC_NUMERIC, "C.UTF-8"),
    ),
    "UTF-8 mode, by an option": EnvironmentShape(lambda: sys.flags.utf8_mode, options=("-X", "utf8")),
    "an environment variable": EnvironmentShape(_of_environment("RATE"), {"RATE": "1.2"}),
    "working directory": EnvironmentShape(lambda: str(Path.cwd()), begin=_go_elsewhere),
    "umask": EnvironmentShape(_umask, begin=lambda: os.umask(0o027)),
    "recursion limit": EnvironmentShape(sys.getrecursionlimit, begin=lambda: sys.setrecursionlimit(3_000)),
    "digits of a number as text": EnvironmentShape(_digits, {"PYTHONINTMAXSTRDIGITS": "700"}),
    "filters of warnings": EnvironmentShape(_warn, options=("-W", "error:old")),
    "optimisation": EnvironmentShape(lambda: [__debug__, sys.flags.optimize], options=("-O",)),
    "development mode": EnvironmentShape(lambda: sys.flags.dev_mode, options=("-X", "dev")),
    "order of sys.path": EnvironmentShape(lambda: sys.path[0], begin=_find_other_modules_first),
    "garbage collection": EnvironmentShape(
        lambda: [gc.isenabled(), gc.get_threshold()], begin=lambda: gc.set_threshold(5_000, 20, 20)
    ),
    "number of threads": EnvironmentShape(threading.active_count, begin=_start_a_thread),
    "number of processors": EnvironmentShape(lambda: len(os.sched_getaffinity(0)), begin=_take_one_processor),
    "folder for temporary files": EnvironmentShape(tempfile.gettempdir, {"TMPDIR": "/var/tmp"}),  # noqa: S108
    "home": EnvironmentShape(lambda: str(Path.home()), {"HOME": "/srv"}),
    "user": EnvironmentShape(getpass.getuser, {"LOGNAME": "shop"}),
    "a terminal": EnvironmentShape(lambda: os.isatty(2), has_terminal=True),
    "width of the terminal": EnvironmentShape(lambda: shutil.get_terminal_size().columns, {"COLUMNS": "171"}),
    "encoding of the output": EnvironmentShape(lambda: sys.stdout.encoding, {"PYTHONIOENCODING": "latin-1"}),
    "arguments of the command": EnvironmentShape(lambda: sys.argv),
    "number of the process": EnvironmentShape(os.getpid),
    "priority": EnvironmentShape(lambda: os.getpriority(os.PRIO_PROCESS, 0), begin=lambda: os.nice(1)),
    "limit of open files": EnvironmentShape(
        lambda: resource.getrlimit(resource.RLIMIT_NOFILE)[0],
        begin=lambda: resource.setrlimit(
            resource.RLIMIT_NOFILE, (200, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
        ),
    ),
    "time limit of sockets": EnvironmentShape(
        socket.getdefaulttimeout, begin=lambda: socket.setdefaulttimeout(7.0)
    ),
    "rounding of floats": EnvironmentShape(
        lambda: [0.1 + number / 7 for number in range(5)],
        begin=_round_up,
        platforms=("x86_64",),
    ),
    "a cache of the program": EnvironmentShape(lambda: [*known], begin=lambda: known.append("met before")),
    "a context variable": EnvironmentShape(MOOD.get, begin=lambda: MOOD.set("otherwise")),
    "a file": EnvironmentShape(_read_the_file, begin=lambda: RATES.write_text("1.2")),
    "switch interval": EnvironmentShape(sys.getswitchinterval, begin=lambda: sys.setswitchinterval(0.01)),
}
