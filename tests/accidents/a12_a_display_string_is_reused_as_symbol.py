"""A display string ("SMR, BWXT, LEU") is reused as the event's symbol; emission is dead for a week.

A strategy that wants several symbols shows them in one line. That line went into the event, the event knows
what a symbol looks like, and what it said about that was a line in a log that nobody read.
"""

import re
from dataclasses import replace

import pytest
import structlog

from changeover.values.divergence import Kind
from changeover.values.verdict import Verdict
from tests.accidents.accident import Accident, Place
from trading.domain.money import ZERO
from trading.domain.portfolio import consolidate
from trading.domain.signal import SignalAction, StrategySignals
from trading.events.bus.handling import Handling
from trading.events.messages.signals import SignalGenerated, SignalsRequested
from trading.handlers import subscriptions
from trading.handlers.signal_handler import SignalHandler
from trading.strategies.strategy import evaluate_strategies

log = structlog.get_logger(__name__)
SYMBOL = re.compile(r"[A-Z]{1,6}")


class Announcing(SignalHandler):
    def handle_signals_requested(self, event: SignalsRequested, handling: Handling) -> None:
        signals = evaluate_strategies(self._services.strategies, self._services.market, event.as_of)
        announced = tuple(map(in_one_line, signals))
        portfolio = consolidate(signals)
        try:
            check_symbols(announced)
        except ValueError as error:
            log.warning("signal_not_emitted", error=str(error))
            return
        handling.publish(
            SignalGenerated,
            as_of=event.as_of,
            signals=signals,
            strategy_allocations=portfolio.strategy_allocations,
            consolidated_portfolio=portfolio,
        )


def in_one_line(each: StrategySignals) -> StrategySignals:
    bought = [signal for signal in each.signals if signal.action is SignalAction.BUY]
    if not bought:
        return each
    shown = ", ".join(signal.symbol for signal in bought)
    weight = sum((signal.target_weight for signal in bought), ZERO)
    return replace(each, signals=(replace(bought[0], symbol=shown, target_weight=weight),))


def check_symbols(signals: tuple[StrategySignals, ...]) -> None:
    for each in signals:
        for signal in each.signals:
            if not SYMBOL.fullmatch(signal.symbol):
                raise ValueError(f"{signal.symbol!r} is no symbol")


def plant(patch: pytest.MonkeyPatch) -> None:
    """The signal handler announces each strategy under its display string."""
    patch.setattr(subscriptions, "SignalHandler", Announcing)


ACCIDENT = Accident(
    __doc__,
    plant,
    Verdict.UNSAFE,
    [
        Place("trading.signals", "events.trading.SignalsRequested", Kind.EVENT_UNANSWERED),
        Place("trading.signals", "events.trading.SignalGenerated", Kind.EVENT_MISSING),
    ],
)
