"""The program's handlers of logging, as paths use them past all loggers.

A replayed path reaches only handlers of its own: what it gives to another one is kept with its run, and such
a handler is neither flushed, closed nor configured by it.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from functools import wraps
from threading import Lock
from typing import Any

from changeover.record.context import current_session
from changeover.record.heard_records import is_known
from changeover.record.program_streams import own_log

Hear = Callable[[logging.LogRecord], None]
_TAKING = ("handle", "emit")
_ACTING = ("flush", "close", "setLevel", "setFormatter", "addFilter", "removeFilter", "doRollover")
_replacing = Lock()
_replaced: set[type] = set()


def hear_handlers(hear: Hear) -> None:
    """From now on `hear` is told of records that a path gives to a handler, and no logger has had."""
    for cls in _derived(logging.Handler):
        _replace(cls, hear)
    plain = logging.Handler.__init__

    @wraps(plain)
    def init(self: logging.Handler, *args: Any, **kwargs: Any) -> None:
        plain(self, *args, **kwargs)
        for cls in type(self).__mro__:
            if cls not in _replaced and issubclass(cls, logging.Handler):
                _replace(cls, hear)
        own = own_log()
        if own is not None:
            own.made(self)

    setattr(logging.Handler, "__init__", init)  # noqa: B010


def _derived(cls: type) -> list[type]:
    below: list[type] = type.__subclasses__(cls)
    return [cls, *(one for derived in below for one in _derived(derived))]


def _replace(cls: type, hear: Hear) -> None:
    with _replacing:
        if cls in _replaced:
            return
        _replaced.add(cls)
        for name in (*_TAKING, *_ACTING):
            plain = getattr(cls, name, None) if cls is logging.Handler else vars(cls).get(name)
            if callable(plain):
                made = _taking(plain, hear) if name in _TAKING else _acting(plain)
                setattr(cls, name, made)


def _taking(plain: Callable[..., Any], hear: Hear) -> Callable[..., Any]:
    @wraps(plain)
    def taken(self: logging.Handler, record: logging.LogRecord, *args: Any, **kwargs: Any) -> Any:
        if current_session() is None:
            return plain(self, record, *args, **kwargs)
        if not is_known(record):
            hear(record)
        own = own_log()
        if own is None or own.has_handler(self):
            return plain(self, record, *args, **kwargs)
        if plain.__name__ == "emit":
            return None
        return record if sys.version_info >= (3, 12) else True

    return taken


def _acting(plain: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(plain)
    def acted(self: logging.Handler, *args: Any, **kwargs: Any) -> Any:
        own = own_log()
        return plain(self, *args, **kwargs) if own is None or own.has_handler(self) else None

    return acted
