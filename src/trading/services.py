"""What both paths work with: the ports, and the strategies with their shares of the account."""

from dataclasses import dataclass

from trading.broker.port import Broker
from trading.clock import Clock
from trading.ids import Ids
from trading.market.port import MarketData
from trading.notify.port import Notifier
from trading.strategies.strategy import WeightedStrategy


@dataclass(frozen=True, slots=True)
class Services:
    """One set of ports; a run of either path uses exactly one set from beginning to end."""

    market: MarketData
    broker: Broker
    notifier: Notifier
    clock: Clock
    ids: Ids
    strategies: tuple[WeightedStrategy, ...]
