"""How a call ended, as a value: the one place where exceptions become data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Returned:
    """The call came back with a value."""

    value: Any

    def give(self) -> Any:
        """The value."""
        return self.value


@dataclass(frozen=True, slots=True)
class Raised:
    """The call raised; the exception keeps its traceback."""

    error: BaseException

    def give(self) -> Any:
        """Raise the same exception again."""
        raise self.error


Outcome = Returned | Raised


def outcome_of(call: Callable[[], Any]) -> Outcome:
    """Run the call once; whatever it raises, `SystemExit` and interrupts included, is in the outcome."""
    try:
        return Returned(call())
    except BaseException as error:  # noqa: BLE001  this is the place where an exception becomes data
        return Raised(error)


def is_interruption(error: BaseException) -> bool:
    """Whether the call was stopped from outside, so that how it ended says nothing about it.

    The class of a cancelled asyncio task is known by its name: importing asyncio takes longer than the rest.
    """
    if isinstance(error, KeyboardInterrupt | GeneratorExit):
        return True
    return not isinstance(error, Exception) and type(error).__name__ == "CancelledError"


def message_of(error: BaseException) -> str:
    """The text of an exception; the name of its type where it has none, or cannot give it."""
    try:
        return str(error) or type(error).__name__
    except Exception:  # noqa: BLE001  whatever its __str__ does
        return type(error).__name__
