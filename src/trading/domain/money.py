"""Rounding of money and weights: each in one place, so that both sides of a sum agree."""

from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal

ZERO = Decimal(0)
ONE = Decimal(1)
CENT = Decimal("0.01")
WEIGHT_STEP = Decimal("0.000001")


def to_cents(amount: Decimal) -> Decimal:
    """The amount in whole cents, half to even: the rounding of every cash flow and market value."""
    return amount.quantize(CENT, ROUND_HALF_EVEN)


def to_weight(fraction: Decimal) -> Decimal:
    """A fraction of 1 on six places, rounded down, so that weights never add up to more than their whole."""
    return fraction.quantize(WEIGHT_STEP, ROUND_DOWN)
