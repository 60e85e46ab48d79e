"""A handler is called and does its work then: a body that somebody else would have to run never runs."""

import functools
import inspect
from types import FunctionType

from trading.events.journal.port import PermanentFailure

_UNRUN = inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR | inspect.CO_GENERATOR
LAYERS_MAX = 20  # of partials, methods and callable objects around a function


class BodyNeverRan(PermanentFailure):
    """A call gave back its work instead of doing it: a coroutine, a generator, something to be awaited."""


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
    elif not (inspect.isasyncgen(result) or inspect.isawaitable(result)):
        return
    raise BodyNeverRan(f"{name}: gave back a {type(result).__name__}, which the bus does not run")


def _kind_of_unrun(call: object) -> str | None:
    for _ in range(LAYERS_MAX):
        if inspect.iscoroutinefunction(call):
            return "a coroutine function (async def)"
        if inspect.isasyncgenfunction(call):
            return "an asynchronous generator function (async def with yield)"
        if inspect.isgeneratorfunction(call):
            return "a generator function (def with yield)"
        if isinstance(call, functools.partial):
            call = call.func
        elif inspect.ismethod(call):
            call = call.__func__
        elif inspect.isroutine(call) or isinstance(call, type):
            return None
        else:
            call = type(call).__call__ if callable(call) else None
    return None
