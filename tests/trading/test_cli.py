"""The commands as a user types them: output, exit codes, and what a mistake is answered."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from trading.cli import main
from trading.database import open_database


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments], catch_exceptions=False)


def test_trade_says_first_that_it_is_on_paper(tmp_path: Path) -> None:
    done = run("trade", "--at", "2011-08-09", "--account", tmp_path / "a.db")
    assert done.exit_code == 0
    assert done.stdout.splitlines()[0] == f"paper account {tmp_path / 'a.db'}, 2011-08-09 19:45Z"
    assert done.stdout.splitlines()[-1] == "done: 17 of 17 trades done"


def test_trade_delivers_its_report_into_the_mailbox_beside_the_account(tmp_path: Path) -> None:
    run("trade", "--at", "2011-08-09", "--account", tmp_path / "a.db")
    [message] = (tmp_path / "mail" / "new").iterdir()
    assert "Subject: 2011-08-09: trading run done" in message.read_text()


def test_a_failed_order_ends_in_exit_code_1(tmp_path: Path) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text('[paper.faults]\nreject = ["TLT"]\n')
    done = run("trade", "--at", "2011-08-09", "--account", tmp_path / "a.db", "--settings", settings)
    assert done.exit_code == 1
    assert "BUY TLT REJECTED" in done.stdout


def test_json_on_standard_output_is_nothing_but_json(tmp_path: Path) -> None:
    for command in ("signal", "trade"):
        done = run(command, "--at", "2011-08-09", "--account", tmp_path / "a.db", "--format", "json")
        content = json.loads(done.stdout)
        assert content["schema_version"] == 1
        assert content["paper"] is True
        assert content["success"] is True


def test_status_shows_what_was_bought(tmp_path: Path) -> None:
    run("trade", "--at", "2011-08-09", "--account", tmp_path / "a.db")
    text = run("status", "--account", tmp_path / "a.db")
    assert "last of 17 orders" in text.stdout
    content = json.loads(run("status", "--account", tmp_path / "a.db", "--format", "json").stdout)
    assert content["current_positions"]["TLT"]["quantity"] == 370
    assert content["account_info"]["portfolio_value"] == 100_000.0


def test_history_prints_the_figures_and_writes_the_page(tmp_path: Path) -> None:
    page = tmp_path / "history.html"
    done = run("history", "--from", "2011-08-01", "--to", "2011-08-31", "--report", page)
    assert done.exit_code == 0
    assert "books     close to the cent after 23 of 23 sessions" in done.stdout
    assert page.read_text().startswith("<!doctype html>")


def test_history_on_a_file_goes_on_where_it_ended(tmp_path: Path) -> None:
    first = run("history", "--from", "2011-08-01", "--to", "2011-08-31", "--account", tmp_path / "a.db")
    second = run("history", "--from", "2011-09-01", "--to", "2011-09-30", "--account", tmp_path / "a.db")
    assert (first.exit_code, second.exit_code) == (0, 0)
    again = run("history", "--from", "2011-09-01", "--to", "2011-09-30", "--account", tmp_path / "a.db")
    assert again.exit_code == 2
    assert "traded on 2011-09-" in again.stderr


def test_history_of_failing_days_ends_in_exit_code_1_and_names_them(tmp_path: Path) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text('[paper.faults]\nreject = ["TLT"]\n')
    done = run("history", "--from", "2011-08-09", "--to", "2011-08-12", "--settings", settings)
    assert done.exit_code == 1
    assert "2011-08-09" in done.stdout.split("FAILED")[1]


@pytest.mark.parametrize("command", ["signal", "trade", "history", "status"])
def test_every_command_has_help_with_an_example(command: str) -> None:
    done = run(command, "--help")
    assert done.exit_code == 0
    assert f"Example: python -m trading {command}" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["history", "--from", "2012-01-02", "--to", "2011-01-03"],
            "--from 2012-01-02 lies after --to 2011-01-03",
        ),
        (["history", "--from", "2001-01-02"], "--from 2001-01-02 lies outside the data"),
        (["history", "--to", "2031-01-02"], "prices run from 2008-01-02 to 2016-07-01"),
        (
            ["history", "--from", "2011-08-06", "--to", "2011-08-07"],
            "no session from 2011-08-06 to 2011-08-07",
        ),
        (["history", "--from", "yesterday"], "write YYYY-MM-DD"),
        (["history", "--report", "no/such/folder/h.html"], "there is no folder no/such/folder"),
        (["trade", "--at", "2031-01-02"], "--at 2031-01-02 lies outside the data"),
        (["trade", "--at", "noon"], "write YYYY-MM-DD or YYYY-MM-DDTHH:MM"),
        (["status", "--account", "nowhere.db"], "nowhere.db: no such account"),
        (["signal", "--settings", "nowhere.toml"], "nowhere.toml: cannot be read"),
    ],
)
def test_a_mistake_is_answered_with_one_sentence_and_exit_code_2(
    arguments: list[str], sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run(*arguments)
    assert done.exit_code == 2
    assert sentence in done.stderr
    assert done.stdout == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ('[strategies.trend_rotation]\nweight = "0.6"\n', "they must add up to 1"),
        ('[strategies.rsi_ladder]\nweight = 1\nsymbols = ["AAPL", "NOPE"]\n', "no prices for NOPE"),
        ("minimum_trade = -1\n", "minimum_trade was -1"),
    ],
)
def test_settings_that_cannot_be_used_open_no_account(content: str, sentence: str, tmp_path: Path) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text(content)
    done = run("trade", "--at", "2011-08-09", "--account", tmp_path / "a.db", "--settings", settings)
    assert done.exit_code == 2
    assert str(settings) in done.stderr
    assert sentence in done.stderr
    assert not (tmp_path / "a.db").exists()


def test_an_account_file_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = run("trade", "--at", "2011-08-09", "--account", tmp_path / "file" / "a.db")
    assert done.exit_code == 2
    assert "cannot be" in done.stderr


def test_an_account_file_of_a_newer_version_is_refused_and_left_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    open_database(path, kind="paper account", version=99, schema="CREATE TABLE future (x)").close()
    before = path.read_bytes()
    done = run("trade", "--at", "2011-08-09", "--account", path)
    assert done.exit_code == 2
    assert "version 99" in done.stderr
    assert path.read_bytes() == before


def test_an_account_never_trades_on_a_day_before_its_last(tmp_path: Path) -> None:
    run("trade", "--at", "2011-08-09", "--account", tmp_path / "a.db")
    done = run("trade", "--at", "2011-08-08", "--account", tmp_path / "a.db")
    assert done.exit_code == 2
    assert "traded on 2011-08-09 last" in done.stderr


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (["2020-01-06,1,2", "2020-02-06,1,2"], "line 3"),
        (["2020-01-06,1,2", "2020-01-06,1,2"], "line 3"),
        (["2020-01-06,1,0", "2020-01-07,1,2"], "BBB"),
        (["2020-01-06,1,much", "2020-01-07,1,2"], "line 2"),
        (["2020-01-06,1,", "2020-01-07,1,2"], "BBB"),
    ],
    ids=["gap", "duplicate date", "zero", "text", "empty"],
)
def test_a_price_file_that_cannot_be_used_is_named_with_its_place(
    rows: list[str], sentence: str, tmp_path: Path
) -> None:
    (tmp_path / "prices.csv").write_text("\n".join(["date,AAA,BBB", *rows]) + "\n")
    settings = tmp_path / "settings.toml"
    settings.write_text(
        'price_files = ["prices.csv"]\n[strategies.rsi_ladder]\nweight = 1\nsymbols = ["AAA", "BBB"]\n'
    )
    done = run("trade", "--account", tmp_path / "a.db", "--settings", settings)
    assert done.exit_code == 2
    assert str(tmp_path / "prices.csv") in done.stderr
    assert sentence in done.stderr
    assert not (tmp_path / "a.db").exists()


def test_prices_of_ones_own_are_traded(tmp_path: Path) -> None:
    days = [f"2020-01-{day:02},{100 + day},{200 - day}" for day in (6, 7, 8, 9, 10, 13, 14, 15, 16, 17)]
    (tmp_path / "prices.csv").write_text("\n".join(["date,AAA,BBB", *days]) + "\n")
    settings = tmp_path / "settings.toml"
    settings.write_text(
        'price_files = ["prices.csv"]\n'
        '[strategies.inverse_volatility]\nweight = 1\nsymbols = ["AAA", "BBB"]\nvolatility_days = 3\n'
    )
    done = run("history", "--from", "2020-01-10", "--to", "2020-01-17", "--settings", settings)
    assert done.exit_code == 0
    assert "AAA, held throughout" in done.stdout
