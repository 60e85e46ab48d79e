"""The options that every command takes, before its words or behind them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from changeover.cli.session import session
from changeover.errors import ConfigurationError, describe_os_error

COLOURS = ("auto", "always", "never")


class CommonOption(click.Option):
    """One of them: what it says is kept in the session, and the command never sees it."""


def _set_quiet(_context: click.Context, _option: click.Parameter, value: bool) -> None:
    if value:
        session().quiet = True
        _check_one_voice()


def _set_verbose(context: click.Context, _option: click.Parameter, value: bool) -> None:
    if value and not context.resilient_parsing:
        session().verbose = True
        _check_one_voice()


def _check_one_voice() -> None:
    if session().quiet and session().verbose:
        raise click.BadOptionUsage("-q", "was given together with -v, allowed: one of them")


def _set_traceback(_context: click.Context, _option: click.Parameter, value: bool) -> None:
    session().traceback |= value


def _set_colour(_context: click.Context, _option: click.Parameter, value: str | None) -> None:
    if value is not None:
        session().colour = value


def _change_folder(context: click.Context, _option: click.Parameter, value: str | None) -> None:
    if value is None:
        return
    try:
        os.chdir(Path(value).expanduser())
    except OSError as error:
        if context.resilient_parsing:  # a line that is being typed
            return
        wrong = ConfigurationError("-C", f"{value!r} is no folder to work in: {describe_os_error(error)}")
        wrong.do = "name a folder that is there; a relative one is looked for from the working folder"
        raise wrong from None


def common_options() -> list[CommonOption]:
    """New ones, for one command; `-C` is read first, as other options name files."""
    shared: dict[str, Any] = {"expose_value": False}
    return [
        CommonOption(
            ["-C", "folder_"],
            metavar="DIR",
            is_eager=True,
            callback=_change_folder,
            help="work in this folder, as if started there",
            **shared,
        ),
        CommonOption(
            ["-q", "quiet_"],
            is_flag=True,
            callback=_set_quiet,
            help="besides the result say only what is wrong",
            **shared,
        ),
        CommonOption(
            ["-v", "verbose_"],
            is_flag=True,
            is_eager=True,
            callback=_set_verbose,
            help="say more: where it looks, the log, how long it took",
            **shared,
        ),
        CommonOption(
            ["--color", "colour_"],
            type=click.Choice(COLOURS),
            callback=_set_colour,
            help="of the result; auto: on a terminal, unless NO_COLOR is set",
            **shared,
        ),
        CommonOption(
            ["--traceback", "traceback_"],
            is_flag=True,
            is_eager=True,
            callback=_set_traceback,
            help="show where a failure of the program, or of changeover, comes from",
            **shared,
        ),
    ]


def leaves_of(command: click.Command) -> Iterator[click.Command]:
    """The command, or those of the group that it is."""
    if isinstance(command, click.Group):
        for one in command.commands.values():
            yield from leaves_of(one)
    else:
        yield command


def take_common_options(command: click.Command) -> None:
    """Let a command take them, and whatever is below it."""
    if not any(isinstance(one, CommonOption) for one in command.params):
        command.params += common_options()
    if isinstance(command, click.Group):
        command.no_args_is_help = False  # a command that is missing is a mistake like any other
        for one in command.commands.values():
            take_common_options(one)
