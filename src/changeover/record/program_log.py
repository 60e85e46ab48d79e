"""The program's own logging while paths are recorded and replayed.

What a replayed path logs, prints or warns of is kept with its run and goes no further: no handler, filter or
sink of the program hears of it. Of the answering path warnings and worse are kept as well, and go on. The
functions of `logging` and `warnings`, and `print`, are replaced once by ones that ask the context first.
"""

from __future__ import annotations

import builtins
import logging
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import wraps
from io import StringIO
from threading import Lock
from typing import Any

from changeover.record.context import current_session
from changeover.record.structlog_lines import HEARD, hear_structlog, is_imported
from changeover.values.log_line import LOUD, PRINTED, PathLog

_installing = Lock()
is_heard = _hears_structlog = False


class OwnLog(PathLog):
    """That of a replayed path, with the handlers that it gave to loggers: they alone get its records."""

    __slots__ = ("_handlers", "_shows", "_streams")

    def __init__(self) -> None:
        super().__init__()
        self._handlers: dict[str, list[logging.Handler]] = {}
        self._streams = _streams()
        self._shows = _shows()

    def add(self, level: str, source: str, text: str) -> None:
        """Take one more, unless it was kept on its way."""
        if not HEARD.get():
            super().add(level, source, text)

    def take(self, logger: logging.Logger, record: logging.LogRecord) -> None:
        """Keep a record, and give it to the path's own handlers."""
        self.add(record.levelname, record.name, text_of(record))
        current: logging.Logger | None = logger
        while current is not None and self._handlers:
            for handler in self._handlers.get(current.name, ()):
                if record.levelno >= handler.level:
                    handler.handle(record)
            current = current.parent if current.propagate else None

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

    def takes_print(self, file: Any) -> str | None:
        """Which stream of the program that is, None where the path has put one of its own there."""
        target = sys.stdout if file is None else file
        target = target.behind if isinstance(target, ReplayedStream) else target
        return next((name for name, stream in self._streams if stream is target), None)

    @property
    def shows_warnings_itself(self) -> bool:
        """Whether the path catches them (`warnings.catch_warnings`)."""
        return _shows() != self._shows


class ReplayedStream:
    """Stands in the place of a stream of the program: what a replayed path writes goes to its own log."""

    def __init__(self, behind: Any, name: str) -> None:
        self.behind = behind
        self._name = name

    def __getattr__(self, name: str) -> Any:
        return getattr(self.behind, name)

    def write(self, text: str) -> int:
        """As a stream does."""
        own = _own()
        if own is None:
            written: int = self.behind.write(text)
            return written
        if text.strip("\n"):
            own.add(self._name, "", text.strip("\n"))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """As a stream does."""
        for line in lines:
            self.write(line)


@contextmanager
def replayed_streams() -> Iterator[None]:
    """Until the block ends, stdout and stderr ask who writes."""
    before = sys.stdout, sys.stderr
    try:
        for name in PRINTED:
            behind = getattr(sys, name)
            if behind is not None and not isinstance(behind, ReplayedStream):
                setattr(sys, name, ReplayedStream(behind, name))
        yield
    finally:
        sys.stdout, sys.stderr = before


def text_of(record: logging.LogRecord) -> str:
    """The message, with the exception that it is about."""
    try:
        text = record.getMessage()
    except Exception as error:  # noqa: BLE001  of values of the program, as in a handler
        text = f"{record.msg!s:.100} ({type(error).__name__})"
    if record.exc_info and isinstance(record.exc_info[1], BaseException):
        text += f" ({type(record.exc_info[1]).__name__}: {record.exc_info[1]!s:.200})"
    return text


def hear_program_log() -> None:
    """From now on records of paths are heard; asking again changes nothing."""
    global is_heard, _hears_structlog
    if not _hears_structlog and is_imported():
        with _installing:
            if not _hears_structlog:
                hear_structlog(_hear_line)
                _hears_structlog = True
    if is_heard:
        return
    with _installing:
        if not is_heard:
            _replace_methods()
            builtins.print = _printing(builtins.print)
            setattr(warnings, "_showwarnmsg", _warning(vars(warnings)["_showwarnmsg"]))  # noqa: B010
            is_heard = True


