"""Options and types that commands share, and how a user's mistake is answered."""

import errno
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import click

from trading import app
from trading.broker.port import BrokerError
from trading.composition import DEFAULT_PATH, TradingPath
from trading.database import DatabaseUnusable, SqlError
from trading.desk import UsageError
from trading.events.journal.port import AlreadySettled, DamagedWorkflow, JournalBusy, SettlementRefused
from trading.events.schema.versions import EventRefused
from trading.events.transport.port import TransportLost, TransportUnusable
from trading.market.price_file import PriceFileError
from trading.run_guard import RunRefused
from trading.settings import SettingsError

P = ParamSpec("P")
R = TypeVar("R")

AS_ORDERED = "what was ordered until then stands, and `python -m trading status` shows it"
DEFAULT_ACCOUNT = Path(".trading/paper.db")
USERS_MISTAKES = (
    *(UsageError, SettingsError, PriceFileError, TransportUnusable),
    *(DatabaseUnusable, RunRefused, JournalBusy),
)

# What the machine, or damage to a file, may do to any command; orders are as the account's file has them.
ENDED_EARLY = (
    SqlError,
    BrokerError,
    DamagedWorkflow,
    AlreadySettled,
    SettlementRefused,
    EventRefused,
    TransportLost,
)


class Day(click.ParamType[date]):
    """An ISO date."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """The date, or a usage error."""
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no date, write YYYY-MM-DD", param, ctx)


class Moment(click.ParamType[datetime]):
    """An ISO date or date and time, in New York; a date alone means shortly before the close."""

    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The moment in UTC, or a usage error."""
        if isinstance(value, datetime):
            return value
        try:
            return app.moment_in_new_york(value)
        except ValueError:
            self.fail(f"{value!r} is no moment, write YYYY-MM-DD or YYYY-MM-DDTHH:MM", param, ctx)


path_option = click.option(
    "--path",
    "path",
    type=click.Choice([path.value for path in TradingPath]),
    default=DEFAULT_PATH.value,
    show_default=True,
    help="flags: the stages in migration/ decide what answers each call; "
    "legacy: direct calls alone; candidate: events alone.",
)
account_option = click.option(
    "--account",
    type=click.Path(dir_okay=False, path_type=Path),
    default=DEFAULT_ACCOUNT,
    show_default=True,
    help="The paper account's file; its mailbox lies beside it.",
)
at_option = click.option(
    "--at",
    type=Moment(),
    help="When, in New York: YYYY-MM-DD (shortly before the close) or YYYY-MM-DDTHH:MM. "
    "Default: the last session of the price data.",
)
settings_option = click.option(
    "--settings",
    "settings_path",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A TOML file; see docs/settings.md.",
)
format_option = click.option(
    "--format", "style", type=click.Choice(["text", "json"]), default="text", show_default=True
)


class Refused(click.ClickException):
    """A request that cannot be met as it is."""

    exit_code = 2


class EndedEarly(click.ClickException):
    """A command that could not go on, through no fault of its user."""

    exit_code = 1


class Commands(click.Group):
    """Commands that end in one sentence also where what they write to is full."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """As of any group, and all of standard output is written when it returns."""
        try:
            try:
                return super().main(*args, **kwargs)
            finally:
                sys.stdout.flush()
        except OSError as error:
            if error.filename is None:
                # Standard output: what is left in its buffer could not be written at the end either.
                with suppress(OSError):
                    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            if error.errno != errno.EPIPE:  # somebody who reads no further needs no sentence
                where = error.filename or "standard output"
                click.echo(
                    f"Error: {where}: cannot be written: {error.strerror or error}; {AS_ORDERED}", err=True
                )
            sys.exit(1)


def usage_errors(command: Callable[P, R]) -> Callable[P, R]:
    """A user's mistake ends in one sentence on standard error and exit code 2, an accident in one and 1."""

    @wraps(command)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except USERS_MISTAKES as error:
            raise Refused(str(error)) from error
        except ENDED_EARLY as error:
            raise EndedEarly(f"the command ended early: {error}; {AS_ORDERED}") from error

    return guarded
