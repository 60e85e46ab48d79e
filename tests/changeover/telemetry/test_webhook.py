"""The webhook against servers that answer, refuse, redirect, hang, drip and break."""

import hmac
import json
from dataclasses import replace
from hashlib import sha256

import pytest

from changeover.errors import ConfigurationError
from changeover.telemetry import webhook
from changeover.telemetry.alerts import Alert, AlertKind
from changeover.telemetry.receiver import Message, NotDelivered
from changeover.telemetry.webhook import SlackAlerts, WebhookAlerts
from tests.changeover.support.alert_receivers import DRIPPING, HANGING, WebServer, serving

ALERT = Alert(
    AlertKind.TRIPPED,
    "portfolio: live -> shadow",
    "portfolio",
    run="run-1",
    cluster="09ad52",
    subject="tripped:portfolio:1",
)
MESSAGE = Message("0a1b2c-77", ALERT)


@pytest.fixture(autouse=True)
def _without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "PAUSE_S", 0.0)


def test_an_alert_is_posted_as_json_with_its_key_and_headers() -> None:
    with serving(WebServer(204)) as server:
        assert WebhookAlerts(server.url, headers={"X-Team": "till"}).send(MESSAGE) == "204"
    ((path, headers, body),) = server.got
    assert path == "/hook/s3cret"
    assert json.loads(body) == {
        "schema_version": 1,
        "kind": "tripped",
        "phase": "portfolio",
        "text": "portfolio: live -> shadow",
        "run": "run-1",
        "cluster": "09ad52",
        "at": ALERT.at.isoformat(),
        "repeats": 0,
        "subject": "tripped:portfolio:1",
        "key": "0a1b2c-77",
    }
    assert headers["idempotency-key"] == "0a1b2c-77"
    assert headers["x-team"] == "till"
    assert headers["content-type"] == "application/json"
    assert "changeover-signature" not in headers


def test_a_secret_signs_the_time_and_the_body() -> None:
    with serving(WebServer()) as server:
        WebhookAlerts(server.url, secret="hunter2", clock=lambda: 1_764_000_000.9).send(MESSAGE)
    ((_, headers, body),) = server.got
    made = hmac.new(b"hunter2", b"1764000000." + body, sha256).hexdigest()
    assert headers["changeover-signature"] == f"t=1764000000,v1={made}"


def test_slack_gets_a_text_in_which_nothing_of_the_alert_is_a_mark() -> None:
    odd = Message("k", replace(ALERT, text="<!channel> a & b", repeats=2))
    with serving(WebServer()) as server:
        SlackAlerts(server.url).send(odd)
    (body,) = server.bodies
    assert set(body) == {"text"}
    assert body["text"] == (
        "*changeover tripped* · portfolio\n&lt;!channel&gt; a &amp; b\n2 more like it were held back"
    )


def test_a_server_that_breaks_is_tried_again_with_the_same_key() -> None:
    with serving(WebServer(500, 503, 200)) as server:
        assert WebhookAlerts(server.url).send(MESSAGE) == "200"
    assert server.keys == ["0a1b2c-77"] * 3


def test_a_server_that_stays_broken_is_left_and_nothing_says_its_address() -> None:
    with serving(WebServer(500)) as server:
        hook = WebhookAlerts(server.url)
        with pytest.raises(NotDelivered, match="it answered 500") as failed:
            hook.send(MESSAGE)
    assert len(server.got) == 3
    assert "s3cret" not in f"{failed.value}{hook!r}{hook.where}"


@pytest.mark.parametrize("status", [404, 302])
def test_what_was_refused_or_sent_elsewhere_is_not_asked_again_at_once(status: int) -> None:
    with serving(WebServer(status)) as server, pytest.raises(NotDelivered, match=f"it refused: {status}"):
        WebhookAlerts(server.url).send(MESSAGE)
    assert [path for path, _, _ in server.got] == ["/hook/s3cret"]


def test_a_server_that_nobody_runs_is_a_failure_like_any_other() -> None:
    with serving(WebServer()) as server:
        url = server.url
    with pytest.raises(NotDelivered, match="URLError"):
        WebhookAlerts(url).send(MESSAGE)


@pytest.mark.parametrize("manner", [DRIPPING, HANGING])
def test_a_server_that_never_comes_to_an_end_is_left_at_the_deadline(manner: str) -> None:
    with serving(WebServer(manner=manner)) as server:
        with pytest.raises(NotDelivered, match=r"no answer within 0\.3 s"):
            WebhookAlerts(server.url, deadline_s=0.3).send(MESSAGE)
        assert len(server.got) == 1


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://host/x", "", "http://", "hook", "http://[::1/s3cret", "javascript:1"]
)
def test_an_address_that_is_not_http_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(ConfigurationError, match="allowed: http://") as refused:
        WebhookAlerts(url)
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize("headers", [{"Host": "x"}, {"X-A": "1\r\nX-B: 2"}, {"": "x"}, {"X A": "x"}])
def test_a_header_that_cannot_be_sent_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="header"):
        WebhookAlerts("http://host/x", headers=headers)
