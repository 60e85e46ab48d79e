"""Evaluates strategies when asked."""

from trading.domain.portfolio import consolidate
from trading.events.bus.handling import Handling
from trading.events.messages.signals import SignalGenerated, SignalsRequested
from trading.services import Services
from trading.strategies.strategy import evaluate_strategies


class SignalHandler:
    """Answers SignalsRequested with SignalGenerated; a strategy that fails is part of the answer."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def handle_signals_requested(self, event: SignalsRequested, handling: Handling) -> None:
        """Evaluate all strategies as of the session that is asked for."""
        signals = evaluate_strategies(self._services.strategies, self._services.market, event.as_of)
        portfolio = consolidate(signals)
        handling.publish(
            SignalGenerated,
            as_of=event.as_of,
            signals=signals,
            strategy_allocations=portfolio.strategy_allocations,
            consolidated_portfolio=portfolio,
        )
