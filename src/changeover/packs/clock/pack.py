"""`migration.use("clock")`: a replay is told the times that the program's own code read."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from importlib import import_module
from types import FrameType
from typing import Any

from changeover.errors import need_package
from changeover.packs.callers import PROGRAM, Callers
from changeover.packs.clock.clocks import Clocks, is_held_by_freezegun
from changeover.packs.host import Host, Operation, serving
from changeover.record.context import Args, Kwargs
from changeover.record.port import CallClass

_ALWAYS = ("django.utils.timezone",)
"""Modules by which programs tell the time."""
_NS = 1_000_000_000
_SECONDS = {"monotonic": "monotonic_ns", "perf_counter": "perf_counter_ns"}
_CLOCKS = ("time_ns", "monotonic_ns", "perf_counter_ns")


class ClockPack:
    """The port `clock`: a replay is told the recorded times in their order, and sleeping takes no time there.

    Args:
        packages: further ones whose reads count, such as one of yours that is installed.
    """

    name = "clock"

    def __init__(self, *, packages: Sequence[str] = ()) -> None:
        self._packages = packages

    def install(self, host: Host) -> None:
        """Open the channel; the clocks themselves are left alone until something is compared."""
        found = self._packages
        if isinstance(found, str) or not all(isinstance(one, str) and one for one in found):
            host.wrong("packages", found, "a list of names of packages")
        need_package("time_machine", "clock")
        if not is_held_by_freezegun():
            import_module("time_machine")  # now, and not inside of the first run
        packages = tuple(dict.fromkeys((*_ALWAYS, *found)))
        self.callers = Callers(packages)
        self._channel = host.channel(self.name, list(_operations(packages)))

    def follow(self, session: Any, *, waits: bool, stays: bool) -> ClocksHeld:
        """As packs do around a path (`record.followed_path`)."""
        return ClocksHeld(clocks())

    def ask(self, clock: str, function: Callable[..., Any], args: Args, caller: str) -> Any:
        """A time, or the end of a sleep, of this caller."""
        if clock == "sleep":
            return self._channel.ask("sleep", args, lambda: function(*args))
        of_ns = _SECONDS.get(clock)
        if of_ns is None:
            return self._channel.ask(_operation(caller, clock), (), function)
        nanoseconds: int = self._channel.ask(_operation(caller, of_ns), (), _IN_NS[clock])
        return nanoseconds / _NS


class ClocksHeld:
    """As `record.followed_path.Follower` says: the clocks are held from the path's beginning to its end."""

    def __init__(self, held: Clocks) -> None:
        self._clocks = held

    def begin(self, args: Args, kwargs: Kwargs) -> tuple[Args, Kwargs]:
        """Reads ask from now on."""
        self._clocks.hold()
        return args, kwargs

    def end(self) -> None:
        """Not any more, unless another path is under way."""
        self._clocks.release()

    async def begin_async(self, args: Args, kwargs: Kwargs) -> tuple[Args, Kwargs]:
        """As `begin`."""
        return self.begin(args, kwargs)

    async def end_async(self) -> None:
        """As `end`."""
        self.end()


@lru_cache(maxsize=1)
def clocks() -> Clocks:
    """Those of this process, which all migrations share."""
    return Clocks(_asked)


def _asked(clock: str, function: Callable[..., Any], args: Args, frame: FrameType | None) -> Any:
    pack = serving("clock")
    if pack is None:
        return function(*args)
    caller = pack.callers.of_frame(frame)
    return function(*args) if caller is None else pack.ask(clock, function, args, caller)


def _operation(caller: str, clock: str) -> str:
    return clock if caller == PROGRAM else f"{caller.replace('.', '_')}_{clock}"


def _monotonic_ns() -> int:
    return time.monotonic_ns()


def _perf_counter_ns() -> int:
    return time.perf_counter_ns()


def _time_ns() -> int:
    return time.time_ns()


_IN_NS = {"monotonic": _monotonic_ns, "perf_counter": _perf_counter_ns}
# Looked up late: a test may hold the clock when this is imported. For the toolkit they are the machine's.
_REAL = {"time_ns": _time_ns, "monotonic_ns": _monotonic_ns, "perf_counter_ns": _perf_counter_ns}


def _operations(packages: Sequence[str]) -> Iterator[Operation]:
    yield Operation("sleep", CallClass.CLOCK, ("seconds",), sleeps=True)
    for caller in (PROGRAM, *packages):
        for clock in _CLOCKS:
            real = _REAL[clock]
            # A path that asks what the other one did not is told the time of the machine.
            yield Operation(_operation(caller, clock), CallClass.CLOCK, (), make=lambda _, real=real: real())
