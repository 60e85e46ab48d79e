"""The commands on either path: they show the same, list the same, and obey the stages."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from trading.cli import main
from trading.composition import compose_migration

MIGRATION = compose_migration()

DAY, NEXT_DAY = "2011-08-09", "2011-08-10"
PATHS = ("flags", "legacy", "candidate")


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments], catch_exceptions=False)


@pytest.fixture
def account(tmp_path: Path) -> Path:
    path = tmp_path / "a.db"
    assert run("trade", "--path", "candidate", "--at", DAY, "--account", path).exit_code == 0
    return path


def test_trade_looks_the_same_on_either_path(tmp_path: Path) -> None:
    shown = {
        path: run("trade", "--path", path, "--at", DAY, "--account", tmp_path / path / "a.db").stdout
        for path in PATHS
    }
    flags, legacy, candidate = (shown[path].splitlines()[1:] for path in PATHS)
    assert flags == candidate == legacy
    assert candidate[-1] == "done: 17 of 17 trades done"


def test_history_prints_the_same_on_either_path() -> None:
    days = ("--from", "2011-08-01", "--to", "2011-08-12")
    flags, legacy, candidate = (run("history", *days, "--path", path) for path in PATHS)
    assert (candidate.exit_code, candidate.stdout) == (legacy.exit_code, legacy.stdout)
    assert flags.stdout == legacy.stdout


def test_workflows_lists_what_ran_on_either_path(account: Path) -> None:
    run("trade", "--path", "legacy", "--at", NEXT_DAY, "--account", account)
    heading, first, second = run("workflows", "--account", account).stdout.splitlines()
    assert heading.split() == ["workflow", "session", "state", "started", "lasted"]
    assert first.split()[1:3] == [DAY, "COMPLETED"]
    assert f"{NEXT_DAY}  ended (without events)" in second
    listed = json.loads(run("workflows", "--account", account, "--format", "json").stdout)
    assert [record["state"] for record in listed["workflows"]] == ["COMPLETED", "DIRECT_ENDED"]


def test_trade_obeys_the_flags(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for phase in ("PORTFOLIO", "TRADING", "ENTRY_POINTS"):
        monkeypatch.setenv(f"CHANGEOVER_STAGE_{phase}", "live")
    MIGRATION.look_again()
    try:
        done = run("trade", "--at", DAY, "--account", tmp_path / "a.db")
    finally:
        monkeypatch.undo()
        MIGRATION.look_again()
    assert done.exit_code == 0
    assert done.stdout.splitlines()[-1] == "done: 17 of 17 trades done"
    told = json.loads(run("workflows", "--account", tmp_path / "a.db", "--format", "json").stdout)
    assert "COMPLETED" in [workflow["state"] for workflow in told["workflows"]]
