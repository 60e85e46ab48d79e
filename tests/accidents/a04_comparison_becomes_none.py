"""The allocation comparison fails and becomes `None`; the run reports success without an order.

The comparison was handed a dictionary where it wanted the account, and its failure was caught. The event
allowed `None` there, and the workflow took "no comparison" for "nothing to trade".
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import pytest
import structlog

from changeover.values.divergence import Kind
from changeover.values.verdict import Verdict
from tests.accidents.accident import Accident, Place
from tests.accidents.event_fields import annotate
from trading import wording
from trading.domain.account import PortfolioState
from trading.domain.comparison import AllocationComparison, compare_allocations
from trading.events.bus.handling import Handling
from trading.events.messages.portfolio import PortfolioAnalysisCompleted
from trading.handlers import portfolio_event_handler, progress, steps
from trading.handlers.progress import WorkflowProgress
from trading.handlers.steps import Step, ended
from trading.results import ResultDict, account_data_dict, comparison_dict

log = structlog.get_logger(__name__)


def compare_or_none(
    targets: Mapping[str, Decimal], state: PortfolioState, reserve: Decimal
) -> AllocationComparison | None:
    account: Any = account_data_dict(state)
    try:
        return compare_allocations(targets, account, reserve)
    except AttributeError as error:
        log.warning("comparison_failed", error=str(error))
        return None


def plant(patch: pytest.MonkeyPatch) -> None:
    """The handler that compares catches its failure, and whoever reads the event lives with `None`."""
    annotate(patch, PortfolioAnalysisCompleted, allocation_comparison=AllocationComparison | None)
    patch.setattr(portfolio_event_handler, "compare_allocations", compare_or_none)
    patch.setattr(progress, "comparison_dict", _shown)
    patch.setattr(steps, "_analysed", _nothing_to_trade(steps._analysed))


def _shown(comparison: AllocationComparison | None) -> ResultDict:
    return comparison_dict(comparison) if comparison else {}


Analysed = Callable[[PortfolioAnalysisCompleted, WorkflowProgress, Handling], Step]


def _nothing_to_trade(analysed: Analysed) -> Analysed:
    def planted(event: PortfolioAnalysisCompleted, known: WorkflowProgress, handling: Handling) -> Step:
        if event.allocation_comparison or not known.trades:
            return analysed(event, known, handling)
        return ended(known, success=True, message=wording.NOTHING_TO_TRADE)

    return planted


ACCIDENT = Accident(
    __doc__,
    plant,
    Verdict.UNSAFE,
    [Place("portfolio.allocation-comparison", "result", Kind.VALUE)],
)
