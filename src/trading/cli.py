"""The commands of `python -m trading`: a thin parser over `composition`, `app` and `screens`."""

import json
from contextlib import AbstractContextManager
from datetime import date, datetime
from pathlib import Path
from typing import Any, NoReturn

import click

from trading import app
from trading.cli_options import (
    Commands,
    Day,
    account_option,
    at_option,
    format_option,
    path_option,
    settings_option,
    usage_errors,
)
from trading.composition import TradingPath, choose_notifier, configure_logging, front_door, open_desk
from trading.desk import Desk, FrontDoor, UsageError, real_file
from trading.events.messages.startup import StartupMode
from trading.handlers.subscriptions import HandlerGroup
from trading.history import TradingHistory
from trading.market.calendar import session_time
from trading.market.history import PriceHistory
from trading.notify.notifiers import MemoryNotifier
from trading.parking import look_at_parking
from trading.screens.history import history_data, history_screen
from trading.screens.progress import show_progress
from trading.screens.results import JsonDisplay, TextDisplay
from trading.screens.status import StatusSeen, status_data, status_screen
from trading.screens.workflows import record_data, workflow_data, workflow_screen, workflows_screen
from trading.settings import Settings, load_settings
from trading.tracking import track

MAILBOX = "mail"
WORKFLOWS_SHOWN = 20


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def main() -> None:
    """Trade the bundled price history on a paper account.

    Exit codes: 0 success, 1 something planned did not happen, 2 usage or configuration.
    """
    configure_logging()


@main.command(epilog="Example: python -m trading signal --at 2011-08-09")
@account_option
@at_option
@path_option
@settings_option
@format_option
@usage_errors
def signal(account: Path, at: datetime | None, path: str, settings_path: Path | None, style: str) -> None:
    """Show signals, target against current allocation, and the account; nothing is traded."""
    settings, prices = _load(settings_path)
    with _desk(settings, prices, account, at, path) as desk:
        went_well = _door(desk, path, account, style, StartupMode.SIGNAL).analyze_signals()
    _leave(went_well)


@main.command(epilog="Example: python -m trading trade --at 2011-08-09")
@account_option
@at_option
@path_option
@settings_option
@format_option
@click.option("--ignore-market-hours", is_flag=True, help="Trade without a look at the market's hours.")
@click.option("--again", is_flag=True, help="Trade a session once more that was traded already.")
@usage_errors
def trade(
    account: Path,
    at: datetime | None,
    path: str,
    settings_path: Path | None,
    style: str,
    ignore_market_hours: bool,
    again: bool,
) -> None:
    """Trade one session on the paper account; what an earlier run left unfinished is settled first."""
    settings, prices = _load(settings_path)
    with _desk(settings, prices, account, at, path) as desk:
        door = _door(desk, path, account, style, StartupMode.TRADE)
        went_well = door.execute_trading(ignore_market_hours=ignore_market_hours, again=again)
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
@path_option
@settings_option
@format_option
@usage_errors
def history(
    first: date,
    last: date,
    account: Path | None,
    report: Path | None,
    path: str,
    settings_path: Path | None,
    style: str,
) -> None:
    """Trade a paper account through the days of the price history."""
    settings, prices = _load(settings_path)
    sessions = app.choose_sessions(prices, first, last)
    app.check_report_path(report, "--report")
    now, notifier, chosen = session_time(sessions[0]), MemoryNotifier(), TradingPath(path)
    with app.open_desk_for(
        settings, prices, account=account, now=now, notifier=notifier, path=chosen
    ) as desk:
        starting_value = desk.broker.state().account.portfolio_value
        lived_days = app.trade_through(desk, chosen, sessions)
        days = show_progress(lived_days, len(sessions), label=lambda day: str(day.session))
    lived = TradingHistory(settings.paper.account_id, starting_value, tuple(days))
    reference_name = app.choose_reference(prices)
    reference = app.held_reference(prices, reference_name, lived)
    if report is not None:
        from trading.screens.report import history_page  # reads jinja2: paid for when a page is asked for

        app.write_page(report, history_page(lived, reference, reference_name))
        click.echo(f"report written to {report}", err=True)
    if style == "json":
        click.echo(json.dumps(history_data(lived, reference, reference_name), indent=2))
    else:
        click.echo("\n".join(history_screen(lived, reference, reference_name)))
    _leave(not lived.unsuccessful and not lived.unbalanced)


