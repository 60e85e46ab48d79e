"""Arguments that the command line checks by itself, checked for those who call from Python."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from changeover.errors import ConfigurationError
from changeover.values.stage import Setting, Stage, allowed_words, parse_setting

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
        raise ConfigurationError.unknown(name, f"was {value!r}", str(value), words)


def check_positive(name: str, value: int | None) -> None:
    """Raises ConfigurationError for a number below 1; None is none."""
    if value is not None and value < 1:
        raise ConfigurationError(name, f"was {value}, allowed: 1 or more")


def setting_of(name: str, word: str, allowed: tuple[Stage, ...]) -> Setting:
    """A stage as it is written; raises ConfigurationError for one that is none of these."""
    try:
        return parse_setting(word, allowed)
    except ValueError as error:
        wrong = ConfigurationError(name, str(error))
        wrong.allowed = allowed_words(allowed)
        raise wrong from None


LOOPBACK = "127.0.0.1"


def address_of(text: str, option: str = "--metrics", *, least: int = 1) -> tuple[str, int]:
    """Host and port of `HOST:PORT`, `[HOST]:PORT`, `:PORT` or `PORT`; raises ConfigurationError."""
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]") if host.startswith("[") else host
    if not (port.isascii() and port.isdigit() and least <= int(port) < 65_536) or "://" in text:
        raise ConfigurationError(option, f"was {text!r}, allowed: HOST:PORT, such as {LOOPBACK}:9464")
    return host or LOOPBACK, int(port)
