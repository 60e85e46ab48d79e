"""Reads the account when asked."""

import structlog

from trading import wording
from trading.broker.port import BrokerError
from trading.broker.reading import read_state
from trading.events.account import AccountDataRequested, AccountDataRetrieved
from trading.events.handling import Handling
from trading.handlers.failed_step import report_failed_step
from trading.services import Services

log = structlog.get_logger(__name__)


class AccountDataHandler:
    """Answers AccountDataRequested with AccountDataRetrieved, or says that the account cannot be read."""

    def __init__(self, services: Services) -> None:
        self._broker = services.broker

    def handle_account_data_requested(self, event: AccountDataRequested, handling: Handling) -> None:
        """Read account, positions and open orders together."""
        try:
            state = read_state(self._broker)
        except BrokerError as error:
            log.warning("broker_not_read", purpose="account data", error=str(error))
            report_failed_step(handling, wording.ACCOUNT_UNAVAILABLE)
        else:
            handling.publish(AccountDataRetrieved, portfolio_state=state)
