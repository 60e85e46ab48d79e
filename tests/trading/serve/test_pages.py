"""Pages that only look: what they show is inert, and nobody elsewhere can read or move anything."""

import re
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from tests.trading.support.event_samples import NOW
from tests.trading.support.served import asked, watched_by
from tests.trading.support.watched_accounts import HOSTILE, Refusing, end_in_the_middle, trade
from trading.cli import main
from trading.desk import journal_path
from trading.events.journal.shared import Share, SharedJournal
from trading.events.messages.rebalance import RebalancePlanCompleted
from trading.monitor.board import Board

ONLY_LOOKS = ("/", "/runs", "/bus", "/alerts")


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Traded, with a dead letter and a parked message that would like to be markup."""
    path = tmp_path_factory.mktemp("account") / "a.db"
    trade(path, notifier=Refusing())
    with closing(SharedJournal(journal_path(path), Share(("run",)))) as journal:
        journal.park(HOSTILE, HOSTILE, {"event-id": HOSTILE, "event-type": HOSTILE}, b"{}", NOW)
    return path


@contextmanager
def site(account: Path) -> Iterator[httpx.Client]:
    with watched_by(Board(account, "paper")) as watched:
        yield asked(watched)


class Tags(HTMLParser):
    """Names and attributes of all tags of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_what_stands_in_a_journal_is_text_on_every_page(account: Path) -> None:
    with site(account) as client:
        run = re.findall(r'href="(/runs/[^"]+)"', client.get("/").text)[0]
        for place in (*ONLY_LOOKS, run):
            page = client.get(place)
            tags = Tags(page.text).found
            assert page.status_code == 200, place
            assert [given.get("src") for tag, given in tags if tag == "script"] == ["/live.js"], place
            assert not {
                name for _, given in tags for name in given if name.startswith("on") or name == "style"
            }
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in client.get("/").text
        assert "{{7*7}}" in client.get("/").text


def test_every_answer_forbids_scripts_from_elsewhere_framing_and_keeping(account: Path) -> None:
    with site(account) as client:
        for place in (*ONLY_LOOKS, "/metrics", "/nothing", "/board.css"):
            given = client.get(place).headers
            assert (
                "default-src 'none'; style-src 'self'; script-src 'self'" in given["content-security-policy"]
            )
            assert "frame-ancestors 'none'" in given["content-security-policy"]
            assert (given["x-content-type-options"], given["cache-control"]) == ("nosniff", "no-store")


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "", "127.0.0.1@evil.example", "[::1"]
)
def test_a_name_that_is_not_of_this_server_is_answered_nothing(account: Path, host: str) -> None:
    with site(account) as client:
        refused = client.get("/", headers={"Host": host})
        assert (refused.status_code, "paper" in refused.text) == (421, False)


@pytest.mark.parametrize("host", ["localhost:8788", "LOCALHOST", "[::1]:8788", "127.0.0.1:1"])
def test_names_of_this_machine_are_answered(account: Path, host: str) -> None:
    with site(account) as client:
        assert client.get("/health", headers={"Host": host}).json() == {"readable": True}


def test_a_server_that_only_looks_has_no_way_to_retry(account: Path) -> None:
    with site(account) as client:
        assert "python -m trading retry parked:1" in client.get("/").text
        for answer in (client.get("/retry/parked:1"), client.post("/retry/parked:1", data={"offer": "x"})):
            assert answer.status_code == 404
            assert "--allow-retry" in answer.text
        assert client.post("/").status_code == 405


def test_a_run_shows_its_tree_as_the_page_of_the_command_does(account: Path) -> None:
    page = account.with_name("w.html")
    done = CliRunner().invoke(main, ["workflows", "--html", str(page), "--account", str(account)])
    assert done.exit_code == 0
    trees = re.findall(r'<ol class="tree">.*?</ol>', page.read_text(encoding="utf-8"), re.DOTALL)
    with site(account) as client:
        run = re.findall(r'href="(/runs/[^"]+)"', client.get("/").text)[0]
        assert len(trees) == 1
        assert trees[0] in client.get(run).text
        assert trees[0] in client.get("/runs").text


def test_a_run_under_way_says_exactly_what_it_waits_for(tmp_path: Path) -> None:
    end_in_the_middle(tmp_path / "a.db")
    with site(tmp_path / "a.db") as client:
        page = client.get("/").text
        assert "Nothing needs a person, 1 under way" in page
        assert f"PLANNING, waits for {RebalancePlanCompleted.__name__};" in page
        run = re.findall(r'href="(/runs/[^"]+)"', page)[0]
        assert "(to do)" in client.get(run).text


@pytest.mark.parametrize(
    "place", ["/runs/nothing", "/runs/%3Cscript%3E", "/runs/..%2F..%2Fetc", "/x", "/retried/x"]
)
def test_what_is_not_there_is_a_sentence(account: Path, place: str) -> None:
    with site(account) as client:
        answer = client.get(place)
        assert (answer.status_code, "<script>" in answer.text) == (404, False)


@pytest.mark.parametrize("before", ["-1", "x", "9" * 400, "1e3", "²"])
def test_a_page_number_that_is_none_shows_the_latest_runs(account: Path, before: str) -> None:
    with site(account) as client:
        answer = client.get("/runs", params={"before": before})
        assert (answer.status_code, "1 to 1 of 1" in answer.text) == (200, True)


def test_a_journal_that_is_gone_is_said_first_on_every_page(tmp_path: Path) -> None:
    trade(tmp_path / "a.db")
    with site(tmp_path / "a.db") as client:
        journal_path(tmp_path / "a.db").rename(tmp_path / "away.db")
        page = client.get("/")
        assert (page.status_code, '<h1 class="bad">The journal cannot be read</h1>' in page.text) == (
            503,
            True,
        )
        assert client.get("/health").status_code == 503
        assert "trading_journal_readable 0" in client.get("/metrics").text
        assert client.get("/runs").status_code == 503


def test_metrics_are_what_the_journal_says(account: Path) -> None:
    with site(account) as client:
        answer = client.get("/metrics")
        assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
        assert 'trading_events_published_total{event_type="TradingWorkflowCompleted"} 1' in answer.text
        assert 'trading_findings{kind="dead-letter"} 1' in answer.text


def test_a_command_without_its_extra_says_which_one(account: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    monkeypatch.delitem(sys.modules, "trading.serve.server", raising=False)
    done = CliRunner().invoke(main, ["serve", "--account", str(account)])
    assert done.exit_code == 2
    assert "pip install 'changeover[serve]'" in done.output
