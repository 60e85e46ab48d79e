"""The event with which a process begins."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Literal

from trading.events.messages.envelope import BaseEvent


class StartupMode(StrEnum):
    """What the process was started for."""

    SIGNAL = "signal"
    TRADE = "trade"
    HISTORY = "history"
    RECOVERY = "recovery"


@dataclass(frozen=True, slots=True)
class StartupConfiguration:
    """The settings that decide what is traded; `strategy_weights` are fractions of the account."""

    broker: str
    market_data: str
    strategy_weights: dict[str, Decimal]
    cash_reserve: Decimal
    minimum_trade: Decimal


class StartupEvent(BaseEvent):
    """The process is composed and about to work."""

    event_type: Literal["StartupEvent"] = "StartupEvent"
    schema_version: Literal[1] = 1
    startup_mode: StartupMode
    configuration: StartupConfiguration
