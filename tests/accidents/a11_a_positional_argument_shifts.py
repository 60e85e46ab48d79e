"""A positional argument shifts: `ignore_market_hours` lands in another parameter.

The new entry point got a parameter in front of the old one. Whoever asked to ignore the market's hours was
told that the market is closed.
"""

import pytest

from changeover.values.divergence import Kind
from changeover.values.verdict import Verdict
from tests.accidents.accident import Accident, Place
from trading.handlers.entry_points import EventEntryPoints

execute = EventEntryPoints.execute_trading


def execute_shifted(self: EventEntryPoints, quiet: bool = False, ignore_market_hours: bool = False) -> bool:
    return execute(self, ignore_market_hours)


def plant(patch: pytest.MonkeyPatch) -> None:
    """The entry point on events has a parameter more, and it is the first one."""
    patch.setattr(EventEntryPoints, "execute_trading", execute_shifted)


ACCIDENT = Accident(
    __doc__,
    plant,
    Verdict.UNSAFE,
    [
        Place("entry.execute-trading", "effects.notifier.send[*]", Kind.EFFECT_EXTRA),
        Place("entry.execute-trading", "effects.broker.submit_order[*]", Kind.EFFECT_MISSING),
    ],
)
