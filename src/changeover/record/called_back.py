"""What a path hands to a port to be called back: it acts inside of the port, where no recording looks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from types import CodeType, FrameType, FunctionType, MethodType
from typing import Any, Protocol
from weakref import ref

from changeover.record.outer_frame import outer_frame
from changeover.values.made_functions import short_name

FUNCTIONS_MAX = 100
"""So many functions are looked for in the arguments of a call."""
FRAMES_MAX = 100
_CONTAINERS = (list, tuple, dict)


def functions_in(values: Iterable[Any]) -> list[FunctionType]:
    """The functions that can be called through these arguments, or through the items of one."""
    found: list[FunctionType] = []
    for value in values:
        cls = type(value)
        if cls in _CONTAINERS:
            for part in list(value.values() if cls is dict else value)[:FUNCTIONS_MAX]:
                found += _functions_of(part)
        else:
            found += _functions_of(value)
    return found[:FUNCTIONS_MAX]


def _functions_of(value: Any) -> Iterator[FunctionType]:
    while isinstance(value, partial | MethodType):
        value = value.func if isinstance(value, partial) else value.__func__
    if type(value) is not FunctionType:
        value = getattr(type(value), "__call__", None)  # noqa: B004  the function, not whether there is one
    if type(value) is FunctionType:
        yield value


class HandsOver(Protocol):
    """The recorder of a path that hands functions to ports."""

    def called_back(self, hook: Any, args: tuple[Any, ...], function: str, port_method: str) -> None:
        """One of them called a port (`record.instrument.Hook`), inside of the one that was handed it."""


class Handed:
    """The functions that the path of one recorder has handed to ports so far."""

    def __init__(self, recorder: HandsOver) -> None:
        self._recorder = ref(recorder)
        self._by_code: dict[CodeType, tuple[str, str]] = {}

    def add(self, functions: Iterable[FunctionType], port_method: str) -> None:
        """A call was handed these."""
        for function in functions:
            self._by_code.setdefault(function.__code__, (short_name(function), port_method))

    def notice(self, frame: FrameType | None, hook: Any, args: tuple[Any, ...]) -> None:
        """A port was called outside of the path: by one of these functions, or by somebody else."""
        recorder = self._recorder()
        for _ in range(FRAMES_MAX):
            if frame is None or recorder is None:
                return
            found = self._by_code.get(frame.f_code)
            if found is not None:
                recorder.called_back(hook, args, *found)
                return
            frame = frame.f_back


HANDED: dict[int, Handed] = {}
"""By recorder, while its path runs; mostly empty."""


def notice(hook: Any, args: tuple[Any, ...]) -> None:
    """Tell the runs that handed over a function which calls this port now."""
    frame = outer_frame(2)
    if frame is None:
        return
    for handed in [*HANDED.values()]:
        handed.notice(frame, hook, args)
