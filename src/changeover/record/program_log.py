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
from collections.abc import Callable
from functools import wraps
from io import StringIO
from threading import Lock
from typing import Any

from changeover.record.context import SESSION, at_work, current_session, restore
from changeover.record.heard_records import know
from changeover.record.own_log import OwnLog, text_of
from changeover.record.program_handlers import hear_handlers
from changeover.record.program_streams import ReplayedStream, own_log
from changeover.record.structlog_lines import HEARD, hear_structlog, is_imported
from changeover.values.log_line import LOUD

LINES = "logging"
"""The pack that says of which loggers more is kept, and whose lines are effects."""
_installing = Lock()
is_heard = _hears_structlog = False


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
            hear_handlers(_heard_by_handler)
            builtins.print = _printing(builtins.print)
            setattr(warnings, "_showwarnmsg", _warning(vars(warnings)["_showwarnmsg"]))  # noqa: B010
            is_heard = True


def _hear_line(level: str, source: str, text: Callable[[], str]) -> bool:
    """Keep a line that may go past `logging`, so that nobody further on knows its level."""
    session = current_session()
    if session is None:
        return False
    own = own_log()
    if own is not None:
        own.add(level, source, text())
    elif level in LOUD:
        session.hear(level, source, text())
    return own is not None or level in LOUD


def _replace_methods() -> None:
    for cls in [logging.Logger, *_derived(logging.Logger)]:
        if "handle" in vars(cls):
            setattr(cls, "handle", _handling(vars(cls)["handle"]))  # noqa: B010
    replaced: tuple[tuple[Any, str, Callable[..., None] | None], ...] = (
        (logging.Logger, "addHandler", OwnLog.add_handler),
        (logging.Logger, "removeHandler", OwnLog.remove_handler),
        (logging.Logger, "setLevel", _set_level),
        (logging.Logger, "callHandlers", OwnLog.take),
        *((logging.Logger, name, None) for name in ("addFilter", "removeFilter")),
        *((logging, name, None) for name in ("disable", "captureWarnings", "setLoggerClass")),
    )
    for owner, name, meant in replaced:
        setattr(owner, name, _unless_replayed(getattr(owner, name), meant))


def _set_level(own: OwnLog, logger: logging.Logger, level: int | str) -> None:
    own.set_level(logger, level)
    if not _asks_for_levels:
        _ask_for_levels()


_asks_for_levels: list[bool] = []


def _ask_for_levels() -> None:
    """Let loggers ask whether a replay has set levels; most never do, and a program pays nothing for it."""
    _asks_for_levels.append(True)
    enabled, effective = logging.Logger.isEnabledFor, logging.Logger.getEffectiveLevel

    @wraps(enabled)
    def is_enabled_for(self: logging.Logger, level: int) -> bool:
        own = own_log()
        if own is None or not own.levels:
            return enabled(self, level)
        return not self.disabled and self.manager.disable < level and level >= own.level_of(self)

    @wraps(effective)
    def level_of(self: logging.Logger) -> int:
        own = own_log()
        return effective(self) if own is None or not own.levels else own.level_of(self)

    setattr(logging.Logger, "isEnabledFor", is_enabled_for)  # noqa: B010
    setattr(logging.Logger, "getEffectiveLevel", level_of)  # noqa: B010


def _derived(cls: type) -> list[type]:
    derived: list[type] = type.__subclasses__(cls)
    return [*derived, *(below for one in derived for below in _derived(one))]


def _handling(plain: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(plain)
    def handle(self: logging.Logger, record: logging.LogRecord) -> Any:
        session = current_session()
        if session is None:
            return plain(self, record)
        own = own_log()
        if own is None:
            _heard_of_answering_path(session, record, tells_of_effects=not self.disabled)
            return _outside_of_the_run(plain, self, record)
        if not self.disabled:
            _tell_of_effect(session, record)
            own.take(self, record)
        return None

    return handle


def _outside_of_the_run(plain: Callable[..., Any], *given: Any) -> Any:
    """Filters and handlers of the program do their own work: a replay asks none of them."""
    token = SESSION.set(None)
    try:
        with at_work(None, None):
            return plain(*given)
    finally:
        restore(SESSION, token)


def _heard_of_answering_path(session: Any, record: logging.LogRecord, *, tells_of_effects: bool) -> None:
    if tells_of_effects:
        _tell_of_effect(session, record)
    lines: Any = session.book.pack(LINES)
    is_kept = record.levelno >= logging.WARNING or (lines is not None and lines.keeps(record.name))
    if is_kept and not HEARD.get():
        session.hear(record.levelname, record.name, text_of(record))
    know(record)


def _tell_of_effect(session: Any, record: logging.LogRecord) -> None:
    lines: Any = session.book.pack(LINES)
    if lines is not None:
        lines.heard(record)


def _heard_by_handler(record: logging.LogRecord) -> None:
    """A path gives a record to a handler, past all loggers."""
    session = current_session()
    own = own_log()
    if own is not None:
        _tell_of_effect(session, record)
        own.add(record.levelname, record.name, text_of(record))
        know(record)
    elif session is not None:
        _heard_of_answering_path(session, record, tells_of_effects=True)


def _unless_replayed(plain: Callable[..., Any], meant: Callable[..., None] | None) -> Callable[..., Any]:
    """Configuration of the program that a replayed path leaves as it is."""

    @wraps(plain)
    def configured(*args: Any, **kwargs: Any) -> Any:
        own = own_log()
        if own is None:
            return plain(*args, **kwargs)
        return None if meant is None else meant(own, *args, **kwargs)

    return configured


def _printing(plain: Callable[..., None]) -> Callable[..., None]:
    @wraps(plain)
    def printed(*args: Any, file: Any = None, **kwargs: Any) -> None:
        own = own_log()
        target = sys.stdout if file is None else file
        is_ours = isinstance(target, ReplayedStream)
        stream = None if own is None or is_ours else own.takes_print(target)
        if own is None or (stream is None and not is_ours):
            plain(*args, file=file, **kwargs)
            return
        text = StringIO()
        plain(*args, file=text, **kwargs)
        if stream is None:
            target.write(text.getvalue())  # in one piece
        else:
            own.add(stream, "", text.getvalue().rstrip("\n"))

    return printed


def _warning(plain: Callable[[Any], None]) -> Callable[[Any], None]:
    @wraps(plain)
    def shown(message: Any) -> None:
        own = own_log()
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
