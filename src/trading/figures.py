"""How figures are written for people: in messages, on screens and on pages."""

ZERO_MARK = "·"
QUANTITY_PLACES = 6


def number(value: float, places: int = 2) -> str:
    """With thousands commas; zero is a dot, so that what is not zero is seen."""
    return ZERO_MARK if value == 0 else f"{value:z,.{places}f}"


def percent(fraction: float, places: int = 2) -> str:
    """A fraction of 1 in percent, with the sign of percent; zero is a dot."""
    return ZERO_MARK if fraction == 0 else f"{fraction * 100:z,.{places}f} %"


def quantity(value: float) -> str:
    """Shares: whole ones without a point, parts of a share with as many places as they have."""
    whole, _, part = f"{value:z,.{QUANTITY_PLACES}f}".partition(".")
    part = part.rstrip("0")
    return f"{whole}.{part}" if part else whole
