"""Events about signals."""

from datetime import date
from decimal import Decimal
from typing import Literal

from trading.domain.portfolio import ConsolidatedPortfolio
from trading.domain.signal import StrategySignals
from trading.events.messages.envelope import BaseEvent


class SignalsRequested(BaseEvent):
    """Evaluate all strategies as of a session."""

    event_type: Literal["SignalsRequested"] = "SignalsRequested"
    schema_version: Literal[1] = 1
    as_of: date


class SignalGenerated(BaseEvent):
    """What every strategy said, or why it said nothing, and the portfolio that this adds up to."""

    event_type: Literal["SignalGenerated"] = "SignalGenerated"
    schema_version: Literal[1] = 1
    as_of: date
    signals: tuple[StrategySignals, ...]
    strategy_allocations: dict[str, Decimal]
    consolidated_portfolio: ConsolidatedPortfolio
