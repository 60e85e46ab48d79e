"""`changeover alerts`: run, test, list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from changeover.api import alerts as verbs
from changeover.cli.options import complete_with, format_option, once_option
from changeover.cli.output import show_result
from changeover.operate.alert_results import AlertList, AlertsRun, AlertsTried
from changeover.views.text.alerts import list_screen, run_screen, tried_screen


@click.group("alerts")
def alerts_command() -> None:
    """Who hears of what: [alerts] of phases.toml, and the log."""


@alerts_command.command("run", short_help="look for what somebody should hear of, and send it")
@once_option
@format_option
def run_(format_: str, *, once: bool) -> None:
    """Look for what somebody should hear of, and send what is due: each minute, or once.

    changeover worker does this as well. Each alert is sent once, however many processes look. Exits 1 where
    a receiver did not take an alert; it is tried again by whoever looks next.

    For example: changeover alerts run --once
    """
    ran = verbs.run_alerts(once=once)
    show_result(format_, "alerts-run", ran, _run_data, run_screen)
    raise click.exceptions.Exit(ran.exit_code)


def _run_data(ran: AlertsRun) -> Mapping[str, Any]:
    return {"told": [one.to_data() for one in ran.told], "sent": ran.sent, "failed": list(ran.failed)}


@alerts_command.command("test", short_help="send a test alert to every receiver")
@click.option(
    "--receiver",
    metavar="NAME",
    help="one alone: log, webhook, slack or email",
    shell_complete=complete_with("receiver_names"),
)
@format_option
def test_(format_: str, receiver: str | None) -> None:
    """Send a test alert to every receiver, and say what each answered; exits 1 where one did not take it.

    For example: changeover alerts test
    """
    tried = verbs.try_alerts(receiver=receiver)
    show_result(format_, "alerts-test", tried, _tried_data, tried_screen)
    raise click.exceptions.Exit(tried.exit_code)


def _tried_data(tried: AlertsTried) -> Mapping[str, Any]:
    names = ("receiver", "where", "answer", "problem")
    return {"tried": [{name: getattr(one, name) for name in names} for one in tried.tried]}


@alerts_command.command("list", short_help="what was told, and what became of it")
@format_option
def list_(format_: str) -> None:
    """What was told, the latest first, and what became of it at each receiver.

    For example: changeover alerts list
    """
    show_result(format_, "alerts-list", verbs.list_alerts(), _list_data, list_screen)


def _list_data(found: AlertList) -> Mapping[str, Any]:
    return {
        "alerts": [
            {
                **told.alert.to_data(),
                "key": told.key,
                "deliveries": [
                    {
                        "receiver": one.receiver,
                        "tries": one.tries,
                        "sent_at": None if one.sent_at is None else one.sent_at.isoformat(),
                        "is_due": one.is_due,
                        "answer": one.answer,
                    }
                    for one in told.deliveries
                ],
            }
            for told in found.alerts
        ]
    }
