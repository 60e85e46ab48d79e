"""A call made again of arguments that were written down by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from itertools import count, takewhile
from typing import Any

from changeover.record.context import Args, Kwargs

_FIRST = "0"


def called_again(
    arguments: Kwargs, written_for: inspect.Signature | None, path: Callable[..., Any] | None, owners: int = 0
) -> tuple[Args, Kwargs]:
    """What such a call gives the path in order, and what by name.

    By name is what may be, so that a path may have its parameters in another order. A path that knows other
    names gets its arguments in the order of those that they were written for.

    Args:
        arguments: as `Binder` gives them: by name, or by number where there is no such name.
        written_for: the parameters of which these are the names, None where they are not known.
        path: what is called, None where its parameters are not known.
        owners: how many arguments of the path come before these.
    """
    if written_for is None or _FIRST in arguments:
        numbers = list(takewhile(arguments.__contains__, map(str, count())))
        named = {name: value for name, value in arguments.items() if name not in numbers}
        return tuple(arguments[number] for number in numbers), named
    by_name = _given(arguments, written_for, in_order=False)
    if path is None or _takes(path, owners, *by_name):
        return by_name
    in_order = _given(arguments, written_for, in_order=True)
    return in_order if _takes(path, owners, *in_order) else by_name


def _given(arguments: Kwargs, written_for: inspect.Signature, *, in_order: bool) -> tuple[Args, Kwargs]:
    args: list[Any] = []
    named = dict(arguments)
    parameters = written_for.parameters.values()
    in_order = in_order or any(p.kind is p.VAR_POSITIONAL and arguments.get(p.name) for p in parameters)
    for parameter in parameters:
        if parameter.kind is parameter.VAR_KEYWORD:
            named |= named.pop(parameter.name, {})
        elif parameter.kind is parameter.VAR_POSITIONAL:
            args += named.pop(parameter.name, ())
        elif parameter.kind is parameter.POSITIONAL_ONLY or (
            in_order and parameter.kind is not parameter.KEYWORD_ONLY
        ):
            if parameter.name not in named:  # it has come since: what follows can only be given by name
                in_order = False
            else:
                args.append(named.pop(parameter.name))
    return tuple(args), named


def _takes(path: Callable[..., Any], owners: int, args: Args, kwargs: Kwargs) -> bool:
    try:
        inspect.signature(path).bind(*range(owners), *args, **kwargs)
    except TypeError:
        return False
    except ValueError:  # a builtin that does not show its parameters
        return True
    return True
