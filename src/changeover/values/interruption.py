"""What stops a call from outside, so that how it ends says nothing about it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import partial
from inspect import getattr_static
from threading import get_ident, main_thread
from types import CodeType, FunctionType, MethodType
from typing import Any

CAUSES_MAX = 20
FRAMES_MAX = 2_000
HANDLER_CODES: set[CodeType] = set()
"""Functions that call a handler of the program in its place."""


def is_interruption(error: BaseException) -> bool:
    """Whether the path that ended with this was stopped: by its caller, by a signal or from the keyboard.

    The class of a cancelled asyncio task is known by its name: importing asyncio takes longer than the rest.
    """
    if isinstance(error, GeneratorExit) or _is_cancellation(error):
        return True
    return interruption_in(error) is not None


def interruption_in(error: BaseException) -> BaseException | None:
    """What struck from outside and led to this error, None where it is the code's own.

    For code that nobody awaits, so that neither a cancellation nor a closed coroutine can have struck it.
    """
    return error if isinstance(error, KeyboardInterrupt) else struck(error)


def stop_if_interrupted(error: BaseException) -> None:
    """Raise what struck from outside, where that led to this error."""
    found = interruption_in(error)
    if found is not None:
        raise found


def struck(error: BaseException) -> BaseException | None:
    """What a handler of a signal raised and led to this error, None where none did."""
    if get_ident() != main_thread().ident or sys.is_finalizing():
        return None  # handlers of signals run in the main thread, and none at the very end
    codes: set[CodeType] | None = None
    for led_to_it in _led_to(error):
        if led_to_it.__traceback__ is not None and led_to_it.__traceback__.tb_next is not None:
            codes = _codes_of_handlers() if codes is None else codes
            if _went_through(led_to_it, codes):
                return led_to_it
    return None


def _is_cancellation(error: BaseException) -> bool:
    return not isinstance(error, Exception) and type(error).__name__ == "CancelledError"


def _led_to(error: BaseException) -> Iterator[BaseException]:
    # What the caller handles already is the context of all that is raised, and says nothing of this error.
    handled = sys.exc_info()[1]
    current: BaseException | None = error
    for _ in range(CAUSES_MAX):
        if current is None:
            return
        yield current
        before = current.__cause__
        if before is None and handled is not error:
            before = current.__context__
        current = None if before is handled else before


def _went_through(error: BaseException, codes: set[CodeType]) -> bool:
    step = error.__traceback__
    for _ in range(FRAMES_MAX):
        if step is None:
            return False
        if step.tb_frame.f_code in codes:
            return True
        step = step.tb_next
    return False


def _codes_of_handlers() -> set[CodeType]:
    import signal

    codes = set(HANDLER_CODES)
    for number in signal.valid_signals():
        handler = signal.getsignal(number)
        if handler is None or isinstance(handler, int):
            continue  # what the system does by itself, which most signals have
        # While handlers are wrapped, one that was called just before stands behind its wrapper.
        for called in (handler, getattr_static(handler, "__wrapped__", None)):
            code = _code_of(called)
            if code is not None:
                codes.add(code)
    return codes


def _code_of(handler: Any) -> CodeType | None:
    """The code of a handler: a function, a method, a partial of one, or an object that can be called."""
    while isinstance(handler, partial | MethodType):
        handler = handler.func if isinstance(handler, partial) else handler.__func__
    if not isinstance(handler, FunctionType):
        # Not what its metaclass has of that name: that of enums would make a handler of every look-up in one.
        calls = (vars(base).get("__call__") for base in type(handler).__mro__)
        handler = next((call for call in calls if call is not None), None)
    return handler.__code__ if isinstance(handler, FunctionType) else None
