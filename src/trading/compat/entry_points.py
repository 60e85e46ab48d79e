"""The old entry points as they stand behind the front door."""

from dataclasses import dataclass

from changeover.values.pins import Pins, resumed
from trading import wording
from trading.desk import Desk
from trading.display import Screen
from trading.entry_points import EntryPoints
from trading.events.bus.bus import EventBus
from trading.legacy.container import Container

ALL_OFF = Pins({})


@dataclass(frozen=True, kw_only=True)
class EventContainer(Container):
    """The legacy container, and the desk's bus for the phases in which the event-driven path answers."""

    bus: EventBus


class LegacyAlone:
    """Entry points inside which every seam is off: whatever the flags say, nothing is asked or compared."""

    def __init__(self, system: EntryPoints) -> None:
        self._system = system

    def analyze_signals(self) -> bool:
        """Show signals; True if there is something to go by."""
        with resumed(ALL_OFF):
            return self._system.analyze_signals()

    def execute_trading(self, ignore_market_hours: bool = False) -> bool:
        """Trade; True if what was planned happened, or nothing was to be done."""
        with resumed(ALL_OFF):
            return self._system.execute_trading(ignore_market_hours)


class DirectRuns:
    """Entry points whose trading runs keep no record of their own: the guard keeps one for them."""

    def __init__(self, entry_points: EntryPoints, desk: Desk, screen: Screen) -> None:
        self._entry_points = entry_points
        self._desk = desk
        self._screen = screen

    def analyze_signals(self) -> bool:
        """Show signals; True if there is something to go by."""
        return self._entry_points.analyze_signals()

    def execute_trading(self, ignore_market_hours: bool = False) -> bool:
        """Trade, on record before the first order can be placed and when the run has ended."""
        desk = self._desk
        record = desk.guard.begin_direct(desk.services.ids.new("run"), desk.session())
        went_well = self._entry_points.execute_trading(ignore_market_hours)
        desk.guard.end_direct(record, may_have_traded=self._may_have_traded())
        return went_well

    def _may_have_traded(self) -> bool:
        """A run that ended early may have got anywhere."""
        results = self._screen.results
        if results is None:
            return True
        return results["execution_result"] is not None or results["message"] == wording.NOTHING_TO_TRADE
