"""What is said in a declaration is looked at where it is said: numbers, switches, functions, names."""

from __future__ import annotations

import inspect
import math
from collections.abc import Collection, Iterable
from decimal import Decimal
from numbers import Real
from typing import Any

from changeover.errors import DeclarationError, UnknownOptionError, did_you_mean
from changeover.record.callable_kind import is_async, is_stream

_SHOWN_MAX = 80


def shown(value: Any) -> str:
    """The value as a sentence names it, short."""
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001  the program's own code
        text = f"a {type(value).__name__}"
    return text if len(text) <= _SHOWN_MAX else f"{text[:_SHOWN_MAX]}…"


def check_known(place: str, given: Iterable[str], known: Collection[str]) -> None:
    """Raises UnknownOptionError for an option that there is not, with the nearest that there is."""
    for name in given:
        if name not in known:
            meant = did_you_mean(name, known)
            raise UnknownOptionError(place, f"has no option {name!r}{meant} allowed: {', '.join(known)}")


def number(place: str, name: str, given: Any, *, highest: float = math.inf, unit: str = "a number") -> float:
    """A number from 0 to the highest; raises DeclarationError. Texts and truth values are none."""
    found = math.nan
    if isinstance(given, Real | Decimal) and not isinstance(given, bool):
        try:
            found = float(given)
        except (OverflowError, ValueError):  # too large for a float, a signalling NaN
            found = math.nan
    if not 0.0 <= found <= highest:
        to = f"0 to {highest:g}" if highest < math.inf else "0"
        raise DeclarationError(place, f"{name} was {shown(given)}, allowed: {unit} from {to}")
    return found


def check_switch(place: str, name: str, given: Any) -> None:
    """Raises DeclarationError for anything but True and False."""
    if not isinstance(given, bool):
        raise DeclarationError(place, f"{name} was {shown(given)}, allowed: True or False")


def check_function(place: str, name: str, given: Any, *takes: str) -> None:
    """Raises DeclarationError for what cannot be called with these arguments, or does not answer at once."""
    allowed = f"a function of ({', '.join(takes)})"
    check_answers(place, name, given, allowed)
    try:
        signature = inspect.signature(given)
    except (TypeError, ValueError):
        return  # a builtin that does not show its signature
    try:
        signature.bind(*takes)
    except TypeError:
        raise DeclarationError(place, f"{name} takes {signature}, needed: {allowed}") from None


def check_answers(place: str, name: str, given: Any, allowed: str = "a function") -> None:
    """Raises DeclarationError for what cannot be called, or has to be awaited for an answer."""
    if not callable(given):
        raise DeclarationError(place, f"{name} was {shown(given)}, allowed: {allowed}")
    if is_async(given):
        problem = f"{name} is a coroutine function, allowed: {allowed} that answers at once"
        raise DeclarationError(place, f"{problem}; write def in place of async def")


def check_gives_one_value(place: str, name: str, given: Any) -> None:
    """Raises DeclarationError for a generator function, whose answer says nothing yet."""
    if is_stream(given):
        raise DeclarationError(
            place, f"{name} is a generator function, allowed: one that returns its answer; write return"
        )
