"""The screens of `changeover alerts`."""

from __future__ import annotations

from changeover.evidence.store.alert_ledger import Delivery, ToldAlert
from changeover.operate.alert_results import AlertList, AlertsRun, AlertsTried
from changeover.telemetry.alerts import Alert
from changeover.values.safe_text import visible
from changeover.views.layout import Screen, labelled, plural

_LABEL = 12


def run_screen(ran: AlertsRun, screen: Screen) -> str:
    """What was told, and the counts."""
    lines = [line for alert in ran.told for line in _told(alert, screen)]
    failed = f", {', '.join(ran.failed)} did not take one" if ran.failed else ""
    lines.append(f"{plural(len(ran.told), 'new alert')}, {ran.sent:,} sent{failed}")
    return _text(lines)


def _told(alert: Alert, screen: Screen) -> list[str]:
    return labelled(str(alert.kind), visible(alert.text), screen.width, 2 + _LABEL)


def tried_screen(tried: AlertsTried, screen: Screen) -> str:
    """One line for each receiver."""
    lines: list[str] = []
    for one in tried.tried:
        said = f"{one.where}: {one.answer}" if one.problem is None else f"! {one.problem}"
        lines += labelled(one.receiver, visible(said), screen.width, _LABEL)
    if len(tried.tried) == 1 and tried.tried[0].receiver == "log":
        lines.append("nobody but the log hears of alerts: [alerts] in phases.toml names others")
    return _text(lines)


def list_screen(found: AlertList, screen: Screen) -> str:
    """The latest alerts, each with its receivers."""
    if not found.alerts:
        return "nothing was told yet\n"
    return _text([line for told in found.alerts for line in _listed(told, screen)])


def _listed(told: ToldAlert, screen: Screen) -> list[str]:
    head = f"{told.alert.at:%Y-%m-%d %H:%MZ}  {told.alert.kind}"
    to = ", ".join(map(_became, told.deliveries)) or "nobody"
    return [
        head,
        *labelled("", visible(told.alert.text), screen.width, 2),
        *labelled("", visible(f"to {to}"), screen.width, 2),
    ]


def _became(one: Delivery) -> str:
    if one.sent_at is not None:
        return f"{one.receiver} at {one.sent_at:%H:%MZ}"
    waits = "waits" if one.is_due else "given up"
    return f"{one.receiver}: {waits}" + (f", {one.answer}" if one.answer else "")


def _text(lines: list[str]) -> str:
    return "\n".join(line.rstrip() for line in lines) + "\n"
