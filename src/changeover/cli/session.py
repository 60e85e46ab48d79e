"""What one call of the command line was asked to do besides its command: how much it says, and how."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Session:
    """The options that every command takes.

    Attributes:
        quiet: Of what is not the result, only errors and warnings are said.
        verbose: The log is said too, where the command looks, and how long it took.
        traceback: A failure of the program, or of changeover, is shown with its traceback.
        colour: `auto`, `always` or `never`.
        json: Whether the result, or else the error, is one JSON object.
        has_result: Whether a JSON object is on standard output already.
    """

    quiet: bool = False
    verbose: bool = False
    traceback: bool = False
    colour: str = "auto"
    json: bool = False
    has_result: bool = False


_sessions = [Session()]


def session() -> Session:
    """That of the command that runs."""
    return _sessions[-1]


def begin_session(*, json: bool, traceback: bool) -> Session:
    """A new one, in place of what an earlier command of this process was asked."""
    _sessions[:] = [Session(json=json, traceback=traceback)]
    return session()
