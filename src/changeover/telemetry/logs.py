"""The log of the toolkit: sentences for people with fields for machines, which hold no known secret.

Lines go through structlog to the standard loggers `changeover.*`, so that the program's own configuration of
`logging` decides where they end. The fields are attributes of the LogRecord (`record.seam`).
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, MutableMapping
from typing import Any

from changeover.record.context import SESSION, restore
from changeover.replay.random_numbers import random_apart
from changeover.values.interruption import stop_if_interrupted

_AS_IT_IS = (bool, int, float, type(None))
_FRAMES_STRUCTLOG, _FRAMES_PLAIN = 5, 4  # between the one who logs and the standard logger


class Log:
    """One logger. It raises nothing but an interrupt, whatever a line holds and whatever handlers do with it.

    structlog is imported with the first line whose level is enabled; where it is missing, or can no
    longer be imported because the program ends, the standard logger alone takes the line.
    """

    def __init__(self, name: str) -> None:
        self._standard = logging.getLogger(f"changeover.{name}")
        self._write: Callable[..., object] | None = None

    def info(self, text: str, *args: object, **fields: object) -> None:
        """Log at level INFO."""
        self._log(logging.INFO, text, args, fields)

    def warning(self, text: str, *args: object, **fields: object) -> None:
        """Log at level WARNING."""
        self._log(logging.WARNING, text, args, fields)

    def error(self, text: str, *args: object, **fields: object) -> None:
        """Log at level ERROR."""
        self._log(logging.ERROR, text, args, fields)

    def _log(self, level: int, text: str, args: tuple[object, ...], fields: dict[str, object]) -> None:
        try:
            if self._standard.isEnabledFor(level):
                session, token = SESSION.get(), None
                try:
                    token = SESSION.set(None)  # what a handler does with this line is no deed of a path
                    if self._write is None:
                        self._write = _through_structlog(self._standard) or _plainly(self._standard)
                    self._write(level, text, *args, **fields)
                finally:
                    # Nothing stays in the context of the program: work in a copy of it is that of its run.
                    SESSION.set(session) if token is None else restore(SESSION, token)
        except BaseException as error:  # noqa: BLE001  promise 1: a log breaks no answer
            stop_if_interrupted(error)


def logger(name: str) -> Log:
    """The log `changeover.NAME`."""
    return Log(name)


def redacted(text: str) -> str:
    """A text as it may be logged and kept: without the secrets of the environment and of runs seen lately."""
    from changeover.redaction.environment import secrets_of_environment
    from changeover.redaction.secrets import masked, remembered
    from changeover.values.safe_text import visible

    known = secrets_of_environment(os.environ) | remembered()
    return visible(masked(text, known, lambda _: "[redacted]"))


def _through_structlog(standard: logging.Logger) -> Callable[..., object] | None:
    try:
        with random_apart():
            import structlog
    except Exception:  # noqa: BLE001  a package that is missing or broken costs no line
        return None

    class Unheard(structlog.stdlib.BoundLogger):
        """The toolkit's own lines are no lines of a path: what hears those does not stand in between."""

        def _proxy_to_logger(
            self, method_name: str, event: str | None = None, *event_args: str, **event_kw: Any
        ) -> Any:
            if event_args:
                event_kw["positional_args"] = event_args
            positional, named = self._process_event(method_name, event, event_kw)
            return getattr(self._logger, method_name)(*positional, **named)

    bound: structlog.stdlib.BoundLogger = structlog.wrap_logger(
        standard,
        processors=[_readable, structlog.stdlib.render_to_log_kwargs],
        wrapper_class=Unheard,
        context_class=dict,
        stacklevel=_FRAMES_STRUCTLOG,
    ).bind()
    return bound.log


def _plainly(standard: logging.Logger) -> Callable[..., object]:
    def write(level: int, text: str, *args: object, **fields: object) -> None:
        line = _readable(standard, "", {"event": text, "positional_args": args, **fields})
        standard.log(level, line.pop("event"), extra=line, stacklevel=_FRAMES_PLAIN)

    return write


def _readable(_: object, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A processor of structlog: the sentence on one line, and neither it nor a field with a secret."""
    args = line.pop("positional_args", ())
    made: dict[str, Any] = {
        key: value if isinstance(value, _AS_IT_IS) else _shown(str, value) for key, value in line.items()
    }
    made["event"] = _shown(lambda text: text % args if args else text, line["event"])
    return made


def _shown(write: Callable[[Any], str], value: object) -> str:
    try:
        return redacted(write(value))
    except Exception as error:  # noqa: BLE001  values of the program may raise anything
        return f"a line that cannot be shown ({type(error).__name__})"
