"""What a replayed path logs, and what it has set for that: it is kept, and goes no further."""

from __future__ import annotations

import logging
import sys
import warnings
from contextlib import suppress
from typing import Any
from weakref import WeakSet

from changeover.record.heard_records import know
from changeover.record.structlog_lines import HEARD
from changeover.values.log_line import PRINTED, PathLog

CLOSED = "I/O operation on closed file."
DETACHED = "underlying buffer has been detached"
_known_to_be_closed: WeakSet[Any] = WeakSet()


class OwnLog(PathLog):
    """That of a replayed path, with the handlers that it gave to loggers: they alone get its records."""

    __slots__ = ("_handlers", "_made", "_shows", "_streams", "ended", "levels")

    def __init__(self) -> None:
        super().__init__()
        self._handlers: dict[str, list[logging.Handler]] = {}
        self._made: WeakSet[logging.Handler] = WeakSet()
        self.levels: dict[str, int] = {}
        self._streams = _streams()
        self.ended = _closed_before()
        self._shows = _shows()

    def add(self, level: str, source: str, text: str) -> None:
        """Take one more, unless it was kept on its way."""
        if not HEARD.get():
            super().add(level, source, text)

    def take(self, logger: logging.Logger, record: logging.LogRecord) -> None:
        """Keep a record, and give it to the path's own handlers."""
        self.add(record.levelname, record.name, text_of(record))
        know(record)
        current: logging.Logger | None = logger
        while current is not None and (self._handlers or self._made):
            for handler in self._of(current):
                if record.levelno >= handler.level:
                    handler.handle(record)
            current = current.parent if current.propagate else None

    def _of(self, logger: logging.Logger) -> list[logging.Handler]:
        """The path's own handlers of a logger: given to it, or made by the path and put there."""
        own = self._handlers.get(logger.name, [])
        return [*own, *(one for one in logger.handlers if one in self._made and one not in own)]

    def has_handler(self, handler: logging.Handler) -> bool:
        """Whether it is one of the path's own: made by it, or given to a logger by it."""
        return handler in self._made or any(handler in own for own in self._handlers.values())

    def made(self, handler: logging.Handler) -> None:
        """The path makes a handler."""
        self._made.add(handler)

    def set_level(self, logger: logging.Logger, level: int | str) -> None:
        """As `Logger.setLevel`, for this replay alone."""
        self.levels[logger.name] = logging._checkLevel(level)  # type: ignore[attr-defined]

    def level_of(self, logger: logging.Logger) -> int:
        """As `Logger.getEffectiveLevel`."""
        current: logging.Logger | None = logger
        while current is not None:
            level = self.levels.get(current.name, current.level)
            if level:
                return level
            current = current.parent
        return logging.NOTSET

    def add_handler(self, logger: logging.Logger, handler: logging.Handler) -> None:
        """As `Logger.addHandler`, for this replay alone."""
        own = self._handlers.setdefault(logger.name, [])
        if handler not in own and handler not in logger.handlers:
            own.append(handler)

    def remove_handler(self, logger: logging.Logger, handler: logging.Handler) -> None:
        """As `Logger.removeHandler`; one of the program's gets no record of this replay anyway."""
        own = self._handlers.get(logger.name, [])
        if handler in own:
            own.remove(handler)

    def takes_print(self, target: Any) -> str | None:
        """Which stream of the program that is, None where the path has put one of its own there."""
        target = behind_all(target)
        return next((name for name, stream in self._streams if stream is target), None)

    @property
    def shows_warnings_itself(self) -> bool:
        """Whether the path catches them (`warnings.catch_warnings`)."""
        return _shows() != self._shows


def _streams() -> tuple[tuple[str, Any], ...]:
    return (
        *(("stdout", behind_all(stream)) for stream in (sys.stdout, sys.__stdout__)),
        *(("stderr", behind_all(stream)) for stream in (sys.stderr, sys.__stderr__)),
    )


def behind_all(stream: Any) -> Any:
    """The stream of the program, without what stands in its place."""
    while hasattr(type(stream), "ended"):
        stream = stream.behind
    return stream


def _closed_before() -> dict[tuple[str, int], str]:
    """The streams that were closed when the run began, by name and identity.

    Of one that is seen to be closed for the first time that is not so: the answering path has just closed it.
    """
    found: dict[tuple[str, int], str] = {}
    newly: list[Any] = []
    for name in PRINTED:
        for stream in (getattr(sys, name), getattr(sys, f"__{name}__")):
            with suppress(Exception):  # one of the program's own, or none
                if stream.closed:
                    if stream in _known_to_be_closed:
                        found[name, id(behind_all(stream))] = CLOSED
                    else:
                        newly.append(stream)
    _known_to_be_closed.update(newly)
    return found


def _shows() -> tuple[Any, Any]:
    found = vars(warnings)
    return found["showwarning"], found["_showwarnmsg_impl"]


def text_of(record: logging.LogRecord) -> str:
    """The message, with the exception that it is about."""
    try:
        text = record.getMessage()
    except Exception as error:  # noqa: BLE001  of values of the program, as in a handler
        text = f"{record.msg!s:.100} ({type(error).__name__})"
    if record.exc_info and isinstance(record.exc_info[1], BaseException):
        text += f" ({type(record.exc_info[1]).__name__}: {record.exc_info[1]!s:.200})"
    return text
