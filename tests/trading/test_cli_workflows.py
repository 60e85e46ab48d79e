"""Workflows, dead letters and second runs, as a user at the command line sees them."""

import json
from contextlib import closing
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.trading.support.desks import front_door
from tests.trading.support.watched_accounts import end_in_the_middle, trade_with_defect
from trading.cli import main
from trading.composition import TradingPath, open_desk
from trading.database import open_database
from trading.desk import journal_path
from trading.events.journal.reading import looking_at
from trading.events.journal.rows import KIND, SCHEMA, VERSION
from trading.market.calendar import session_time
from trading.market.history import load_bundled
from trading.notify.port import Notification
from trading.settings import Settings

DAY, NEXT_DAY = "2011-08-09", "2011-08-10"


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments], catch_exceptions=False)


def trade(account: Path, *more: str, at: str = DAY) -> Result:
    return run("trade", "--path", "candidate", "--at", at, "--account", account, *more)


@pytest.fixture
def account(tmp_path: Path) -> Path:
    path = tmp_path / "a.db"
    assert trade(path).exit_code == 0
    return path


class Broken:
    def send(self, notification: Notification) -> None:
        raise ValueError("<script>alert(1)</script>")


@pytest.fixture
def account_with_a_dead_letter(tmp_path: Path) -> Path:
    """Traded, but nobody could be told: the notifier has a defect."""
    path, now = tmp_path / "a.db", session_time(date.fromisoformat(DAY))
    with open_desk(Settings(), load_bundled(), account=path, now=now, notifier=Broken()) as desk:
        assert not front_door(desk, TradingPath.CANDIDATE).execute_trading()
    return path


def test_a_workflow_shows_its_tree_of_events_with_handlers_and_times(account: Path) -> None:
    text = run("workflows", "workflow-", "--account", account).stdout
    lines = text.splitlines()
    assert lines[0].endswith(f"session {DAY}   COMPLETED")
    assert "TradingWorkflowRequested  #2  19:45:00Z" in lines
    assert any(line.startswith("  SignalsRequested  #3") for line in lines)
    assert any(line.startswith("    SignalGenerated  #5") for line in lines)
    assert any("-> signals " in line and line.endswith("ms") for line in lines)
    assert any(line.startswith("handler ") for line in lines)
    content = json.loads(run("workflows", "work", "--account", account, "--format", "json").stdout)
    assert content["awaited"] is None
    assert content["events"][0]["event_type"] == "TradingWorkflowRequested"


@pytest.mark.parametrize(
    ("beginning", "sentence"),
    [("nothing", "nothing: no workflow begins so"), ("workflow-", "2 workflows begin so, write more of it")],
)
def test_an_id_that_names_none_or_several_is_refused(account: Path, beginning: str, sentence: str) -> None:
    trade(account, at=NEXT_DAY)
    done = run("workflows", beginning, "--account", account)
    assert (done.exit_code, done.stdout) == (2, "")
    assert sentence in done.stderr


