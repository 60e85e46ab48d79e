"""What may be configured in a strategy: checked once, when it is made."""

from collections.abc import Sequence


def require_symbols(strategy: str, parameter: str, symbols: Sequence[str]) -> None:
    """At least one symbol, each once, in symbol order; raises ValueError."""
    ordered = sorted(set(symbols))
    if not symbols or list(symbols) != ordered:
        raise ValueError(
            f"{strategy}: {parameter} was {', '.join(symbols) or 'empty'}, allowed: one symbol or more, "
            f"each once, in symbol order; write {', '.join(ordered) or 'the symbols to trade'}"
        )


def require_at_least(strategy: str, parameter: str, value: int, least: int) -> None:
    """A number that is not too small; raises ValueError."""
    if value < least:
        raise ValueError(f"{strategy}: {parameter} was {value}, allowed: {least} or more")
