"""The result is written wherever standard output leads: to what is not UTF-8, to a full disk, to nowhere."""

from __future__ import annotations

import codecs
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import StringIO, TextIOWrapper
from typing import TextIO

from changeover.errors import ConfigurationError, describe_os_error

ESCAPES = "changeover-escapes"
"""What a stream cannot write stands there as JSON has it: `\\u00b7`."""


def standard_output() -> TextIO:
    """That of the process; one that nobody reads where it has been closed."""
    return sys.stdout if sys.stdout is not None else StringIO()


_STDERR = 2
_own_error: list[TextIO] = []


def standard_error() -> TextIO:
    """Where the command talks: also after the program has closed standard error, or put another one there."""
    if _own_error:
        return _own_error[-1]
    return sys.stderr if sys.stderr is not None else StringIO()


@contextmanager
def own_standard_error() -> Iterator[None]:
    """Until the block ends, the command has a standard error that no program can close."""
    try:
        if sys.stderr.fileno() != _STDERR:
            raise OSError
        sys.stderr.flush()
        own = os.fdopen(
            os.dup(_STDERR), "w", buffering=1, encoding=sys.stderr.encoding, errors="backslashreplace"
        )
    except (AttributeError, OSError, ValueError):  # a stream in memory, or none at all
        yield
        return
    _own_error.append(own)
    try:
        yield
    finally:
        _own_error.remove(own)
        with suppress(OSError, ValueError):
            own.close()


def write_out(stream: TextIO, text: str) -> None:
    """Write the result; raises ConfigurationError where there is no room for it, BrokenPipeError as it is."""
    if isinstance(stream, TextIOWrapper) and stream.errors != ESCAPES:
        with suppress(OSError, ValueError):
            stream.reconfigure(errors=ESCAPES)
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise ConfigurationError(
            "standard output", f"cannot be written: {describe_os_error(error)}"
        ) from None


def _escaped(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    units = text.encode("utf-16-be", "surrogatepass")
    pairs = zip(units[::2], units[1::2], strict=True)
    return "".join(f"\\u{high:02x}{low:02x}" for high, low in pairs), error.end


codecs.register_error(ESCAPES, _escaped)