@main.command(epilog="Example: python -m trading status --account .trading/paper.db")
@account_option
@settings_option
@format_option
@usage_errors
def status(account: Path, settings_path: Path | None, style: str) -> None:
    """Show what the paper account holds, its last orders and workflows, what stands still or was given up."""
    with _desk_to_look_at(account, settings_path) as desk:
        known = desk.journal.workflows(account=desk.settings.paper.account_id)
        seen = StatusSeen(
            state=desk.broker.state(),
            orders=desk.broker.orders(),
            as_of=desk.clock.now(),
            workflows=known,
            dead_letters=desk.journal.dead_letters(),
            parking=look_at_parking(desk.journal.backlog(), known, desk.clock.now()),
        )
    _show(style, status_screen(seen), status_data(seen))


@main.command(epilog="Example: python -m trading workflows --html workflows.html")
@click.argument("workflow_id", metavar="[ID]", required=False)
@click.option("--html", "page", type=click.Path(dir_okay=False, path_type=Path), help="Write a page instead.")
@account_option
@settings_option
@format_option
@usage_errors
def workflows(
    workflow_id: str | None, page: Path | None, account: Path, settings_path: Path | None, style: str
) -> None:
    """List workflows, or show one: state, what it waits for, its events, where the time went.

    Any unambiguous beginning of an ID is enough.
    """
    app.check_report_path(page, "--html")
    with _desk_to_look_at(account, settings_path) as desk:
        records = desk.journal.workflows(account=desk.settings.paper.account_id)
        chosen = app.choose_workflows(records, workflow_id)[-WORKFLOWS_SHOWN:]
        tracked = [track(desk.journal, record) for record in chosen] if workflow_id or page else []
    if page is not None:
        from trading.screens.workflows_page import workflows_page  # reads jinja2

        app.write_page(page, workflows_page(tracked))
        click.echo(f"page written to {page}", err=True)
    elif workflow_id is not None:
        _show(style, workflow_screen(tracked[0]), workflow_data(tracked[0]))
    else:
        _show(style, workflows_screen(chosen), {"workflows": [record_data(record) for record in chosen]})


@main.command(epilog="Example: python -m trading retry 12:notification")
@click.argument("letter", metavar="ID")
@click.option("--drop", is_flag=True, help="Take a parked message off the list of `status` instead.")
@account_option
@settings_option
@usage_errors
def retry(letter: str, drop: bool, account: Path, settings_path: Path | None) -> None:
    """Put a dead letter back and deliver it again, or look again at a parked message; `status` lists both."""
    settings, prices = _load(settings_path)
    _refuse_missing(account)
    notifier = choose_notifier(settings, real_file(account).parent / MAILBOX)
    with app.open_desk_for(settings, prices, account=account, now=None, notifier=notifier) as desk:
        if drop:
            went_well, outcome = app.drop_parked(desk, letter)
        else:
            for record in desk.guard.unfinished():
                click.echo(f"{record.workflow_id} has not ended and goes on", err=True)
            went_well, outcome = app.retry(desk, letter)
    click.echo(outcome)
    _leave(went_well)


