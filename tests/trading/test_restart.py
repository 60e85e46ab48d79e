"""A process that ends anywhere in a trading run, and the next one, which finishes it: every order once."""

from collections import Counter
from pathlib import Path

import pytest

from tests.trading.support.deaths import (
    SECOND,
    Moment,
    Outcome,
    Reaper,
    account_after_a_session,
    copied,
    interrupt,
    outcome,
    trade,
)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return account_after_a_session(tmp_path_factory.mktemp("accounts") / "template")


@pytest.fixture(scope="module")
def whole(template: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Outcome, Counter[str]]:
    """The session without an interruption, and how many commits and calls it took."""
    folder = copied(template, tmp_path_factory.mktemp("accounts") / "whole")
    reaper = Reaper(None, interrupt)
    assert trade(folder, SECOND, reaper=reaper) == "ended"
    return outcome(folder, template), reaper.counts


def test_the_uninterrupted_session_sells_and_buys(whole: tuple[Outcome, Counter[str]]) -> None:
    assert {side for _, side, _, _ in whole[0].orders} == {"SELL", "BUY"}
    assert whole[0].states == ("COMPLETED", "COMPLETED")
    assert (whole[0].problems, whole[0].undelivered, whole[0].dead) == ((), 0, 0)


@pytest.mark.parametrize("what", ["commit", "call"])
@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
def test_a_run_that_died_at_any_moment_is_finished_with_every_order_once(
    what: str, done: bool, template: Path, whole: tuple[Outcome, Counter[str]], tmp_path: Path
) -> None:
    undisturbed, counts = whole
    wrong = {}
    for number in range(1, counts[what] + 1):
        moment = Moment(what, number, done)
        folder = copied(template, tmp_path / "account")
        assert trade(folder, SECOND, reaper=Reaper(moment, interrupt)) == "died", moment
        trade(folder, SECOND)
        found = outcome(folder, template)
        if found != undisturbed:
            wrong[str(moment)] = found
    assert wrong == {}


def test_a_process_that_dies_again_while_it_finishes_leaves_the_rest_to_the_next(
    template: Path, whole: tuple[Outcome, Counter[str]], tmp_path: Path
) -> None:
    folder = copied(template, tmp_path / "account")
    lives = 0
    while trade(folder, SECOND, reaper=Reaper(Moment("commit", 2, True), interrupt)) == "died":
        lives += 1
    assert outcome(folder, template) == whole[0]
    assert lives >= whole[1]["commit"] // 3
