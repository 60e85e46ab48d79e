"""What a new paper account begins with."""

from dataclasses import dataclass
from decimal import Decimal

from trading.broker.book import Holding
from trading.domain.money import ZERO, to_cents


@dataclass(frozen=True, slots=True)
class Opening:
    """Money and holdings at the start; negative cash is a debt, with which nothing can be bought."""

    account_id: str
    cash: Decimal
    holdings: tuple[Holding, ...] = ()

    def __post_init__(self) -> None:
        account = f"paper account {self.account_id!r}"
        if not self.account_id:
            raise ValueError(f"{account}: the account_id is empty, it needs a name")
        if not self.cash.is_finite() or self.cash != to_cents(self.cash):
            raise ValueError(f"{account}: cash is {self.cash}, allowed: whole cents")
        for held in self.holdings:
            if not (held.quantity.is_finite() and held.quantity > ZERO):
                raise ValueError(f"{account}: holds {held.quantity} of {held.symbol}, allowed: above 0")
        symbols = [held.symbol for held in self.holdings]
        if twice := {symbol for symbol in symbols if symbols.count(symbol) > 1}:
            raise ValueError(f"{account}: {', '.join(sorted(twice))} held twice, add its holdings up")
