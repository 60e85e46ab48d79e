"""The real program is killed at a stage, and somebody goes back: a cut of `tests.sweeps stage-kills`."""

from pathlib import Path

import pytest

from tests.sweeps.stage_kills import Round, Rounds
from tests.trading.support.deaths import Moment


@pytest.mark.parametrize(
    "one",
    [Round("live", Moment("call", 14, True), "rollback"), Round("shadow", Moment("call", 19, False), "kill")],
    ids=str,
)
def test_a_killed_run_leaves_no_order_twice_and_none_lost_whichever_path_comes_next(
    tmp_path: Path, one: Round
) -> None:
    ended = Rounds(tmp_path).survive(one)
    assert ended.killed
    assert ended.problem is None
