"""A cut of `python -m tests.sweeps kills`: processes that are really killed."""

from pathlib import Path

import pytest

from tests.sweeps.kills import rounds, survive, undisturbed
from tests.trading.support.deaths import Moment, account_after_a_session

KILLS = [Moment("submit", 2, True), Moment("execution", 1, False)]


def test_a_killed_process_leaves_a_run_that_the_next_one_finishes(tmp_path: Path) -> None:
    template = account_after_a_session(tmp_path / "template")
    expected, counts = undisturbed(template, tmp_path / "whole")
    (drawn,) = rounds(counts, 1, seed=4)
    died = 0
    for moments in (*[[kill] for kill in KILLS], drawn[:2]):
        found, kills = survive(template, tmp_path / "account", moments)
        assert found == expected, moments
        died += kills
    assert died >= len(KILLS) + 1


@pytest.mark.parametrize("arguments", [[], ["no-such-sweep"]])
def test_an_unknown_sweep_is_refused_with_the_names_there_are(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    from tests.sweeps.__main__ import main

    assert main(arguments) == 2
    assert "kills" in capsys.readouterr().err
