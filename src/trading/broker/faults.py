"""What goes wrong at a paper broker, said beforehand: a frozen value, and the count of what is used up."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeVar

from trading.broker.port import Broker, BrokerUnavailable
from trading.domain.money import ONE, ZERO
from trading.domain.order import OrderRequest, Side

_Value = TypeVar("_Value")

DELAY_S_MAX = 7 * 86_400.0  # beyond any session: such an order expires
BROKER_METHODS = frozenset(name for name in vars(Broker) if not name.startswith("_"))


@dataclass(frozen=True, slots=True)
class OrdersOf:
    """A choice of orders by symbol and side; None chooses all."""

    symbol: str | None = None
    side: Side | None = None

    def has(self, order: OrderRequest) -> bool:
        """Whether this order is chosen."""
        return self.symbol in (None, order.symbol) and self.side in (None, order.side)


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """Every fault of one broker; where several choices have an order, the one named first counts.

    `reject` refuses orders, `partial` fills only that fraction of them (in whole steps; the rest stays
    open), `delay_s` fills them that many seconds after acceptance, `lose_reply` accepts that many of them
    and raises ReplyLost. Symbols in `no_quote` have no quote. The first `outage_calls` calls of
    `outage_methods`, counted together, raise BrokerUnavailable: all calls, where that is None.
    `market_closed` takes no orders; what was accepted before goes on by the calendar.
    """

    reject: frozenset[OrdersOf] = frozenset()
    partial: Mapping[OrdersOf, Decimal] = field(default_factory=dict)
    delay_s: Mapping[OrdersOf, float] = field(default_factory=dict)
    lose_reply: Mapping[OrdersOf, int] = field(default_factory=dict)
    no_quote: frozenset[str] = frozenset()
    outage_methods: frozenset[str] = frozenset()
    outage_calls: int | None = None
    market_closed: bool = False

    def __post_init__(self) -> None:
        for name in ("partial", "delay_s", "lose_reply"):  # the caller's own dictionary may still change
            object.__setattr__(self, name, dict(getattr(self, name)))
        for chosen, fraction in self.partial.items():
            if not (fraction.is_finite() and ZERO <= fraction < ONE):
                raise ValueError(f"partial fill of {chosen}: fraction is {fraction}, allowed: 0 to below 1")
        for chosen, seconds in self.delay_s.items():
            if not 0 <= seconds <= DELAY_S_MAX:
                raise ValueError(f"delayed fill of {chosen}: {seconds} seconds, allowed: 0 to {DELAY_S_MAX}")
        for chosen, times in self.lose_reply.items():
            if times < 1:
                raise ValueError(f"lost reply of {chosen}: {times} times, allowed: 1 or more")
        if unknown := self.outage_methods - BROKER_METHODS:
            raise ValueError(
                f"outage of {', '.join(sorted(unknown))}: no method of a broker, "
                f"allowed: {', '.join(sorted(BROKER_METHODS))}"
            )
        if self.outage_calls is not None and self.outage_calls < 1:
            raise ValueError(f"outage of {self.outage_calls} calls, allowed: 1 or more, or None for good")
        if self.outage_calls is not None and not self.outage_methods:
            raise ValueError(f"outage of {self.outage_calls} calls, but of no method: name outage_methods")


NO_FAULTS = Faults()


class FaultCount:
    """How much of the faults one broker has used up; all else about them never changes."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self._outage_calls = 0
        self._replies_lost: dict[OrdersOf, int] = {}

    def copy(self) -> "FaultCount":
        """An independent count that stands where this one does."""
        twin = FaultCount(self.faults)
        twin._outage_calls = self._outage_calls
        twin._replies_lost = dict(self._replies_lost)
        return twin

    def answer_call(self, method: str) -> None:
        """Count a call of this method; raises BrokerUnavailable while there is an outage."""
        if method not in self.faults.outage_methods:
            return
        if self.faults.outage_calls is None or self._outage_calls < self.faults.outage_calls:
            self._outage_calls += 1
            raise BrokerUnavailable(f"{method}: the paper broker is out, as its faults say")

    def rejects(self, order: OrderRequest) -> bool:
        """Whether this order is refused whatever the account holds."""
        return any(chosen.has(order) for chosen in self.faults.reject)

    def fraction(self, order: OrderRequest) -> Decimal:
        """How much of this order will fill, 1 for all."""
        return _first(self.faults.partial, order, ONE)

    def delay_s(self, order: OrderRequest, usual: float) -> float:
        """Seconds from acceptance to the fill of this order."""
        return _first(self.faults.delay_s, order, usual)

    def loses_reply(self, order: OrderRequest) -> bool:
        """Count an accepted order; True where its sender is not to hear of it."""
        for chosen, times in self.faults.lose_reply.items():
            lost = self._replies_lost.get(chosen, 0)
            if chosen.has(order) and lost < times:
                self._replies_lost[chosen] = lost + 1
                return True
        return False


def _first(values: Mapping[OrdersOf, _Value], order: OrderRequest, otherwise: _Value) -> _Value:
    return next((value for chosen, value in values.items() if chosen.has(order)), otherwise)
