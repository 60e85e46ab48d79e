"""A handler is called and does its work then: a body that somebody else would have to run never runs."""

import contextlib
import functools
import inspect
import sys
from collections.abc import AsyncIterator, Iterator
from types import FunctionType, MethodType

from trading.events.journal.port import PermanentFailure

_UNRUN = inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR | inspect.CO_GENERATOR
LAYERS_MAX = 20  # of partials, methods and callable objects around a function
_STILL_TO_BE_CALLED = (FunctionType, MethodType, functools.partial)


@contextlib.contextmanager
def _entered() -> Iterator[None]:
    yield


@contextlib.asynccontextmanager
async def _entered_with_await() -> AsyncIterator[None]:
    yield


_MANAGER_MAKERS = frozenset((_entered.__code__, _entered_with_await.__code__))
"""The code of every function that `contextlib` has decorated: it makes a manager, and runs nothing."""
_UNENTERED = (type(_entered()), type(_entered_with_await()))


class BodyNeverRan(PermanentFailure):
    """A call gave back its work instead of doing it.

    That is a coroutine, a generator, something to be awaited, entered or called, or a future of a pool.
    """


def refuse_unrun_body(call: object, name: str) -> None:
    """Raise TypeError for a function whose call runs nothing of its body; asked when it is registered."""
    function = getattr(call, "__func__", call)
    if type(function) is FunctionType and not function.__dict__ and not function.__code__.co_flags & _UNRUN:
        return  # as almost every handler is
    kind = _kind_of_unrun(call)
    if kind is not None:
        raise TypeError(
            f"{name}: is {kind}: the bus calls it, and its body would never run; "
            "write a plain function (one that calls asyncio.run, say)"
        )


def refuse_unrun_result(result: object, name: str) -> None:
    """Raise BodyNeverRan where a call gave back work that is still to be done.

    This finds what no look at the function can find: a lambda or a decorator around a coroutine function.
    """
    if result is None:
        return
    if inspect.iscoroutine(result) or inspect.isgenerator(result):
        result.close()
    elif not (inspect.isasyncgen(result) or inspect.isawaitable(result) or _is_still_to_be_done(result)):
        return
    raise BodyNeverRan(f"{name}: gave back a {type(result).__name__}, which the bus does not run")


def _is_still_to_be_done(result: object) -> bool:
    """Whether it stands for work that begins when somebody uses it, or that a pool does while nobody waits.

    A cursor, a file or a connection is none: they are read or entered after the work was done.
    """
    if isinstance(result, (*_STILL_TO_BE_CALLED, *_UNENTERED, map, filter)):
        return True
    futures = sys.modules.get("concurrent.futures")
    return futures is not None and isinstance(result, futures.Future)


def _kind_of_unrun(call: object) -> str | None:
    for _ in range(LAYERS_MAX):
        if inspect.iscoroutinefunction(call):
            return "a coroutine function (async def)"
        if inspect.isasyncgenfunction(call):
            return "an asynchronous generator function (async def with yield)"
        if inspect.isgeneratorfunction(call):
            return "a generator function (def with yield)"
        if getattr(call, "__code__", None) in _MANAGER_MAKERS:
            return "a context manager (with contextmanager)"
        if isinstance(call, functools.partial):
            call = call.func
        elif inspect.ismethod(call):
            call = call.__func__
        elif inspect.isroutine(call) or isinstance(call, type):
            return None
        else:
            call = type(call).__call__ if callable(call) else None
    return None
