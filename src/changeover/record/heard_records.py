"""Records that were heard: a logger gives one to many handlers, and a handler may give it on later."""

from __future__ import annotations

from logging import LogRecord
from weakref import WeakSet

_known: WeakSet[LogRecord] = WeakSet()


def know(record: LogRecord) -> None:
    """It was heard, and is not heard again."""
    _known.add(record)


def is_known(record: LogRecord) -> bool:
    """Whether it was heard."""
    return record in _known
