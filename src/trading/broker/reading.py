"""The account as one value."""

from trading.broker.port import Broker
from trading.domain.account import PortfolioState


def read_state(broker: Broker) -> PortfolioState:
    """Account, positions and open orders, read one after the other; raises BrokerError."""
    return PortfolioState(broker.account(), broker.positions(), broker.open_orders())
