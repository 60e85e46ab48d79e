"""Where the legacy path's events go: a bus of their own, on which observers may listen and nothing else does.

One bus for both paths would let legacy's SignalGenerated start a second trading run.
"""

from datetime import date

from trading.domain.portfolio import ConsolidatedPortfolio
from trading.domain.signal import StrategySignals
from trading.events.bus.bus import EventBus
from trading.events.messages.signals import SignalGenerated
from trading.services import Services


class Announcements:
    """Publishes what the legacy path says; nothing consumes it."""

    def __init__(self, services: Services) -> None:
        self.bus = EventBus(clock=services.clock, ids=services.ids)

    def announce_signals(
        self, as_of: date, signals: tuple[StrategySignals, ...], portfolio: ConsolidatedPortfolio
    ) -> None:
        """The signals of a day, each in a run of its own."""
        self.bus.emit(
            SignalGenerated,
            source_module=__name__,
            source_component="SignalOrchestrator",
            as_of=as_of,
            signals=signals,
            strategy_allocations=portfolio.strategy_allocations,
            consolidated_portfolio=portfolio,
        )
