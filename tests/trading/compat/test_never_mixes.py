"""Stages flipped in the middle of a trading run: it ends on the path it began on, the next one follows.

A cut of `python -m tests.sweeps mixing`.
"""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from changeover.values.stage import in_bucket
from tests.sweeps.mixing import Mixing, pairs_alone, pairs_together
from tests.trading.support.fakes import Interrupted
from tests.trading.support.flipped_runs import (
    ACCOUNT,
    KILLED,
    PHASES,
    SETTINGS,
    STATES,
    Steps,
    Switchboard,
    all_at,
    open_desk,
)
from trading.composition import TradingPath, compose_migration, front_door
from trading.display import NoDisplay
from trading.notify.notifiers import MemoryNotifier
from trading.run_guard import RunRefused

MIGRATION = compose_migration()

BY_EVENTS = {"ramp-in", "live", "complete"}


@pytest.fixture
def board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Switchboard]:
    yield Switchboard(tmp_path, monkeypatch)
    monkeypatch.undo()
    MIGRATION.look_again()


@pytest.fixture
def mixing(board: Switchboard) -> Mixing:
    return Mixing(board)


def test_the_account_is_in_and_out_of_every_phases_bucket_as_the_names_say() -> None:
    assert SETTINGS.paper.account_id == ACCOUNT
    assert all(in_bucket(phase, ACCOUNT, STATES["ramp-in"].percent) for phase in PHASES)
    assert not any(in_bucket(phase, ACCOUNT, STATES["ramp-out"].percent) for phase in PHASES)


@pytest.mark.parametrize("state", [*STATES, KILLED])
def test_an_undisturbed_run_is_of_one_path_and_every_path_does_the_same(mixing: Mixing, state: str) -> None:
    traces = mixing.undisturbed(all_at(state))
    path = "events" if state in BY_EVENTS else "legacy"
    for trace, reference in zip(traces, mixing.undisturbed(all_at("off")), strict=True):
        assert trace.paths - {""} == {path}
        assert bool(trace.events) is (path == "events")
        assert trace.orders
        assert all(name.startswith("plan-workflow-") is (path == "events") for name in trace.named)
        assert trace.did == reference.did


def test_every_pair_of_stages_flipped_within_a_run_leaves_the_run_as_it_began(mixing: Mixing) -> None:
    drawn = random.Random(1)  # noqa: S311  (which steps are tried is no secret)
    for pair in pairs_together():
        assert mixing.wrong(pair, drawn.choice(mixing.steps(pair[0]))) == []


def test_one_phase_flipped_within_a_run_leaves_the_run_as_it_began(mixing: Mixing) -> None:
    drawn = random.Random(2)  # noqa: S311  (nor which pairs)
    for pair in drawn.sample(pairs_alone(), 12):
        assert mixing.wrong(pair, drawn.choice(mixing.steps(pair[0]))) == []


@pytest.mark.parametrize("then", ["off", KILLED, "live"])
def test_a_run_that_dies_on_events_is_ended_by_events_whatever_the_stage_is_then(
    board: Switchboard, tmp_path: Path, then: str
) -> None:
    account, notifier = tmp_path / "a.db", MemoryNotifier()

    def die() -> None:
        raise Interrupted

    board.stand(all_at("live"))
    steps = Steps()
    with open_desk(account, steps, notifier) as desk:
        door = front_door(desk, TradingPath.FLAGS, NoDisplay())
        steps.flip = die
        steps.flip_at = _second_submit(board)
        board.stand(all_at("live"))
        with pytest.raises(Interrupted):
            door.execute_trading()
    board.stand(all_at(then))
    steps = Steps()
    with open_desk(account, steps, notifier) as desk:
        with pytest.raises(RunRefused, match="was traded in session"):
            front_door(desk, TradingPath.FLAGS, NoDisplay()).execute_trading()
        orders = desk.broker.orders()
    assert "legacy" not in {path for path, _ in steps.calls}
    assert len(orders) == len({(order.symbol, order.side) for order in orders}) == 2
    assert all(order.client_order_id.startswith("plan-workflow-") for order in orders)


def _second_submit(board: Switchboard) -> int:
    calls = Mixing(board).undisturbed(all_at("live"))[0].calls
    submits = [number for number, (_, call) in enumerate(calls, 1) if call == "broker.submit"]
    return submits[1]
