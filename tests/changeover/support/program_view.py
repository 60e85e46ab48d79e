"""What a program can see of itself and its process: before and after something that must not be felt."""

import asyncio
import decimal
import gc
import locale
import logging
import os
import random
import resource
import signal
import socket
import sys
import tempfile
import threading
import time
import warnings

import numpy as np

from changeover.record.context import SESSION
from changeover.values.pins import PINNED
from tests.changeover.support.hostile_paths import LOG, MOOD
from tests.changeover.support.hostile_process_paths import DEPTH, ERROR

LEFT_ALONE = {"json", "decimal", "logging", "os", "random"}


def program() -> dict[str, object]:
    """Each part of it by name; equal where nothing changed."""
    loggers = (LOG, logging.getLogger(), logging.getLogger("shop"))
    return {
        "random": random.getstate(),
        "environment": dict(os.environ),
        "zone": time.tzname,
        "folder": os.getcwd(),  # noqa: PTH109
        "locale": locale.setlocale(locale.LC_ALL),
        "decimals": (str(decimal.getcontext()), str(decimal.DefaultContext)),
        "numpy": (_numpy_state(), np.geterr(), np.get_printoptions()),
        "process": (_umask(), os.getpgid(0), os.nice(0), os.sched_getaffinity(0)),
        "resources": [resource.getrlimit(one) for one in (resource.RLIMIT_CORE, resource.RLIMIT_NOFILE)],
        "interpreter": (sys.dont_write_bytecode, getattr(sys, "tracebacklimit", None), sys.pycache_prefix),
        "digits": sys.get_int_max_str_digits(),
        "generators": (sys.get_asyncgen_hooks(), sys.get_coroutine_origin_tracking_depth()),
        "importing": [*sys.path_hooks],
        "typed": sys.stdin.tell() if sys.stdin.seekable() else None,
        "loop": _loop(),
        "error": (ERROR.__traceback__, ERROR.__context__, ERROR.__cause__),
        "variables": (MOOD.get(), DEPTH.get()),
        "warnings": (
            warnings.filters,
            [*warnings.filters],
            warnings.showwarning,
            vars(warnings)["defaultaction"],
        ),
        "paths": [[*one] for one in (sys.path, sys.meta_path, sys.argv)],
        "modules": {name: sys.modules.get(name) for name in LEFT_ALONE},
        "streams": (sys.stdin, sys.stdout, sys.stderr),
        "hooks": (
            sys.excepthook,
            sys.unraisablehook,
            threading.excepthook,
            sys.displayhook,
            sys.breakpointhook,
        ),
        "limits": (sys.getrecursionlimit(), sys.getswitchinterval(), socket.getdefaulttimeout()),
        "tracing": (sys.gettrace(), sys.getprofile(), threading.gettrace(), threading.getprofile()),
        "stacks": threading.stack_size(),
        "collection": (gc.isenabled(), gc.get_threshold(), [*gc.callbacks], gc.get_debug()),
        "temporary": tempfile.tempdir,
        "loggers": [(one.level, [*one.handlers], [*one.filters], one.disabled) for one in loggers],
        "logging": (logging.root.manager.disable, logging.lastResort, logging.raiseExceptions),
        "logger class": (logging.getLoggerClass(), logging.getLogRecordFactory()),
        "signals": [signal.getsignal(one) for one in signal.valid_signals()],
        "mask": signal.pthread_sigmask(signal.SIG_BLOCK, ()),
        "alarms": [
            signal.getitimer(one) for one in (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF)
        ],
        "session": (SESSION.get(), PINNED.get()),
    }


def _numpy_state() -> tuple[object, ...]:
    """The 624 numbers of the generator as they are: their text was a third of what a test of a path took."""
    return tuple(one.tobytes() if isinstance(one, np.ndarray) else one for one in np.random.get_state())


def _umask() -> int:
    found = os.umask(0o22)
    os.umask(found)
    return found


def _loop() -> object:
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return None
    task = asyncio.current_task()
    cancelled = task is not None and task.cancelling()
    return loop, loop.get_debug(), loop.get_exception_handler(), loop.get_task_factory(), cancelled
