"""`changeover alerts`: is a receiver reached, what was told, and one look for cron."""

import json
from pathlib import Path

import pytest

from tests.changeover.support.alert_receivers import MailServer, WebServer, serving
from tests.changeover.support.production_runs import sell
from tests.changeover.support.projects import Shop, shop_in


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return shop_in(tmp_path)


def add_to_plan(shop: Shop, text: str) -> None:
    plan = shop.root / "migration" / "phases.toml"
    plan.write_text(plan.read_text() + text)


def test_a_test_alert_reaches_every_receiver_and_each_answer_is_shown(shop: Shop) -> None:
    with serving(WebServer(202)) as hook, serving(WebServer()) as slack, serving(MailServer()) as mail:
        add_to_plan(
            shop,
            f'[alerts.webhook]\nurl = "{hook.url}"\nsecret_variable = "HOOK_SECRET"\n'
            '[alerts.slack]\nurl_variable = "SLACK_URL"\n'
            f'[alerts.email]\nhost = "127.0.0.1"\nport = {mail.port}\nfrom = "c@till.example"\n'
            'to = ["kim@till.example"]\nstarttls = false\n',
        )
        answer = shop.run("alerts", "test", SLACK_URL=slack.url, HOOK_SECRET="hunter2")
    assert answer.code == 0, answer.err
    assert [line.split()[0] for line in answer.out.splitlines()] == ["log", "webhook", "slack", "email"]
    assert "202" in answer.out
    assert "s3cret" not in answer.out + answer.err
    (body,) = hook.bodies
    assert (body["kind"], body["key"]) == ("test", mail.keys[0])
    assert hook.got[0][1]["changeover-signature"].startswith("t=")
    assert len(slack.got) == 1


def test_a_receiver_that_does_not_take_it_is_named_and_the_answer_is_no(shop: Shop) -> None:
    add_to_plan(shop, '[alerts.slack]\nurl_variable = "SLACK_URL"\n')
    with serving(WebServer(500)) as server:
        answer = shop.run("alerts", "test", CHANGEOVER_ALERT_WEBHOOK=server.url)
    assert answer.code == 1
    assert "it answered 500" in answer.out
    assert "the environment variable SLACK_URL is not set" in answer.out


def test_one_receiver_alone_may_be_asked(shop: Shop) -> None:
    with serving(WebServer()) as server:
        add_to_plan(shop, f'[alerts.slack]\nurl = "{server.url}"\n')
        assert shop.run("alerts", "test", "--receiver", "slack").code == 0
        wrong = shop.run("alerts", "test", "--receiver", "pager")
    assert len(server.got) == 1
    assert wrong.code == 2
    assert "--receiver: was 'pager', allowed: log, slack" in wrong.err


def test_without_receivers_it_is_said_that_nobody_hears(shop: Shop) -> None:
    assert "nobody but the log hears of alerts" in shop.run("alerts", "test").out


def test_cron_tells_what_a_program_did_not_and_a_second_time_nothing(shop: Shop) -> None:
    sell(shop, 11, 12, planted="dear")
    with serving(WebServer()) as server:
        first = shop.run("alerts", "run", "--once", CHANGEOVER_ALERT_WEBHOOK=server.url)
        second = shop.run("alerts", "run", "--once", CHANGEOVER_ALERT_WEBHOOK=server.url)
    assert (first.code, second.code) == (0, 0), first.err
    kinds = [body["kind"] for body in server.bodies]
    assert sorted(kinds) == sorted(set(kinds))
    assert {"diverged", "new-cluster"} & set(kinds)
    assert second.out == "0 new alerts, 0 sent\n"


def test_what_was_told_is_listed_with_what_became_of_it(shop: Shop) -> None:
    assert shop.run("alerts", "list").out == "nothing was told yet\n"
    sell(shop, 11, planted="dear")
    with serving(WebServer(500)) as server:
        assert shop.run("alerts", "run", "--once", CHANGEOVER_ALERT_WEBHOOK=server.url).code == 1
    text = shop.run("alerts", "list").out
    assert "log at" in text
    assert "webhook: waits, " in text
    listed = json.loads(shop.run("alerts", "list", "--format", "json").out)["alerts"]
    assert all(one["key"] for one in listed)


def test_where_nothing_is_kept_nobody_can_know_what_was_told(shop: Shop) -> None:
    answer = shop.run("alerts", "run", "--once", CHANGEOVER_STORE="none")
    assert answer.code == 2
    assert "CHANGEOVER_STORE: was 'none'" in answer.err
