"""Functions of the program that are given the arguments of a call: keys and tags."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from changeover.record.callable_kind import signature_of
from changeover.record.instrument import Binder

_ANY = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


class WrongArity(ValueError):
    """No call of the function can be given to the key; says what both take."""


def fitted(key: Callable[..., Any], function: Callable[..., Any], *, skip_first: bool) -> Callable[..., Any]:
    """The key as it is called with the arguments of a call, defaults included, however the call was made.

    A key that takes fewer gets those that it names, and where it has names of its own the first ones.
    Raises WrongArity.

    Args:
        key: of the program.
        function: whose calls it is for; one that does not show its parameters fits every key.
        skip_first: whether the first parameter is the object of a method, which the key does not get.
    """
    try:
        takes = inspect.signature(key)
        given = list(signature_of(function).parameters.values())[1 if skip_first else 0 :]
    except (TypeError, ValueError):
        return key
    if any(one.kind in _ANY for one in given):
        named = [one for one in given if one.kind not in _ANY]
        return _with_fewer(key, takes, Binder(function, skip_first=skip_first), named, by_name_alone=True)
    by_name = [one for one in given if one.kind is inspect.Parameter.KEYWORD_ONLY]
    in_order = [one for one in given if one.kind is not inspect.Parameter.KEYWORD_ONLY]
    if _binds(takes, len(in_order), by_name):
        return _with_defaults(key, Binder(function, skip_first=skip_first), in_order, by_name)
    if not any(_binds(takes, *form) for form in _forms(in_order, by_name)):
        wanted = ", ".join(one.name for one in given)
        raise WrongArity(f"takes {takes}, needed: a function of ({wanted})")
    return _with_fewer(key, takes, Binder(function, skip_first=skip_first), given)


def _binds(takes: inspect.Signature, count: int, by_name: Sequence[inspect.Parameter]) -> bool:
    try:
        takes.bind(*range(count), **dict.fromkeys(one.name for one in by_name))
    except TypeError:
        return False
    return True


def _forms(
    in_order: Sequence[inspect.Parameter], by_name: Sequence[inspect.Parameter]
) -> Iterator[tuple[int, Sequence[inspect.Parameter]]]:
    """Ways in which a call may be made: so many in order, the others by name, what has a default left out."""
    needed = [one for one in by_name if one.default is inspect.Parameter.empty]
    for count in range(len(in_order) + 1):
        rest = in_order[count:]
        named = [one for one in rest if one.kind is not inspect.Parameter.POSITIONAL_ONLY]
        yield count, [*named, *by_name]
        yield count, [*(one for one in named if one.default is inspect.Parameter.empty), *needed]


def _with_defaults(
    key: Callable[..., Any],
    binder: Binder,
    in_order: Sequence[inspect.Parameter],
    by_name: Sequence[inspect.Parameter],
) -> Callable[..., Any]:
    first, last = [one.name for one in in_order], [one.name for one in by_name]
    every = set(first) | set(last)

    def called(*args: Any, **kwargs: Any) -> Any:
        if len(args) == len(first) and not kwargs and not last:
            return key(*args)
        bound = binder(args, kwargs)
        if bound.keys() != every:  # the call itself will fail
            return key(*args, **kwargs)
        return key(*(bound[name] for name in first), **{name: bound[name] for name in last})

    return called


def _with_fewer(
    key: Callable[..., Any],
    takes: inspect.Signature,
    binder: Binder,
    given: Sequence[inspect.Parameter],
    *,
    by_name_alone: bool = False,
) -> Callable[..., Any]:
    """The key with those of the given arguments that it takes; itself where that cannot be told."""
    wanted = list(takes.parameters.values())
    if any(one.kind is inspect.Parameter.VAR_POSITIONAL for one in wanted):
        return key
    takes_any = any(one.kind is inspect.Parameter.VAR_KEYWORD for one in wanted)
    named = [one.name for one in wanted if one.kind is inspect.Parameter.KEYWORD_ONLY]
    in_order = [one.name for one in wanted if one.kind not in (*_ANY, inspect.Parameter.KEYWORD_ONLY)]
    every = [one.name for one in given]
    if not {*in_order, *named} <= set(every):
        if by_name_alone or takes_any or not set(named) <= set(every):
            return key
        in_order = [one.name for one in given if one.kind is not inspect.Parameter.KEYWORD_ONLY][
            : len(in_order)
        ]
    if takes_any and not by_name_alone:
        named += [name for name in every if name not in in_order and name not in named]
    elif takes_any:
        return key

    def called(*args: Any, **kwargs: Any) -> Any:
        bound = binder(args, kwargs)
        if not set(every) <= bound.keys():  # the call itself will fail
            return key(*args, **kwargs)
        return key(*(bound[name] for name in in_order), **{name: bound[name] for name in named})

    return called