@main.command(epilog="Example: TRADING_BUS=amqp://localhost python -m trading run-handlers execution")
@click.argument(
    "groups", metavar="[GROUP]...", nargs=-1, type=click.Choice([group.value for group in HandlerGroup])
)
@account_option
@settings_option
@usage_errors
def run_handlers(groups: tuple[str, ...], account: Path, settings_path: Path | None) -> None:
    """Handle the events of GROUPs (workflow, portfolio, execution; default: all) in this process.

    TRADING_BUS names the broker that brings them. Ends with SIGTERM or Ctrl-C, after the present event.
    """
    settings, prices = _load(settings_path)
    notifier = choose_notifier(settings, real_file(account).parent / MAILBOX)
    chosen = tuple(group for group in HandlerGroup if group in groups) or tuple(HandlerGroup)

    def began() -> None:
        click.echo(f"handling {', '.join(chosen)} of {account}", err=True)

    app.run_handlers(settings, prices, account=account, notifier=notifier, groups=chosen, began=began)


@main.command(epilog="Example: python -m trading serve --account .trading/paper.db")
@account_option
@settings_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option("--port", type=click.IntRange(0, 65535), default=8788, show_default=True, help="0: any.")
@click.option(
    "--allowed-host",
    "allowed_hosts",
    metavar="NAME",
    multiple=True,
    help="A further name by which browsers and Prometheus may ask for the pages; * is any.",
)
@click.option(
    "--allow-retry",
    is_flag=True,
    help="Let pages retry what was given up, after a confirmation with a token: that of "
    "TRADING_SERVE_TOKEN, or one that is printed.",
)
@usage_errors
def serve(
    account: Path,
    settings_path: Path | None,
    host: str,
    port: int,
    allowed_hosts: tuple[str, ...],
    allow_retry: bool,
) -> None:
    """Show the account's runs live, on pages and as metrics, and send alerts; it only reads the journal.

    Ends with SIGTERM or Ctrl-C.
    """
    _refuse_missing(account)
    settings = load_settings(settings_path)
    try:
        from trading.serve.server import Options, serving, wait_for_end
    except ModuleNotFoundError as error:
        raise UsageError(
            f"serve needs {error.name}: pip install 'changeover[serve]' brings what it needs"
        ) from error
    options = Options(account, settings, settings_path, host, port, allowed_hosts, allow_retry)
    with serving(options) as running:
        click.echo(f"serving {account} on {running.url}", err=True)
        if running.token is not None:
            click.echo(f"the token that confirms a retry: {running.token}", err=True)
        wait_for_end()


def _load(settings_path: Path | None) -> tuple[Settings, PriceHistory]:
    settings = load_settings(settings_path)
    prices = app.load_prices(settings, settings_path)
    settings.check_symbols(frozenset(prices.symbols), str(settings_path or "settings"))
    return settings, prices


def _refuse_missing(account: Path) -> None:
    if not account.exists():
        raise UsageError(f"{account}: no such account; `python -m trading trade` opens one")


def _desk_to_look_at(account: Path, settings_path: Path | None) -> Desk:
    _refuse_missing(account)
    settings, prices = _load(settings_path)
    return open_desk(settings, prices, account=account, now=None, notifier=MemoryNotifier())


def _desk(
    settings: Settings, prices: PriceHistory, account: Path, at: datetime | None, path: str
) -> AbstractContextManager[Desk]:
    now = session_time(prices.sessions[-1]) if at is None else app.check_moment(prices, at)
    notifier = choose_notifier(settings, real_file(account).parent / MAILBOX)
    return app.open_desk_for(
        settings, prices, account=account, now=now, notifier=notifier, path=TradingPath(path)
    )


def _door(desk: Desk, path: str, account: Path, style: str, mode: StartupMode) -> FrontDoor:
    desk.announce_startup(mode)
    heading = f"paper account {account}, {desk.clock.now():%Y-%m-%d %H:%M}Z"
    display = JsonDisplay(click.echo) if style == "json" else TextDisplay(click.echo, heading)
    return front_door(desk, TradingPath(path), display)


def _show(style: str, lines: list[str], data: dict[str, Any]) -> None:
    click.echo(json.dumps(data, indent=2) if style == "json" else "\n".join(lines))


def _leave(went_well: bool) -> NoReturn:
    raise SystemExit(0 if went_well else 1)
