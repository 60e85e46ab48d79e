"""The comparison mixes fractions and percent.

Targets were fractions of 1, current weights came from a screen that shows percent.
"""

from dataclasses import replace
from typing import Any

import pytest

from changeover.values.divergence import Kind
from changeover.values.verdict import Verdict
from tests.accidents.accident import Accident, Place
from trading.domain.comparison import AllocationComparison, compare_allocations
from trading.handlers import portfolio_event_handler


def compare_with_percent(*compared: Any) -> AllocationComparison:
    comparison = compare_allocations(*compared)
    rows = (replace(row, current_weight=row.current_weight * 100) for row in comparison.rows)
    return replace(comparison, rows=tuple(rows))


def plant(patch: pytest.MonkeyPatch) -> None:
    """The handler that compares has the current weights in percent."""
    patch.setattr(portfolio_event_handler, "compare_allocations", compare_with_percent)


ACCIDENT = Accident(
    __doc__,
    plant,
    Verdict.UNSAFE,
    [Place("portfolio.allocation-comparison", "result.rows[*].current_weight", Kind.VALUE)],
)
