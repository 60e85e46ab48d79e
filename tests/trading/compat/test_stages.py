"""What a trading run really does in every legal combination of stages: the same."""

from collections.abc import Iterator
from datetime import date
from functools import cache
from itertools import product

import pytest

from tests.trading.support.desks import front_door, open_desk
from trading.composition import compose_migration
from trading.market.calendar import session_time
from trading.market.history import load_bundled
from trading.settings import Settings

MIGRATION = compose_migration()

STAGES = ("off", "shadow", "ramp", "live", "complete")
PHASES = ("PORTFOLIO", "TRADING", "ENTRY_POINTS")
SESSIONS = (date(2011, 8, 9), date(2011, 8, 10))
LEGAL = [
    stages
    for stages in product(STAGES, repeat=3)
    if STAGES.index(stages[0]) >= STAGES.index(stages[1]) >= STAGES.index(stages[2])
]


@pytest.fixture
def stages(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[tuple[str, ...]]:
    for phase, stage in zip(PHASES, request.param, strict=True):
        monkeypatch.setenv(f"CHANGEOVER_STAGE_{phase}", stage)
    MIGRATION.look_again()
    yield request.param
    monkeypatch.undo()
    MIGRATION.look_again()


Traded = tuple[list[object], list[str], str]


def traded() -> Traded:
    """Orders, subjects of messages and the account after two sessions."""
    desk, mail = open_desk(Settings(), load_bundled(), SESSIONS[0])
    with desk:
        door = front_door(desk)
        for session in SESSIONS:
            desk.clock.advance_to(session_time(session))
            assert door.analyze_signals()
            assert door.execute_trading()
        orders: list[object] = [
            (order.symbol, order.side, order.quantity, order.filled_average_price)
            for order in desk.broker.orders()
        ]
        return orders, [message.subject for message in mail], repr(desk.broker.state())


@cache
def traded_by_legacy() -> Traded:
    return traded()


@pytest.fixture
def reference(nothing_has_moved: None) -> Traded:
    """Of every phase at `off`: asked for before a test sets its stages."""
    return traded_by_legacy()


@pytest.mark.parametrize("stages", LEGAL, indirect=True, ids="-".join)
def test_orders_messages_and_account_are_the_same_in_every_legal_combination(
    reference: Traded, stages: tuple[str, ...]
) -> None:
    assert traded() == reference


@pytest.mark.parametrize("stages", [("shadow",) * 3, ("live",) * 3], indirect=True, ids="-".join)
def test_a_shadowed_path_matches_and_leaves_nothing_behind(
    reference: Traded, stages: tuple[str, ...]
) -> None:
    MIGRATION.counts.clear()
    assert traded() == reference
    assert {verdict for _, verdict in MIGRATION.counts} == {"match"}
    assert sum(MIGRATION.counts.values()) >= 4
