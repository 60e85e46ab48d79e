"""The commands of `python -m trading`: a thin parser over `app` and `screens`."""

import json
from collections.abc import Callable
from datetime import date, datetime
from functools import wraps
from pathlib import Path
from typing import Any, NoReturn, ParamSpec, TypeVar

import click

from trading import app
from trading.database import DatabaseUnusable
from trading.history import TradingHistory
from trading.market.calendar import session_time
from trading.market.history import PriceHistory, load_bundled
from trading.market.price_file import PriceFileError
from trading.notify.memory import MemoryNotifier
from trading.screens.display import JsonDisplay, TextDisplay
from trading.screens.history import history_data, history_screen
from trading.screens.progress import show_progress
from trading.screens.status import status_data, status_screen
from trading.settings import Settings, SettingsError, load_settings

P = ParamSpec("P")
R = TypeVar("R")

DEFAULT_ACCOUNT = Path(".trading/paper.db")
MAILBOX = "mail"
USERS_MISTAKES = (app.UsageError, SettingsError, PriceFileError, DatabaseUnusable)


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


def usage_errors(command: Callable[P, R]) -> Callable[P, R]:
    """A user's mistake ends in one sentence on standard error and exit code 2."""

    @wraps(command)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except USERS_MISTAKES as error:
            raise Refused(str(error)) from error

    return guarded


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def main() -> None:
    """Trade the bundled price history on a paper account.

    Exit codes: 0 success, 1 something planned did not happen, 2 usage or configuration.
    """
    app.configure_logging()


@main.command(epilog="Example: python -m trading signal --at 2011-08-09")
@account_option
@at_option
@settings_option
@format_option
@usage_errors
def signal(account: Path, at: datetime | None, settings_path: Path | None, style: str) -> None:
    """Show signals, target against current allocation, and the account; nothing is traded."""
    settings, prices = _load(settings_path)
    with _desk(settings, prices, account, at) as desk:
        went_well = desk.entry_points(_display(desk, account, style)).analyze_signals()
    _leave(went_well)


@main.command(epilog="Example: python -m trading trade --at 2011-08-09")
@account_option
@at_option
@settings_option
@format_option
@click.option("--ignore-market-hours", is_flag=True, help="Trade without a look at the market's hours.")
@usage_errors
def trade(
    account: Path, at: datetime | None, settings_path: Path | None, style: str, ignore_market_hours: bool
) -> None:
    """Trade one session on the paper account."""
    settings, prices = _load(settings_path)
    with _desk(settings, prices, account, at) as desk:
        entry_points = desk.entry_points(_display(desk, account, style))
        went_well = entry_points.execute_trading(ignore_market_hours=ignore_market_hours)
    _leave(went_well)


@main.command(
    epilog="Example: python -m trading history --from 2008-10-01 --to 2016-06-30 --report history.html"
)
@click.option("--from", "first", type=Day(), default=date(2008, 10, 1), show_default=True)
@click.option("--to", "last", type=Day(), default=date(2016, 6, 30), show_default=True)
@click.option(
    "--account",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Keep the account in a file. Default: in memory.",
)
@click.option(
    "--report",
    type=click.Path(dir_okay=False, path_type=Path, writable=True),
    help="Also write the equity curve as an HTML page.",
)
@settings_option
@format_option
@usage_errors
def history(
    first: date, last: date, account: Path | None, report: Path | None, settings_path: Path | None, style: str
) -> None:
    """Trade a paper account through the days of the price history."""
    settings, prices = _load(settings_path)
    sessions = app.choose_sessions(prices, first, last)
    app.check_report_path(report)
    now = session_time(sessions[0])
    with app.Desk.open(settings, prices, account=account, now=now, notifier=MemoryNotifier()) as desk:
        starting_value = desk.broker.state().account.portfolio_value
        days = show_progress(
            app.trade_through(desk, sessions), len(sessions), label=lambda day: str(day.session)
        )
    lived = TradingHistory(settings.paper.account_id, starting_value, tuple(days))
    reference = app.held_reference(prices, lived)
    if report is not None:
        from trading.screens.report import history_page  # reads jinja2: paid for when a page is asked for

        report.write_text(history_page(lived, reference, app.REFERENCE), encoding="utf-8")
        click.echo(f"report written to {report}", err=True)
    if style == "json":
        click.echo(json.dumps(history_data(lived, reference, app.REFERENCE), indent=2))
    else:
        click.echo("\n".join(history_screen(lived, reference, app.REFERENCE)))
    _leave(not lived.unsuccessful and not lived.unbalanced)


@main.command(epilog="Example: python -m trading status --account .trading/paper.db")
@account_option
@settings_option
@format_option
@usage_errors
def status(account: Path, settings_path: Path | None, style: str) -> None:
    """Show what the paper account holds and its last orders."""
    if not account.exists():
        raise app.UsageError(f"{account}: no such account; `python -m trading trade` opens one")
    settings, prices = _load(settings_path)
    with app.Desk.open(settings, prices, account=account, now=None, notifier=MemoryNotifier()) as desk:
        as_of = desk.clock.now()
        state, orders = desk.broker.state(), desk.broker.orders()
    if style == "json":
        click.echo(json.dumps(status_data(state, orders, as_of), indent=2))
    else:
        click.echo("\n".join(status_screen(state, orders, as_of)))


def _load(settings_path: Path | None) -> tuple[Settings, PriceHistory]:
    settings, prices = load_settings(settings_path), load_bundled()
    settings.check_symbols(frozenset(prices.symbols), str(settings_path or "settings"))
    return settings, prices


def _desk(settings: Settings, prices: PriceHistory, account: Path, at: datetime | None) -> app.Desk:
    now = session_time(prices.sessions[-1]) if at is None else app.check_moment(prices, at)
    notifier = app.choose_notifier(settings, account.parent / MAILBOX)
    return app.Desk.open(settings, prices, account=account, now=now, notifier=notifier)


def _display(desk: app.Desk, account: Path, style: str) -> JsonDisplay | TextDisplay:
    if style == "json":
        return JsonDisplay(click.echo)
    return TextDisplay(click.echo, f"paper account {account}, {desk.clock.now():%Y-%m-%d %H:%M}Z")


def _leave(went_well: bool) -> NoReturn:
    raise SystemExit(0 if went_well else 1)
