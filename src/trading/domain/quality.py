"""Whether a day's signals are good enough to trade on."""

from collections.abc import Sequence
from dataclasses import dataclass

from trading.domain.money import ONE, ZERO
from trading.domain.portfolio import ConsolidatedPortfolio
from trading.domain.signal import StrategySignals


@dataclass(frozen=True, slots=True)
class SignalQuality:
    """`problems` forbid trading; `warnings` are told and trading goes on."""

    problems: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def acceptable(self) -> bool:
        """True where nothing forbids trading."""
        return not self.problems


def judge_signals(
    strategy_signals: Sequence[StrategySignals], portfolio: ConsolidatedPortfolio
) -> SignalQuality:
    """No signal at all, or weights that do not add up, forbid trading; one silent strategy warns.

    Without this check a day on which every strategy failed would sell the whole account into cash.
    """
    problems = []
    if not any(said.signals for said in strategy_signals):
        problems.append("no strategy gave a signal")
    total = sum(portfolio.target_allocations.values(), ZERO) + portfolio.cash_weight
    if total != ONE:
        problems.append(f"target weights and cash add up to {total}, not 1")
    if portfolio.cash_weight < ZERO:
        problems.append(f"target weights add up to {ONE - portfolio.cash_weight}, more than the account")
    problems.extend(
        f"{symbol}: target weight {weight} is negative"
        for symbol, weight in portfolio.target_allocations.items()
        if weight < ZERO
    )
    warnings = [f"{name} gave no signal: {why}" for name, why in portfolio.failures.items()]
    warnings.extend(
        f"{conflict.symbol}: {', '.join(conflict.buyers)} buy, {', '.join(conflict.sellers)} sell"
        for conflict in portfolio.conflicts
    )
    return SignalQuality(tuple(problems), tuple(warnings))
