"""What a process has one of: locale, filters of warnings, hooks, streams, modules and the like.

What a replayed path changes of it is put back when the path has ended, or its step of an async one. One
replay is looked after at a time: what one in another thread changes meanwhile stays, and so does what a path
changes in modules and objects of the program, of which nobody knows what belongs there. Environment and
working folder are not looked at: a replay is refused to change them (`isolation`).
"""

from __future__ import annotations

import decimal
import gc
import importlib
import locale
import logging
import signal
import socket
import sys
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from importlib import import_module
from operator import attrgetter
from typing import Any

from changeover.record.program_streams import replayed_streams
from changeover.replay.program_signals import unbroken

_one_at_a_time = threading.Lock()
Read = Callable[[], Any]
Write = Callable[[Any], Any]
_MISSING = object()
# The functions of `signal` turn every number into an enum, which takes longer than to ask.
_getitimer: Any = getattr(import_module("_signal"), "getitimer", None)
_TIMERS = (int(signal.ITIMER_VIRTUAL), int(signal.ITIMER_PROF)) if _getitimer else ()


@contextmanager
@unbroken
def kept_process_state() -> Iterator[None]:
    """Put back at the end what has changed since the beginning."""
    if not _one_at_a_time.acquire(blocking=False):
        yield
        return
    before: list[Any] = []
    modules: dict[str, Any] = {}
    try:
        modules, before = sys.modules.copy(), [read() for read, _ in _STATE]
        with replayed_streams():
            yield
    finally:
        if before:  # else reading was broken off
            _give_modules(modules)
            _give_back(before)
        _one_at_a_time.release()


def _give_back(before: list[Any]) -> None:
    with suppress(Exception):  # a path may have removed what is read
        if [read() for read, _ in _STATE] == before:
            return
    for (read, write), was in zip(_STATE, before, strict=True):
        with suppress(Exception):  # a locale that was never valid
            if read() != was:
                write(was)


def _give_locale(was: str) -> None:
    locale.setlocale(locale.LC_ALL, was)


def _filters() -> tuple[Any, ...]:
    found = vars(warnings)
    return (found["filters"], [*found["filters"]], found["showwarning"], found["_showwarnmsg_impl"])


def _give_filters(was: tuple[Any, ...]) -> None:
    found = vars(warnings)
    found["filters"], found["showwarning"], found["_showwarnmsg_impl"] = was[0], was[2], was[3]
    was[0][:] = was[1]
    found["_filters_mutated"]()


class _List:
    """The content of a list that everybody has, and the list itself."""

    def __init__(self, owner: Any, name: str) -> None:
        self._owner, self._name = owner, name

    def read(self) -> tuple[int, list[Any], list[Any]]:
        found = getattr(self._owner, self._name)
        return id(found), found, [*found]

    def write(self, was: tuple[int, list[Any], list[Any]]) -> None:
        _, found, content = was
        found[:] = content
        setattr(self._owner, self._name, found)
        if found is sys.path:
            importlib.invalidate_caches()


def _give_modules(found: dict[str, Any]) -> None:
    """Those that were there; further ones that a replay imports stay, as anything that is loaded lazily."""
    now = sys.modules
    with suppress(Exception):  # one may be equal to nothing
        # Lists of the same items are found to be equal at once; a dict looks each of its names up.
        if [*now.values()] == [*found.values()] and next(reversed(now)) == next(reversed(found)):
            return
        if {**now, **found} != now:
            now.update(found)


def _root_logger() -> tuple[Any, ...]:
    root = logging.root
    return (root.level, [*root.handlers], [*root.filters], root.disabled, root.manager.disable)


def _give_root_logger(was: tuple[Any, ...]) -> None:
    root = logging.root
    root.handlers[:], root.filters[:], root.disabled, root.manager.disable = was[1:]
    root.setLevel(was[0])


def _loop() -> tuple[Any, ...]:
    """The event loop that was set for this thread, and whether one ever was; asyncio is not imported here."""
    events = sys.modules.get("asyncio.events")
    policy = None if events is None else vars(events)["_event_loop_policy"]
    local = getattr(policy, "_local", None)
    return policy, local, getattr(local, "_loop", None), getattr(local, "_set_called", None)


def _give_loop(was: tuple[Any, ...]) -> None:
    policy, local, loop, set_called = was
    vars(sys.modules["asyncio.events"])["_event_loop_policy"] = policy
    if local is not None:
        local._loop = loop
        local._set_called = set_called


def _attributes(owner: Any, *names: str) -> tuple[Read, Write]:
    names = tuple(name for name in names if hasattr(owner, name))

    def write(was: Any) -> None:
        for name, value in zip(names, was if len(names) > 1 else (was,), strict=True):
            setattr(owner, name, value)

    return partial(attrgetter(*names), owner), write


def _lists(owner: Any, *names: str) -> Iterator[tuple[Read, Write]]:
    for name in names:
        one = _List(owner, name)
        yield one.read, one.write


def _give_or_remove(owner: Any, name: str, was: Any) -> None:
    if was is _MISSING:
        delattr(owner, name)
    else:
        setattr(owner, name, was)


def _has_timers() -> tuple[bool, ...]:
    """Of processor time; one of the program goes on meanwhile, so that its time is no state to give back."""
    return tuple([_getitimer(one)[0] > 0.0 for one in _TIMERS])


def _stop_timers(was: tuple[bool, ...]) -> None:
    for one, was_set in zip(_TIMERS, was, strict=True):
        if not was_set:
            signal.setitimer(one, 0.0)


_STATE: tuple[tuple[Read, Write], ...] = (
    (partial(import_module("_locale").setlocale, locale.LC_ALL), _give_locale),
    (_filters, _give_filters),
    (_root_logger, _give_root_logger),
    (_loop, _give_loop),
    *_lists(sys, "path", "meta_path", "path_hooks", "argv"),
    *_lists(gc, "callbacks"),
    _attributes(
        *(sys, "stdout", "stderr", "stdin", "excepthook", "unraisablehook", "displayhook", "breakpointhook"),
        *("dont_write_bytecode", "pycache_prefix"),
    ),
    (partial(vars(sys).get, "tracebacklimit", _MISSING), partial(_give_or_remove, sys, "tracebacklimit")),
    _attributes(threading, "excepthook", "_trace_hook", "_profile_hook"),
    (threading.stack_size, threading.stack_size),
    _attributes(tempfile, "tempdir"),
    _attributes(logging, "raiseExceptions", "lastResort", "_logRecordFactory", "_loggerClass"),
    _attributes(warnings, "defaultaction"),
    _attributes(decimal.DefaultContext, "prec", "rounding", "Emin", "Emax", "capitals", "clamp"),
    (lambda: decimal.DefaultContext.traps.copy(), lambda was: decimal.DefaultContext.traps.update(was)),
    (sys.getrecursionlimit, sys.setrecursionlimit),
    (sys.getswitchinterval, sys.setswitchinterval),
    (sys.gettrace, sys.settrace),
    (sys.getprofile, sys.setprofile),
    (socket.getdefaulttimeout, socket.setdefaulttimeout),
    (gc.isenabled, lambda was: gc.enable() if was else gc.disable()),
    (gc.get_threshold, lambda was: gc.set_threshold(*was)),
    (gc.get_debug, gc.set_debug),
    (sys.get_int_max_str_digits, sys.set_int_max_str_digits),
    (sys.get_asyncgen_hooks, lambda was: sys.set_asyncgen_hooks(*was)),
    (sys.get_coroutine_origin_tracking_depth, sys.set_coroutine_origin_tracking_depth),
    (_has_timers, _stop_timers),
)
