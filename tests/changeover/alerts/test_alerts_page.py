"""What docs/alerts.md says is so: kinds, the plan that it shows, and how a receiver checks who sent it."""

import re
from pathlib import Path
from typing import Any

from changeover.models.base import problems_in
from changeover.models.catalogue import model_of
from changeover.rollout.plan_file import parse_plan
from changeover.telemetry.alerts import Alert, AlertKind, again_after
from changeover.telemetry.receiver import Message
from changeover.telemetry.webhook import WebhookAlerts
from changeover.values.toml_table import parse_toml
from tests.changeover.support.alert_receivers import WebServer, serving
from tests.changeover.support.doc_pages import DOCS

PAGE = (Path(DOCS) / "alerts.md").read_text("utf-8")


def block(language: str) -> str:
    return str(re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)[-1])


def test_every_kind_has_a_row_that_says_whether_it_is_told_again() -> None:
    rows = dict(re.findall(r"^\| `([a-z-]+)` \| (.*?) \|", PAGE.partition("## What sends")[2], re.MULTILINE))
    assert set(rows) == set(map(str, AlertKind))
    daily = {kind for kind, subject in rows.items() if subject.split(", ")[-1] == "day"}
    assert daily == {str(kind) for kind in AlertKind if _is_daily(kind)}


def _is_daily(kind: AlertKind) -> bool:
    again = again_after(kind)
    return again is not None and again.total_seconds() > 0


def test_the_plan_on_the_page_is_one_that_both_readers_take() -> None:
    content = parse_toml('[migration]\nname = "m"\n' + block("toml"), "alerts.md")
    assert problems_in(content, model_of("phases")) == []
    alerts = parse_plan(content, "alerts.md").alerts
    assert alerts.webhook
    assert alerts.slack
    assert alerts.email


def test_a_receiver_that_checks_as_the_page_says_takes_what_is_sent_and_nothing_else() -> None:
    names: dict[str, Any] = {}
    exec(block("python"), names)  # noqa: S102  a page of ours
    is_genuine = names["is_genuine"]
    with serving(WebServer()) as server:
        message = Message("k", Alert(AlertKind.TRIPPED, "till: live -> shadow ü", "till"))
        WebhookAlerts(server.url, secret="hunter2").send(message)
    ((_, headers, body),) = server.got
    header = headers["changeover-signature"]
    assert is_genuine(header, body, "hunter2")
    assert not is_genuine(header, body, "hunter3")
    assert not is_genuine(header, body + b" ", "hunter2")
    assert not is_genuine(header, body, "hunter2", oldest_s=-1)
    sent = re.findall(r"t=(\d+)", header)[0]
    assert not is_genuine(header.replace(sent, str(int(sent) + 1)), body, "hunter2")
    assert not is_genuine("", body, "hunter2")
