"""One instrumented function, and the arguments of a call of it by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

Site = tuple[str, int]
"""File and line of a call."""


class Hook:
    """One instrumented function of a class or module; which port it serves is for each migration to say."""

    __slots__ = ("has_owner", "is_async", "is_property", "module", "name", "original")

    def __init__(
        self,
        name: str,
        module: str,
        original: Callable[..., Any],
        *,
        has_owner: bool,
        is_property: bool = False,
    ) -> None:
        self.name = name
        self.module = module
        self.original = original
        self.has_owner = has_owner  # the first argument is the object or class the call is made on
        self.is_property = is_property
        self.is_async = inspect.iscoroutinefunction(original)


class Binder:
    """Arguments by name, defaults included, without the cost of `Signature.bind` where it can be spared."""

    __slots__ = ("_defaults", "_names", "_positional_max", "_signature")

    def __init__(self, function: Callable[..., Any], *, skip_first: bool) -> None:
        self._signature: inspect.Signature | None = None
        self._names: tuple[str, ...] = ()
        self._defaults: dict[str, Any] = {}
        self._positional_max = -1
        try:
            signature = inspect.signature(function)
        except (TypeError, ValueError):
            return  # a builtin that does not show its signature
        parameters = list(signature.parameters.values())[1 if skip_first else 0 :]
        self._signature = signature.replace(parameters=parameters)
        kinds = {parameter.kind for parameter in parameters}
        if not kinds & {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}:
            self._names = tuple(parameter.name for parameter in parameters)
            self._positional_max = sum(p.kind is not inspect.Parameter.KEYWORD_ONLY for p in parameters)
            self._defaults = {
                p.name: p.default for p in parameters if p.default is not inspect.Parameter.empty
            }

    def __call__(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """The arguments by name in the order of the signature; by number where there is no such name."""
        if len(args) <= self._positional_max and kwargs.keys() <= set(self._names[len(args) :]):
            bound = {**self._defaults, **dict(zip(self._names, args, strict=False)), **kwargs}
            return {name: bound[name] for name in self._names if name in bound}
        if self._signature is not None:
            try:
                arguments = self._signature.bind(*args, **kwargs)
            except TypeError:
                pass  # the call itself fails the same way; it is recorded as it was made
            else:
                arguments.apply_defaults()
                return dict(arguments.arguments)
        return {**{str(number): value for number, value in enumerate(args)}, **kwargs}
