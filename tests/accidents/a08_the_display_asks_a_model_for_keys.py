"""A dictionary became a model; the display asks it for keys.

The fields had the same names and values. Whoever compared the two found nothing; the screen of the first
real run ended in a traceback.
"""

from dataclasses import dataclass
from typing import Any

import pytest

from changeover.values.divergence import Kind
from changeover.values.verdict import Verdict
from tests.accidents.accident import Accident, Place
from trading.domain.comparison import AllocationComparison
from trading.handlers import progress
from trading.results import ResultDict, comparison_dict


@dataclass(frozen=True)
class ShownRow:
    target_weight: float
    current_weight: float
    target_value: float
    current_value: float
    delta: float


def comparison_models(comparison: AllocationComparison) -> ResultDict:
    rows: dict[str, Any] = comparison_dict(comparison)
    return {symbol: ShownRow(**row) for symbol, row in rows.items()}


def plant(patch: pytest.MonkeyPatch) -> None:
    """The rows of the comparison in the collected results are models."""
    patch.setattr(progress, "comparison_dict", comparison_models)


ACCIDENT = Accident(
    __doc__,
    plant,
    Verdict.DIVERGED,
    [Place("entry.analyze-signals", "error", Kind.ERROR_ONE_SIDE)],
)
