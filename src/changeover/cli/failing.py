"""How a failure is said: a sentence on standard error, one JSON object where JSON was asked for."""

from __future__ import annotations

from contextlib import suppress
from types import TracebackType

from changeover.cli.failure import failure_of
from changeover.cli.session import session
from changeover.cli.written_out import standard_error
from changeover.errors import ConfigurationError, ExitCode, FailureKind

_OURS = ("changeover", "importlib", "click")


def fail(error: BaseException) -> ExitCode:
    """Say it; the traceback only where it was asked for and shows code that failed."""
    failure = failure_of(error)
    if failure.source is not None and session().traceback:
        show_traceback(failure.source, whole=failure.kind is FailureKind.DEFECT)
    if session().json and not session().has_result:
        from changeover.cli.output import show_json

        with suppress(ConfigurationError):  # nothing can be written there: the sentence below says so
            show_json("error", failure.data())
    print(f"changeover: {failure.message}", file=standard_error())
    return failure.exit_code


def show_traceback(error: BaseException, *, whole: bool) -> None:
    """On standard error; one of the program without the lines that led to it, unless it is wanted whole."""
    from traceback import print_exception

    frames = error.__traceback__
    print_exception(type(error), error, frames if whole else _from_the_program_on(frames), chain=whole)


def _from_the_program_on(frames: TracebackType | None) -> TracebackType | None:
    """Without the frames of changeover that led to the program; all of them where no other is there."""
    at = frames
    while at is not None:
        module = str(at.tb_frame.f_globals.get("__name__", "")).partition(".")[0]
        if module not in _OURS:
            return at
        at = at.tb_next
    return frames