def _hear_line(level: str, source: str, text: Callable[[], str]) -> bool:
    """Keep a line that may go past `logging`, so that nobody further on knows its level."""
    session = current_session()
    if session is None:
        return False
    own = _own()
    if own is not None:
        own.add(level, source, text())
    elif level in LOUD:
        session.hear(level, source, text())
    return own is not None or level in LOUD


def _own() -> OwnLog | None:
    """That of the replay that is under way here, None outside of any."""
    session = current_session()
    if session is None or not session.replaying:
        return None
    replaying: Any = getattr(session, "replay", session)
    log: OwnLog = replaying.log
    return log


def _replace_methods() -> None:
    for cls in [logging.Logger, *_derived(logging.Logger)]:
        if "handle" in vars(cls):
            setattr(cls, "handle", _handling(vars(cls)["handle"]))  # noqa: B010
    for owner, name, meant in (
        (logging.Logger, "addHandler", OwnLog.add_handler),
        (logging.Logger, "removeHandler", OwnLog.remove_handler),
        *((logging.Logger, name, None) for name in ("setLevel", "addFilter", "removeFilter")),
        *((logging, name, None) for name in ("disable", "captureWarnings", "setLoggerClass")),
    ):
        setattr(owner, name, _unless_replayed(getattr(owner, name), meant))


def _derived(cls: type) -> list[type]:
    derived: list[type] = type.__subclasses__(cls)
    return [*derived, *(below for one in derived for below in _derived(one))]


def _handling(plain: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(plain)
    def handle(self: logging.Logger, record: logging.LogRecord) -> Any:
        session = current_session()
        if session is None:
            return plain(self, record)
        own = _own()
        if own is None:
            if record.levelno >= logging.WARNING and not HEARD.get():
                session.hear(record.levelname, record.name, text_of(record))
            return plain(self, record)
        if not self.disabled:
            own.take(self, record)
        return None

    return handle


def _unless_replayed(plain: Callable[..., Any], meant: Callable[..., None] | None) -> Callable[..., Any]:
    """Configuration of the program that a replayed path leaves as it is."""

    @wraps(plain)
    def configured(*args: Any, **kwargs: Any) -> Any:
        own = _own()
        if own is None:
            return plain(*args, **kwargs)
        return None if meant is None else meant(own, *args, **kwargs)

    return configured


def _printing(plain: Callable[..., None]) -> Callable[..., None]:
    @wraps(plain)
    def printed(*args: Any, file: Any = None, **kwargs: Any) -> None:
        own = _own()
        stream = None if own is None else own.takes_print(file)
        if own is None or stream is None:
            plain(*args, file=file, **kwargs)
            return
        text = StringIO()
        plain(*args, file=text, **kwargs)
        own.add(stream, "", text.getvalue().rstrip("\n"))

    return printed


def _warning(plain: Callable[[Any], None]) -> Callable[[Any], None]:
    @wraps(plain)
    def shown(message: Any) -> None:
        own = _own()
        if own is None:
            session = current_session()
            if session is not None:
                session.hear("WARNING", message.category.__name__, str(message.message))
            plain(message)
        elif own.shows_warnings_itself:
            plain(message)
        else:
            own.add("WARNING", message.category.__name__, str(message.message))
            _forget_shown(message)

    return shown


def _forget_shown(message: Any) -> None:
    """Let the program hear of it when it meets it: what was shown once is not shown there again."""
    text = str(message.message)
    vars(warnings)["onceregistry"].pop((text, message.category), None)
    frame = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_filename == message.filename:
            registry = frame.f_globals.get("__warningregistry__", {})
            for line in (message.lineno, 0):
                registry.pop((text, message.category, line), None)
        frame = frame.f_back  # type: ignore[assignment]


def _streams() -> tuple[tuple[str, Any], ...]:
    return (
        *(("stdout", getattr(stream, "behind", stream)) for stream in (sys.stdout, sys.__stdout__)),
        *(("stderr", getattr(stream, "behind", stream)) for stream in (sys.stderr, sys.__stderr__)),
    )


def _shows() -> tuple[Any, Any]:
    found = vars(warnings)
    return found["showwarning"], found["_showwarnmsg_impl"]
