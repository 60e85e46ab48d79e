"""How commands speak: JSON and screens on standard output, talk on standard error."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from functools import wraps
from io import StringIO
from typing import TYPE_CHECKING, Any, TextIO, TypeVar
from weakref import WeakSet

import click

from changeover.cli.options import format_option
from changeover.cli.session import session
from changeover.cli.written_out import standard_error, standard_output, write_out
from changeover.values.safe_text import json_text, visible, visible_lines

if TYPE_CHECKING:
    from changeover.views.layout import Screen

SCHEMA_VERSION = 1
T = TypeVar("T")


def offer_json(command: click.Command) -> None:
    """Let a command that has no JSON of its own say in JSON how it ended, and what it would have printed."""
    if any("--format" in one.opts for one in command.params) or command.callback is None:
        return
    format_option(command)  # click keeps the options of a command in the order in which they are shown
    plain = command.callback

    @wraps(plain)
    def ending(*args: Any, format_: str, **kwargs: Any) -> Any:
        if format_ != "json":
            return plain(*args, **kwargs)
        code, written = 0, StringIO()
        _own.append(written)
        try:
            answer = plain(*args, **kwargs)
        except click.exceptions.Exit as end:
            answer, code = None, end.exit_code
        finally:
            _own.pop()
        words = click.get_current_context().command_path.split()[1:]
        show_json(
            "done", {"command": " ".join(words), "exit_code": code, "lines": written.getvalue().splitlines()}
        )
        if code:
            raise click.exceptions.Exit(code)
        return answer

    command.callback = ending


_own: list[TextIO] = []
_alone: WeakSet[Callable[..., Any]] = WeakSet()
_STDOUT, _STDERR = 1, 2


def result_stream() -> TextIO:
    """Where the result of the command goes: standard output, of which the program has nothing meanwhile."""
    return _own[-1] if _own else standard_output()


def with_own_output(command: Callable[..., Any] | None) -> Callable[..., Any] | None:
    """The command, with standard output for its result alone: what the program prints goes to the error."""
    if command is None or command in _alone:
        return command

    @wraps(command)
    def alone(*args: Any, **kwargs: Any) -> Any:
        with _own_output(), _saying_more():
            return command(*args, **kwargs)

    _alone.add(alone)
    return alone


def _saying_more() -> AbstractContextManager[None]:
    if not session().verbose:
        return nullcontext()
    from changeover.cli.verbose import saying_more

    return saying_more()


@contextmanager
def _own_output() -> Iterator[None]:
    before = standard_output()
    descriptor = _own_descriptor(before)
    own = before if descriptor is None else os.fdopen(descriptor, "w", encoding=before.encoding)
    _own.append(own)
    sys.stdout = sys.stderr
    try:
        yield
    finally:
        _own.pop()
        if sys.stdout is sys.stderr:
            sys.stdout = before
        if descriptor is not None:
            with suppress(OSError, ValueError):
                own.flush()
            with suppress(OSError, ValueError):
                before.flush()  # what the program wrote past `sys.stdout` is not part of the result
            with suppress(OSError):
                os.dup2(descriptor, _STDOUT)
            with suppress(OSError, ValueError):
                own.close()


def _own_descriptor(stream: TextIO) -> int | None:
    """A descriptor of the real standard output, which from now on is the standard error; None without one."""
    try:
        if stream.fileno() != _STDOUT:
            return None
        stream.flush()
        descriptor = os.dup(_STDOUT)
        os.dup2(_STDERR, _STDOUT)
    except (AttributeError, OSError, ValueError):  # a stream in memory, or none at all
        return None
    return descriptor


def leave_output_to_the_command() -> None:
    """The command has said what it has to say: what the program prints at its end goes to the error."""
    with suppress(OSError, ValueError, AttributeError):  # a stream in memory, or none at all
        if sys.stdout.fileno() == _STDOUT:
            _flush_or_forget(sys.stdout)
            sys.stdout = sys.stderr
            os.dup2(_STDERR, _STDOUT)


def _flush_or_forget(stream: TextIO) -> None:
    """Where nothing can be written, that was said: at the end of the process Python would try again."""
    try:
        stream.flush()
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, _STDOUT)
        os.close(nowhere)
        stream.flush()


def show(text: str) -> None:
    """Text that ends with its own line end, on standard output; on a terminal it may have colour."""
    stream = result_stream()
    write_out(stream, visible_lines(text, coloured=has_colour(stream)))


def has_colour(stream: TextIO) -> bool:
    """Whether colour may be written there: as `--color` says, and unless given on a terminal."""
    chosen = session().colour
    return stream.isatty() if chosen == "auto" else chosen == "always"


def result_screen() -> Screen:
    """The screen that the result is written on."""
    from dataclasses import replace

    from changeover.views.layout import screen_for

    screen = screen_for(result_stream())
    return screen if session().colour == "auto" else replace(screen, coloured=session().colour == "always")


def show_result(
    format_: str,
    name: str,
    result: T,
    data: Callable[[T], Mapping[str, Any]],
    screen: Callable[[T, Screen], str],
) -> None:
    """A result in the format that was asked for; `name` is that of the schema of its JSON."""
    if format_ == "json":
        show_json(name, data(result))
    else:
        show(screen(result, result_screen()))


def show_json(name: str, content: Mapping[str, Any]) -> None:
    """The output that has a schema of that name (`changeover schema`), as its model has it.

    One that does not fit is shown all the same, as it is: whoever asked waits for it. That it does not fit is
    said on standard error, and fails every test of this project.
    """
    from changeover.models.catalogue import fitted

    document, problems = fitted(name, {"schema_version": SCHEMA_VERSION, **content})
    show(json_text(document) + "\n")
    session().has_result = True
    if problems:
        _print(f"! not as `changeover schema {name}` has it: {'; '.join(problems)}")


def quiet() -> None:
    """What is wrong with the flags is on the screen already; nobody has to log it as well, but for `-v`."""
    import logging

    if not session().verbose:
        logging.getLogger("changeover").addHandler(logging.NullHandler())


def say(text: str) -> None:
    """Talk, on standard error; nothing where only errors and warnings are wanted."""
    if not session().quiet:
        _print(text)


def is_quiet() -> bool:
    """Whether of what is not the result only errors and warnings are wanted."""
    return session().quiet


def _print(text: str) -> None:
    print(visible_lines(text), file=standard_error(), flush=True)


def warn(text: str) -> None:
    """Something that must not be overlooked, on standard error."""
    _print(f"! {visible(text)}")


def say_dry_run(dry_run: bool) -> None:
    """Say at the end of a dry run that it was one."""
    if dry_run:
        say("dry run: nothing was changed; without --dry-run exactly this is done")
