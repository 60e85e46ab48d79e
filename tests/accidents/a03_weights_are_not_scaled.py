"""Target weights are not scaled by strategy weight; they sum to 3.

Each strategy spoke of its own money, and three strategies together asked for three accounts.
"""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from changeover.values.divergence import Kind
from changeover.values.verdict import Verdict
from tests.accidents.accident import Accident, Place
from trading.domain.money import ONE
from trading.domain.portfolio import ConsolidatedPortfolio, consolidate
from trading.domain.signal import StrategySignals
from trading.handlers import signal_handler


def consolidate_unscaled(signals: Sequence[StrategySignals]) -> ConsolidatedPortfolio:
    return consolidate([replace(each, weight=ONE) for each in signals])


def plant(patch: pytest.MonkeyPatch) -> None:
    """The signal handler adds up what the strategies want as if each had the whole account."""
    patch.setattr(signal_handler, "consolidate", consolidate_unscaled)


ACCIDENT = Accident(
    __doc__,
    plant,
    Verdict.UNSAFE,
    [
        Place("trading.signals", "events.trading.SignalGenerated", Kind.EVENT_CHANGED),
    ],
)
