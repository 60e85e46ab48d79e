"""Trades are booked under "unknown" because the strategy's name is lost on the way.

The signals carried their strategy, the message in which they travelled did not, and whoever unpacked it had
to write something.
"""

from dataclasses import replace
from typing import Any

import pytest

from changeover.values.divergence import Kind
from changeover.values.verdict import Verdict
from tests.accidents.accident import Accident, Place
from trading.domain.signal import StrategySignals
from trading.handlers import signal_handler
from trading.strategies.strategy import evaluate_strategies


def evaluate_namelessly(*asked: Any) -> tuple[StrategySignals, ...]:
    return tuple(replace(each, strategy="unknown") for each in evaluate_strategies(*asked))


def plant(patch: pytest.MonkeyPatch) -> None:
    """The signal handler hands on what the strategies said without their names."""
    patch.setattr(signal_handler, "evaluate_strategies", evaluate_namelessly)


ACCIDENT = Accident(
    __doc__,
    plant,
    Verdict.UNSAFE,
    [
        Place("trading.signals", "events.trading.SignalGenerated", Kind.EVENT_CHANGED),
    ],
)
