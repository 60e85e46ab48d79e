"""Rounding of money, weights and quantities: each in one place, so that both sides of a sum agree.

A quantity has one rule, by which whoever sizes an order and the broker both go: what an order may ask for.
"""

from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal

ZERO = Decimal(0)
ONE = Decimal(1)
CENT = Decimal("0.01")
WEIGHT_STEP = Decimal("0.000001")
ORDER_QUANTITY_MAX = Decimal(10**9)  # keeps every product with a price exact


def to_cents(amount: Decimal) -> Decimal:
    """The amount in whole cents, half to even: the rounding of every cash flow and market value."""
    return amount.quantize(CENT, ROUND_HALF_EVEN)


def to_weight(fraction: Decimal) -> Decimal:
    """A fraction of 1 on six places, rounded down, so that weights never add up to more than their whole."""
    return fraction.quantize(WEIGHT_STEP, ROUND_DOWN)


def orderable(quantity: Decimal, step: Decimal) -> Decimal:
    """The largest quantity not above `quantity` that an order may ask for; 0 where there is none.

    An order asks for whole steps: a part of one, that a split or another step has left, cannot be traded.
    """
    return (min(max(quantity, ZERO), ORDER_QUANTITY_MAX) // step) * step


def why_not_orderable(quantity: Decimal, step: Decimal) -> str | None:
    """Why an order may not ask for this quantity, as a sentence, or None where it may."""
    if not quantity.is_finite() or not ZERO < quantity <= ORDER_QUANTITY_MAX:
        return f"quantity is {quantity}, allowed: above 0, at most {ORDER_QUANTITY_MAX}"
    if quantity != orderable(quantity, step):
        return f"quantity is {quantity}, allowed: multiples of {step}"
    return None


def why_it_stays(held: Decimal, step: Decimal) -> str:
    """What of a holding an order cannot sell, as a sentence; empty where it can sell it whole."""
    stays = held - orderable(held, step)
    if stays == ZERO:
        return ""
    allowed = f"multiples of {step}, at most {ORDER_QUANTITY_MAX}"
    return f"{stays} of {held} held cannot be sold: an order takes {allowed}"
