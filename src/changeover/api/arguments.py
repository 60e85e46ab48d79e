"""Arguments that the command line checks by itself, checked for those who call from Python."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from changeover.errors import ConfigurationError
from changeover.values.stage import Setting, Stage, parse_setting

Told = Callable[[str], None]


def ignore(text: str) -> None:
    """Hear nothing."""


def names_of(given: str | Iterable[str]) -> tuple[str, ...]:
    """One name, or several."""
    return (given,) if isinstance(given, str) else tuple(given)


def check_choice(name: str, value: object, allowed: Iterable[object]) -> None:
    """Raises ConfigurationError for a value that is none of these."""
    words = [str(one) for one in allowed]
    if str(value) not in words:
        raise ConfigurationError(name, f"was {value!r}, allowed: {', '.join(words)}")


def check_positive(name: str, value: int | None) -> None:
    """Raises ConfigurationError for a number below 1; None is none."""
    if value is not None and value < 1:
        raise ConfigurationError(name, f"was {value}, allowed: 1 or more")


def setting_of(name: str, word: str, allowed: tuple[Stage, ...]) -> Setting:
    """A stage as it is written; raises ConfigurationError for one that is none of these."""
    try:
        return parse_setting(word, allowed)
    except ValueError as error:
        raise ConfigurationError(name, str(error)) from None
