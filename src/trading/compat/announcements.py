"""Where the legacy path's events go: a bus of their own, on which observers may listen and nothing else does.

One bus for both paths would let legacy's SignalGenerated start a second trading run.
"""

from datetime import date
from typing import ClassVar

from changeover.record.declared_buses import DeclaredBus
from trading.domain.portfolio import ConsolidatedPortfolio
from trading.domain.signal import StrategySignals
from trading.events.bus.bus import EventBus
from trading.events.messages.signals import SignalGenerated
from trading.services import Services


class Announcements:
    """Publishes what the legacy path says; nothing consumes it.

    `watched_by` is the bus that it counts as in a migration, None where no migration was composed.
    """

    watched_by: ClassVar[DeclaredBus | None] = None

    def __init__(self, services: Services) -> None:
        self.bus = EventBus(clock=services.clock, ids=services.ids)
        if self.watched_by is not None:
            self.watched_by.watch(self.bus)

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
