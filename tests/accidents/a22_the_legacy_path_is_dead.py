"""The legacy path is dead (its provider moved) and nobody notices.

Every comparison was between nothing and something, and a comparison that is red every day is looked at by
nobody.
"""

from typing import Any, NoReturn

import pytest

from changeover.values.divergence import Kind
from changeover.values.verdict import Verdict
from tests.accidents.accident import Accident, Place
from trading.legacy import signal_orchestrator


def evaluate_from_where_it_was(*_: Any) -> NoReturn:
    raise ModuleNotFoundError("No module named 'trading.strategies.evaluation'")


def plant(patch: pytest.MonkeyPatch) -> None:
    """The old orchestrator looks for the strategies where they are no more."""
    patch.setattr(signal_orchestrator, "evaluate_strategies", evaluate_from_where_it_was)


ACCIDENT = Accident(
    __doc__,
    plant,
    Verdict.UNSAFE,
    [
        Place("trading.signals", "events.trading.SignalGenerated", Kind.EVENT_EXTRA),
    ],
)
