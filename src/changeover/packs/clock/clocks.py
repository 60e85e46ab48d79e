"""The clocks of a process while something is compared: each read asks whose it is.

The wall clock is read by functions of C, which nobody can replace by name: `time_machine` lets them ask a
traveller, and the one here asks the pack. Its own `travel` is not used: between its steps another thread that
reads the clock would meet an error. The other clocks and `sleep` are names of a module.
"""

from __future__ import annotations

import datetime
import sys
import time
from collections.abc import Callable
from threading import Lock
from types import ModuleType
from typing import Any

from changeover.packs.callers import Callers

NAMED = ("monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "sleep")
Asked = Callable[[str, Callable[..., Any], tuple[Any, ...], Any], Any]
"""Gets the name of a clock, the function itself, the arguments and the frame that reads it."""


class Clocks:
    """Those of this process. `hold` and `release` come in pairs, from any thread.

    Args:
        asked: who answers a read.
    """

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self._holders = 0
        self._lock = Lock()
        self._traveller: _Traveller | None = None
        self._originals: dict[str, Callable[..., Any]] = {}
        self._asking: dict[str, Callable[..., Any]] = {}
        self._places: list[tuple[dict[str, Any], str, str]] = []
        self._modules = 0
        self._callers = Callers(())

    def hold(self) -> None:
        """From now on reads ask; the first who holds puts everything in its place."""
        with self._lock:
            self._holders += 1
            if self._holders == 1:
                self._put_in()

    def release(self) -> None:
        """The last one takes it away again."""
        with self._lock:
            self._holders -= 1
            if not self._holders:
                self._take_out()

    def _made(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        asked = self._asked

        def ask(*args: Any) -> Any:
            return asked(name, function, args, sys._getframe(1))

        ask.__name__ = ask.__qualname__ = name
        ask.__doc__ = function.__doc__
        return ask

    def _put_in(self) -> None:
        if is_held_by_freezegun():
            return  # a test holds the clock still: both paths see the same, and these are not the functions
        if not self._originals:
            self._originals = {name: getattr(time, name) for name in NAMED}
            self._asking = {name: self._made(name, function) for name, function in self._originals.items()}
        for place, name, clock in self._found():
            if place.get(name) is self._originals[clock]:
                place[name] = self._asking[clock]
        self._begin_travel()

    def _take_out(self) -> None:
        for place, name, clock in self._places:
            if place.get(name) is self._asking[clock]:
                place[name] = self._originals[clock]
        self._end_travel()

    def _found(self) -> list[tuple[dict[str, Any], str, str]]:
        """Where these functions stand: in `time`, and in modules of the program that took them from there."""
        if len(sys.modules) != self._modules:
            self._modules = len(sys.modules)
            by_id = {id(function): clock for clock, function in self._originals.items()}
            places = [(vars(time), clock, clock) for clock in NAMED]
            for module_name, module in list(sys.modules.items()):
                if isinstance(module, ModuleType) and self._callers.of_module(module_name) is not None:
                    for name, value in list(vars(module).items()):
                        clock = by_id.get(id(value))
                        if clock is not None:
                            places.append((vars(module), name, clock))
            self._places = places
        return self._places

    def _begin_travel(self) -> None:
        import _time_machine
        import time_machine

        stack = time_machine.traveller_stack
        self._traveller = _Traveller(self._asked, stack[-1].time_ns if stack else _real_time_ns)
        stack.append(
            self._traveller
        )  # before the functions ask: another thread may read the clock at any time
        if len(stack) == 1:
            _time_machine.patch()

    def _end_travel(self) -> None:
        if self._traveller is None:
            return
        import _time_machine
        import time_machine

        stack = time_machine.traveller_stack
        if stack == [self._traveller]:
            _time_machine.unpatch()
        if self._traveller in stack:  # a test may travel in time meanwhile, and goes on
            stack.remove(self._traveller)
        self._traveller = None


def is_held_by_freezegun() -> bool:
    """Whether a test holds the clock still; `time_machine` is not to be imported meanwhile."""
    return datetime.datetime.__module__ == "freezegun.api"


class _Traveller:
    """As one of `time_machine`, whose functions of C ask the last one for the time."""

    _tick = True
    _destination_tzname = None

    def __init__(self, asked: Asked, real: Callable[[], int]) -> None:
        self._asked = asked
        self._real = real

    def time_ns(self) -> int:
        """What whoever reads the wall clock is told."""
        nanoseconds: int = self._asked("time_ns", self._real, (), sys._getframe(1))
        return nanoseconds

    def _start(self) -> None:
        """As a traveller does."""

    def _stop(self) -> None:
        """As a traveller does."""


def _real_time_ns() -> int:
    import _time_machine

    try:
        nanoseconds: int = _time_machine.original_time_ns()
    except ValueError:  # given back by another thread in this very moment
        return time.time_ns()
    return nanoseconds
