"""An account is known by what it is: by whatever name its file is reached, it is traded once in a session."""

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from itertools import product
from pathlib import Path

import pytest

from tests.trading.support.deaths import PRICES, SECOND, THIRD, account_after_a_session, settings_with, trade
from tests.trading.support.desks import front_door
from trading.composition import TradingPath, open_desk
from trading.database import DatabaseUnusable
from trading.desk import Desk, journal_path
from trading.events.journal.port import JournalBusy
from trading.market.calendar import session_time
from trading.notify.notifiers import MemoryNotifier
from trading.run_guard import RunRefused

PATHS = list(TradingPath)
OtherName = Callable[[Path], Path]


def through_a_link(account: Path) -> Path:
    (account.parent / "other.db").symlink_to(account.name)
    return account.parent / "other.db"


def through_a_link_to_a_link(account: Path) -> Path:
    (account.parent / "third.db").symlink_to(through_a_link(account))
    return account.parent / "third.db"


def through_a_link_in_another_folder(account: Path) -> Path:
    elsewhere = account.parent.with_name("elsewhere")
    elsewhere.mkdir()
    (elsewhere / "b.db").symlink_to(account)
    return elsewhere / "b.db"


def through_a_link_to_its_folder(account: Path) -> Path:
    account.parent.with_name("linked").symlink_to(account.parent, target_is_directory=True)
    return account.parent.with_name("linked") / account.name


def by_a_relative_path(account: Path) -> Path:
    return Path(os.path.relpath(account))


def by_a_detour(account: Path) -> Path:
    return account.parent / ".." / account.parent.name / account.name


SAME_FILE: list[OtherName] = [
    through_a_link,
    through_a_link_to_a_link,
    through_a_link_in_another_folder,
    through_a_link_to_its_folder,
    by_a_relative_path,
    by_a_detour,
]


def by_a_hard_link(account: Path) -> Path:
    (account.parent / "other.db").hardlink_to(account)
    return account.parent / "other.db"


def by_a_hard_link_in_another_folder(account: Path) -> Path:
    elsewhere = account.parent.with_name("elsewhere")
    elsewhere.mkdir()
    (elsewhere / account.name).hardlink_to(account)
    return elsewhere / account.name


def renamed(account: Path) -> Path:
    return account.rename(account.parent / "other.db")


def moved(account: Path) -> Path:
    elsewhere = account.parent.with_name("elsewhere")
    elsewhere.mkdir()
    return account.rename(elsewhere / account.name)


def copied_without_its_journal(account: Path) -> Path:
    return Path(shutil.copy(account, account.parent / "other.db"))


def without_its_journal(account: Path) -> Path:
    journal_path(account).unlink()
    return account


def beside_the_journal_of_another(account: Path) -> Path:
    another = account_after_a_session(account.parent.with_name("another"))
    shutil.copy(journal_path(another / "a.db"), journal_path(account))
    return account


def replaced_by_a_new_one(account: Path) -> Path:
    account.unlink()
    return account


NOT_ITS_JOURNAL: list[OtherName] = [
    by_a_hard_link,
    by_a_hard_link_in_another_folder,
    renamed,
    moved,
    copied_without_its_journal,
    without_its_journal,
    beside_the_journal_of_another,
    replaced_by_a_new_one,
]


@pytest.fixture
def account(tmp_path: Path) -> Path:
    """An account that was traded in the second session."""
    folder = account_after_a_session(tmp_path / "account")
    assert trade(folder, SECOND) == "ended"
    return folder / "a.db"


def opened(account: Path) -> Desk:
    notifier = MemoryNotifier()
    return open_desk(settings_with(), PRICES, account=account, now=session_time(SECOND), notifier=notifier)


@pytest.mark.parametrize(("other_name", "path"), list(product(SAME_FILE, PATHS)))
def test_a_session_is_not_traded_again_by_another_name(
    account: Path, other_name: OtherName, path: TradingPath
) -> None:
    with opened(other_name(account)) as desk, pytest.raises(RunRefused, match="was traded in session"):
        front_door(desk, path).execute_trading()


@pytest.mark.parametrize("other_name", SAME_FILE)
def test_two_processes_do_not_trade_one_account_by_two_names(
    account: Path, other_name: OtherName, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trading.database.BUSY_TIMEOUT_S", 0.01)
    with opened(account) as desk:
        front_door(desk).execute_trading(again=True)
        with opened(other_name(account)) as other, pytest.raises(JournalBusy, match="another process"):
            front_door(other).execute_trading(again=True)


@pytest.mark.parametrize("other_name", NOT_ITS_JOURNAL)
def test_an_account_without_the_journal_of_its_runs_is_refused(account: Path, other_name: OtherName) -> None:
    name = other_name(account)
    held = {file.name for file in name.parent.iterdir() if "journal" in file.name}
    with pytest.raises(DatabaseUnusable, match=r"journal|hard links"):
        opened(name)
    assert {file.name for file in name.parent.iterdir() if "journal" in file.name} == held


def test_an_account_is_traded_on_under_its_own_name_when_the_hard_link_is_gone(account: Path) -> None:
    by_a_hard_link(account).unlink()
    assert trade(account.parent, THIRD) == "ended"


def test_an_account_and_its_journal_may_move_together(account: Path) -> None:
    folder = account.parent.rename(account.parent.with_name("moved"))
    assert trade(folder, SECOND) == "refused"
    assert trade(folder, THIRD) == "ended"


def test_an_account_is_opened_where_a_link_points_that_leads_nowhere_yet(tmp_path: Path) -> None:
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "a.db").symlink_to(tmp_path / "a.db")
    with opened(tmp_path / "links" / "a.db"):
        assert sorted(file.name for file in tmp_path.glob("*.db")) == ["a.db", "a.journal.db"]


def test_an_account_and_a_journal_from_before_there_were_pairs_are_paired(account: Path) -> None:
    for file in (account, journal_path(account)):
        with closing(sqlite3.connect(file)) as kept:
            kept.execute("DROP TABLE pair")
    assert trade(account.parent, SECOND) == "refused"
    journal_path(account).unlink()
    with pytest.raises(DatabaseUnusable, match="is missing"):
        opened(account)
