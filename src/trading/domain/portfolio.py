"""Signals of several strategies, joined into one target portfolio, and whether it may be traded on."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from trading.domain.money import ONE, ZERO, to_weight
from trading.domain.signal import SignalAction, StrategySignals


@dataclass(frozen=True, slots=True)
class Conflict:
    """A symbol that some strategies buy while others sell it, and what came of that."""

    symbol: str
    buyers: tuple[str, ...]
    sellers: tuple[str, ...]
    target_weight: Decimal


@dataclass(frozen=True, slots=True)
class ConsolidatedPortfolio:
    """Target weights as fractions of the account; with `cash_weight` they add up to exactly 1."""

    target_allocations: dict[str, Decimal]
    cash_weight: Decimal
    strategy_allocations: dict[str, Decimal]
    conflicts: tuple[Conflict, ...]
    failures: dict[str, str]


def consolidate(strategy_signals: Sequence[StrategySignals]) -> ConsolidatedPortfolio:
    """Add up what the strategies want, each scaled by its share of the account.

    A symbol's target is the sum over its buyers: every strategy governs its own share of the money, so a
    SELL means "none of mine" and never cancels another strategy's BUY. Where both occur, the symbol is
    reported as a conflict. The share of a strategy that failed, and all that is not asked for, is cash.
    """
    weights: dict[str, Decimal] = {}
    buyers: dict[str, list[str]] = {}
    sellers: dict[str, list[str]] = {}
    for each in strategy_signals:
        for signal in each.signals:
            if signal.action is SignalAction.BUY:
                share = to_weight(each.weight * signal.target_weight)
                weights[signal.symbol] = weights.get(signal.symbol, ZERO) + share
                buyers.setdefault(signal.symbol, []).append(each.strategy)
            elif signal.action is SignalAction.SELL:
                sellers.setdefault(signal.symbol, []).append(each.strategy)
    targets = {symbol: weights[symbol] for symbol in sorted(weights) if weights[symbol] > ZERO}
    return ConsolidatedPortfolio(
        target_allocations=targets,
        cash_weight=ONE - sum(targets.values(), ZERO),
        strategy_allocations={each.strategy: each.weight for each in strategy_signals},
        conflicts=tuple(
            Conflict(symbol, tuple(buyers[symbol]), tuple(sellers[symbol]), targets.get(symbol, ZERO))
            for symbol in sorted(buyers.keys() & sellers.keys())
        ),
        failures={each.strategy: each.failure for each in strategy_signals if each.failure is not None},
    )


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
    if not any(each.signals for each in strategy_signals):
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
