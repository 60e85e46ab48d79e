"""What paths log through structlog, which may go past `logging`: to a stream, say."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from functools import wraps
from types import FunctionType
from typing import Any

Hear = Callable[[str, str, Callable[[], str]], bool]
"""Level, logger and what gives the text; whether the line was kept."""

HEARD: ContextVar[bool] = ContextVar("changeover_heard", default=False)
"""Whether the line that is on its way to a logger or a stream was kept already."""
_LEVELS = {
    "warn": "WARNING",
    "err": "ERROR",
    "exception": "ERROR",
    "fatal": "CRITICAL",
    "failure": "CRITICAL",
    "msg": "INFO",
    "log": "INFO",
}


def is_imported() -> bool:
    """Whether the program uses it."""
    return "structlog" in sys.modules


def hear_structlog(hear: Hear) -> None:
    """From now on every line is told to `hear`, and then goes on as the program says."""
    base = getattr(sys.modules["structlog"], "BoundLoggerBase", None)
    if base is not None:
        base._proxy_to_logger = _hearing(base._proxy_to_logger, hear)


def _hearing(plain: Callable[..., Any], hear: Hear) -> Callable[..., Any]:
    def proxied(self: Any, method_name: str, event: Any = None, **fields: Any) -> Any:
        level = _LEVELS.get(method_name, method_name.upper())
        name = getattr(getattr(self, "_logger", None), "name", "")
        if not hear(level, name if type(name) is str else "", lambda: line_text(event, fields)):
            return plain(self, method_name, event, **fields)
        token = HEARD.set(True)
        try:
            return plain(self, method_name, event, **fields)
        finally:
            HEARD.reset(token)

    # structlog looks for the first frame outside of modules of its name: that has to be the program's.
    hidden = FunctionType(
        proxied.__code__,
        {**globals(), "__name__": "structlog"},
        proxied.__name__,
        proxied.__defaults__,
        proxied.__closure__,
    )
    return wraps(plain)(hidden)


def line_text(event: Any, fields: Mapping[str, Any]) -> str:
    """The event with its fields, and the exception that it is about."""
    try:
        error = fields.get("exc_info")
        error = sys.exc_info()[1] if error is True else error
        text = " ".join(
            [str(event), *(f"{name}={value}" for name, value in fields.items() if name != "exc_info")]
        )
        return (
            f"{text} ({type(error).__name__}: {error!s:.200})" if isinstance(error, BaseException) else text
        )
    except Exception as failed:  # noqa: BLE001  of values of the program, as in a processor
        return f"{event!s:.100} ({type(failed).__name__})" if type(event) is str else type(failed).__name__
