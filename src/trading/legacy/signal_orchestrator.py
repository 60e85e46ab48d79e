"""Signals, the old way: evaluate, consolidate, announce, and return all the same."""

from collections.abc import Callable
from datetime import date

from trading.domain.portfolio import ConsolidatedPortfolio, SignalQuality, consolidate, judge_signals
from trading.domain.signal import StrategySignals
from trading.market.calendar import last_session, session_date
from trading.results import ResultDict, portfolio_dict, signals_dict
from trading.services import Services
from trading.strategies.strategy import evaluate_strategies

Announce = Callable[[date, tuple[StrategySignals, ...], ConsolidatedPortfolio], None]


class SignalOrchestrator:
    """Generates signals; announces them as an event while its callers still live on what it returns."""

    def __init__(self, services: Services, announce: Announce) -> None:
        self._services = services
        self._announce = announce

    def generate_signals(self) -> tuple[tuple[StrategySignals, ...], ConsolidatedPortfolio]:
        """Signals per strategy and the portfolio they add up to, as of the last session that has begun."""
        market = self._services.market
        today = session_date(self._services.clock.now())
        as_of = last_session(today, market.sessions()) or today
        strategy_signals = evaluate_strategies(self._services.strategies, market, as_of)
        portfolio = consolidate(strategy_signals)
        self._announce(as_of, strategy_signals, portfolio)
        return strategy_signals, portfolio

    def analyze_signals(self) -> ResultDict | None:
        """Signals and their quality for display, or None where no strategy said anything."""
        strategy_signals, portfolio = self.generate_signals()
        if not any(each.signals for each in strategy_signals):
            return None
        quality = self.validate_signal_quality(strategy_signals, portfolio)
        return {
            "strategy_signals": signals_dict(strategy_signals),
            "consolidated_portfolio": portfolio_dict(portfolio),
            "acceptable": quality.acceptable,
            "problems": list(quality.problems),
            "warnings": list(quality.warnings),
        }

    def validate_signal_quality(
        self, strategy_signals: tuple[StrategySignals, ...], portfolio: ConsolidatedPortfolio
    ) -> SignalQuality:
        """Whether these signals may be traded on."""
        return judge_signals(strategy_signals, portfolio)
