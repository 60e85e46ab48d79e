"""The event run shows placeholder data instead of collected results.

The display was connected before the collection of results was, and nobody came back to it.
"""

import pytest

from changeover.values.divergence import Kind
from changeover.values.verdict import Verdict
from tests.accidents.accident import Accident, Place
from trading.events.messages.workflow import WorkflowMode
from trading.handlers.entry_points import EventEntryPoints
from trading.results import empty_results


def show_placeholder(self: EventEntryPoints) -> bool:
    results = self.run(WorkflowMode.SIGNAL_ONLY, ignore_market_hours=False)
    self._display.show_signals(empty_results(success=True, message="signals analysed"))
    return bool(results["success"])


def plant(patch: pytest.MonkeyPatch) -> None:
    """The entry point on events shows the same whatever the run has collected."""
    patch.setattr(EventEntryPoints, "analyze_signals", show_placeholder)


ACCIDENT = Accident(
    __doc__,
    plant,
    Verdict.UNSAFE,
    [Place("entry.analyze-signals", "effects.display.show_signals[None]", Kind.EFFECT_CHANGED)],
)
