"""One method of a port, and what it is: a read, an effect, local, fixed, or time."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any

from changeover.recording.hook import Binder, Hook


class CallClass(StrEnum):
    """What a call of the method means to a replay."""

    READ = "read"
    EFFECT = "effect"
    LOCAL = "local"
    FIXED = "fixed"
    CLOCK = "clock"
    UNDECLARED = "undeclared"


class PortMethod:
    """A method of a port under its class; `key` tells which calls count as the same."""

    __slots__ = (
        "_binder",
        "attempts",
        "call_class",
        "has_owner",
        "hook",
        "is_effect",
        "is_fixed",
        "is_kept",
        "key",
        "make",
        "name",
        "port",
        "sleeps",
        "unaffected",
    )

    def __init__(
        self,
        port: str,
        hook: Hook,
        call_class: CallClass,
        *,
        key: Callable[..., Any] | None = None,
        make: Callable[..., Any] | None = None,
        unaffected: bool = False,
        sleeps: bool = False,
    ) -> None:
        self.port = port
        self.hook = hook
        self.name = hook.name
        self.call_class = call_class
        self.key = key
        self.make = make  # mints a local value in a replay, from a random generator seeded by the run
        self.unaffected = unaffected
        self.sleeps = sleeps
        self.has_owner = hook.has_owner
        # Asked on every recorded call, where looking up a member of an enum would be felt.
        self.is_effect = call_class is CallClass.EFFECT
        self.is_fixed = call_class is CallClass.FIXED
        self.is_kept = call_class is not CallClass.UNDECLARED
        self.attempts = self.is_effect or not self.is_kept
        self._binder = Binder(hook.original, skip_first=hook.has_owner)

    @property
    def full_name(self) -> str:
        """Port and method as people write them."""
        return f"{self.port}.{self.name}"

    def arguments(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """The arguments by name."""
        return self._binder(args, kwargs)

    def key_of(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The key function's answer; without one, the arguments in the order of the signature."""
        if self.key is not None:
            return self.key(*args, **kwargs)
        arguments = self.arguments(args, kwargs)
        values = tuple(arguments.values())
        return values[0] if len(values) == 1 else values
