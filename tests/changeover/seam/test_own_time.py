"""What counts as a path's own time: neither what a port takes, nor what recording and replaying it takes."""

from typing import Any

import pytest

from changeover import Migration, Run

PORT_S, PATH_S = 100.0, 1.0


class Clock:
    """Stands still but for those who say how long they take."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def takes(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    for module in ("seam.experiment", "record.recorder", "replay.runner", "replay.replayer"):
        monkeypatch.setattr(f"changeover.{module}.perf_counter", clock)
    return clock


def test_time_in_ports_and_in_looking_them_up_on_the_tape_is_no_paths_own(clock: Clock) -> None:
    class Feed:
        def price(self, symbol: str) -> int:
            clock.takes(PORT_S)
            return len(symbol)

    def same_question(symbol: str) -> str:
        clock.takes(PORT_S)  # what a replay works out to find the answer
        return symbol

    feed, runs = Feed(), list[Run]()
    migration = Migration(sink=runs.append, environment={"CHANGEOVER_STAGE_S": "shadow"})
    migration.port("feed", feed, reads={"price": same_question})

    def path(symbol: str) -> Any:
        clock.takes(PATH_S)
        return feed.price(symbol)

    assert migration.seam("s", legacy=path, candidate=path)("SPY") == 3
    [run] = runs
    assert run.verdict == "match"
    assert run.legacy is not None
    assert run.candidate is not None
    assert (run.legacy.own_time_s, run.candidate.own_time_s) == (PATH_S, PATH_S)
