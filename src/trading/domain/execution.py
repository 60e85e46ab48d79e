"""What became of a plan at the broker."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from trading.domain.order import Side


class OrderFate(StrEnum):
    """How one planned trade ended; FILLED and BELOW_STEP are what was wanted, the others are not."""

    FILLED = "FILLED"
    BELOW_STEP = "BELOW_STEP"  # less than one step of the broker: nothing could be asked for
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    UNFUNDED = "UNFUNDED"  # buying power allowed less than was planned, or nothing
    REJECTED = "REJECTED"
    TIMED_OUT = "TIMED_OUT"
    NO_QUOTE = "NO_QUOTE"
    UNAVAILABLE = "UNAVAILABLE"  # the broker could not be reached; it holds no such order
    UNKNOWN = "UNKNOWN"  # the broker could not be reached to say whether it holds the order


@dataclass(frozen=True, slots=True)
class OrderOutcome:
    """One planned trade: what was wanted, what was asked, what filled and at which average price."""

    symbol: str
    side: Side
    client_order_id: str
    order_id: str | None
    trade_amount: Decimal
    wanted_quantity: Decimal
    asked_quantity: Decimal
    filled_quantity: Decimal
    average_price: Decimal | None
    fate: OrderFate
    detail: str

    @property
    def as_wanted(self) -> bool:
        """True where nothing of what was wanted is missing."""
        return self.fate in (OrderFate.FILLED, OrderFate.BELOW_STEP)


@dataclass(frozen=True, slots=True)
class ExecutionResult:
    """The fates of all trades of one plan, in the order in which they were tried."""

    plan_id: str
    outcomes: tuple[OrderOutcome, ...]

    @property
    def success(self) -> bool:
        """True only if everything wanted was filled."""
        return all(outcome.as_wanted for outcome in self.outcomes)

    @property
    def failures(self) -> tuple[OrderOutcome, ...]:
        """The trades that did not end as wanted."""
        return tuple(outcome for outcome in self.outcomes if not outcome.as_wanted)
