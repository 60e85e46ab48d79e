"""`[alerts]` of `phases.toml`: who hears of what."""

from __future__ import annotations

from collections.abc import Mapping

from changeover.errors import ConfigurationError
from changeover.telemetry.alert_settings import (
    DEADLINE_S,
    DEADLINE_S_MAX,
    EXPIRES_DAYS,
    NO_RUNS_HOURS,
    SMTP_PORT,
    Address,
    AlertSettings,
    EmailSettings,
    WebhookSettings,
)
from changeover.telemetry.alerts import AlertKind
from changeover.values.toml_table import Table, shown
from changeover.values.web_address import check_header, host_of

PORT_MAX = 65_535


def parse_alerts(table: Table | None) -> AlertSettings:
    """What the table says, the usual where there is none; raises ConfigurationError."""
    if table is None:
        return AlertSettings()
    kinds = table.texts("kinds")
    words = [str(kind) for kind in AlertKind]
    for number, kind in enumerate(kinds):
        if kind not in words:
            raise table.error(f"kinds[{number}]", f"was {shown(kind)}, allowed: {', '.join(words)}")
    settings = AlertSettings(
        kinds,
        float(table.number("no_runs_hours", NO_RUNS_HOURS)),
        table.whole("expires_days", EXPIRES_DAYS),
        float(table.number("deadline_s", DEADLINE_S, most=DEADLINE_S_MAX)),
        _webhook(table.table("webhook")),
        _slack(table.table("slack")),
        _email(table.table("email")),
    )
    table.done()
    return settings


def _address(table: Table) -> Address:
    url, variable = table.text("url", None), table.text("url_variable", None)
    if url is None and variable is None:
        raise table.missing("url", "an address, or url_variable with the name of a variable that holds it")
    if url is not None and variable is not None:
        raise table.error("url_variable", "goes with no url, allowed: one of the two")
    if url is not None:
        try:
            host_of("url", url)
        except ConfigurationError as error:
            raise table.error("url", error.problem) from None
    return Address(url, variable)


def _webhook(table: Table | None) -> WebhookSettings | None:
    if table is None:
        return None
    headers, variables = (_texts_by_name(table, key) for key in ("headers", "header_variables"))
    settings = WebhookSettings(_address(table), headers, variables, table.text("secret_variable", None))
    table.done()
    return settings


def _texts_by_name(table: Table, key: str) -> Mapping[str, str]:
    inner = table.table(key)
    found = {} if inner is None else {name: inner.text(name) for name, _ in inner.items()}
    for name, value in found.items():
        try:
            check_header(key, name, value)
        except ConfigurationError as error:
            raise table.error(f"{key}.{name}", error.problem) from None
    return found


def _slack(table: Table | None) -> Address | None:
    if table is None:
        return None
    address = _address(table)
    table.done()
    return address


def _email(table: Table | None) -> EmailSettings | None:
    if table is None:
        return None
    to = table.texts("to")
    if not to:
        raise table.missing("to", "a list of addresses")
    port = table.whole("port", SMTP_PORT, least=1)
    if port > PORT_MAX:
        raise table.error("port", f"was {port}, allowed: a whole number from 1 to {PORT_MAX}")
    settings = EmailSettings(
        table.text("host"),
        table.text("from"),
        to,
        port,
        table.flag("starttls", True),
        table.text("login_variable", None),
    )
    if settings.login_variable is not None and not settings.starttls:
        raise table.error("login_variable", "goes with starttls = true: a password is not sent in the open")
    table.done()
    return settings