class Tags(HTMLParser):
    """Names and attributes of all tags of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_the_page_is_escaped_self_contained_and_says_so(account_with_a_dead_letter: Path) -> None:
    page = account_with_a_dead_letter.with_name("w.html")
    done = run("workflows", "--html", page, "--account", account_with_a_dead_letter)
    assert (done.exit_code, done.stdout) == (0, "")
    text = page.read_text()
    tags = Tags(text).found
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "script" not in {tag for tag, _ in tags}
    policies = [given["content"] for _, given in tags if given.get("http-equiv") == "Content-Security-Policy"]
    assert policies == ["default-src 'none'; style-src 'unsafe-inline'"]
    assert not {"src", "href"} & {name for _, given in tags for name in given}


def test_a_page_of_no_workflow_is_still_a_page(account: Path) -> None:
    with closing(open_database(journal_path(account), kind=KIND, version=VERSION, schema=SCHEMA)) as journal:
        journal.execute("DELETE FROM workflows")
    page = account.with_name("w.html")
    assert run("workflows", "--html", page, "--account", account).exit_code == 0
    assert "No workflow yet" in page.read_text()
    assert run("workflows", "--account", account).stdout == "no workflow yet\n"


def dead_letter_of(account: Path) -> str:
    (letter,) = json.loads(run("status", "--account", account, "--format", "json").stdout)["dead_letters"]
    return str(letter["id"])


def test_status_lists_dead_letters_first_with_the_command_that_puts_one_back(
    account_with_a_dead_letter: Path,
) -> None:
    letter = dead_letter_of(account_with_a_dead_letter)
    lines = run("status", "--account", account_with_a_dead_letter).stdout.splitlines()
    assert lines[0].startswith("! 1 dead letter  ")
    assert letter in lines[1]
    assert "ValueError: <script>" in lines[1]
    assert f"python -m trading retry {letter}" in lines[3]


def test_a_dead_letter_that_is_put_back_is_delivered(account_with_a_dead_letter: Path) -> None:
    account = account_with_a_dead_letter
    letter = dead_letter_of(account)
    done = run("retry", letter, "--account", account)
    assert (done.exit_code, done.stdout) == (0, f"{letter} was delivered\n")
    [message] = (account.parent / "mail" / "new").iterdir()
    assert f"Subject: {DAY}: trading run done" in message.read_text()
    again = run("retry", letter, "--account", account)
    assert again.exit_code == 2
    assert f"{letter}: no such dead letter" in again.stderr


def test_a_dead_letter_that_fails_again_is_kept_and_told(account_with_a_dead_letter: Path) -> None:
    account = account_with_a_dead_letter
    letter = dead_letter_of(account)
    damage(account, int(letter.split(":")[0]))
    done = run("retry", letter, "--account", account)
    assert done.exit_code == 1
    assert done.stdout.startswith(f"{letter} was given up again: EventRefused: row ")
    assert dead_letter_of(account) == letter


@pytest.mark.parametrize("letter", ["99:notification", "notification", "x:y", "1:nobody", ""])
def test_an_unknown_dead_letter_is_refused(account: Path, letter: str) -> None:
    done = run("retry", letter, "--account", account)
    assert (done.exit_code, done.stdout) == (2, "")
    assert f"{letter}: no such dead letter" in done.stderr


def damage(account: Path, seq: int) -> None:
    with closing(open_database(journal_path(account), kind=KIND, version=VERSION, schema=SCHEMA)) as journal:
        journal.execute("UPDATE events SET body = CAST(x'7bff7d' AS TEXT) WHERE seq = ?", (seq,))


def test_a_damaged_event_is_told_and_the_others_are_shown(account: Path) -> None:
    damage(account, 4)
    text = run("workflows", "workflow-", "--account", account).stdout
    assert "#4 cannot be read: row 4 of events: is not UTF-8" in text
    assert "TradingWorkflowCompleted  #16" in text
    page = account.with_name("w.html")
    run("workflows", "--html", page, "--account", account)
    assert "row 4 of events: is not UTF-8" in page.read_text()
    assert trade(account, at=NEXT_DAY).exit_code == 0


def test_a_damaged_workflow_is_told_and_the_others_are_listed(account: Path) -> None:
    trade(account, at=NEXT_DAY)
    with closing(open_database(journal_path(account), kind=KIND, version=VERSION, schema=SCHEMA)) as journal:
        journal.execute("UPDATE workflows SET body = CAST(x'ff' AS TEXT) WHERE session = ?", (DAY,))
    assert len(run("workflows", "--account", account).stdout.splitlines()) == 3
    listed = json.loads(run("workflows", "--account", account, "--format", "json").stdout)["workflows"]
    text = run("workflows", listed[0]["workflow_id"], "--account", account).stdout
    assert "! its record cannot be read: workflow workflow-" in text


@pytest.mark.parametrize("command", ["trade", "status", "workflows"])
def test_a_journal_of_a_newer_version_is_refused_and_left_as_it_was(tmp_path: Path, command: str) -> None:
    account = tmp_path / "a.db"
    trade(account)
    path = journal_path(account)
    path.unlink()
    open_database(path, kind=KIND, version=VERSION + 1, schema="CREATE TABLE future (x)").close()
    before = path.read_bytes()
    done = run(command, "--account", account)
    assert done.exit_code == 2
    assert f"event journal of version {VERSION + 1}" in done.stderr
    assert path.read_bytes() == before


@pytest.mark.parametrize("first", list(TradingPath))
@pytest.mark.parametrize("second", list(TradingPath))
def test_the_same_command_a_second_time_is_refused_without_again(
    tmp_path: Path, first: str, second: str
) -> None:
    command = ("--at", DAY, "--account", tmp_path / "a.db")
    assert run("trade", *command, "--path", first).exit_code == 0
    done = run("trade", *command, "--path", second)
    assert (done.exit_code, done.stdout) == (2, "")
    assert f"was traded in session {DAY} already" in done.stderr
    again = run("trade", *command, "--path", second, "--again")
    assert again.exit_code == 0
    assert "nothing to trade" in again.stdout


def test_a_retry_says_which_other_runs_it_lets_go_on(tmp_path: Path) -> None:
    account = tmp_path / "a.db"
    trade_with_defect(account, "execution", after=True)
    end_in_the_middle(account, date(2011, 8, 10))
    with looking_at(journal_path(account)) as reader:
        (unfinished,) = (one.workflow_id for one in reader.workflows(unfinished_only=True))
    done = run("retry", dead_letter_of(account), "--account", account)
    assert f"{unfinished} has not ended and goes on" in done.stderr
