"""How a run speaks to people, the same whichever path ran: sentences, figures, plain tables."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from trading.domain.execution import ExecutionResult
from trading.domain.portfolio import SignalQuality

MARKET_CLOSED = "market closed: nothing was evaluated or traded"
ACCOUNT_UNAVAILABLE = "account data could not be read: nothing was traded"
COMPARISON_UNAVAILABLE = "target and current allocation could not be compared: nothing was traded"
PLAN_UNAVAILABLE = "no plan could be made: nothing was traded"
BROKER_UNREACHABLE = "the broker could not be asked whether the market is open: nothing was traded"
NOTHING_TO_TRADE = "nothing to trade: the account stands where it should"
SIGNALS_ANALYSED = "signals analysed"
NOT_ENDED = "the run has not ended; `python -m trading workflows` shows where it stands"
MAY_HAVE_ORDERED = "orders may have been placed: check the account"
NO_RESULTS = "the run ended early, without results; the log says why"


def signals_refused(quality: SignalQuality) -> str:
    """Why the day's signals were not traded."""
    return f"signals not good enough to trade on: {'; '.join(quality.problems)}"


def traded(execution: ExecutionResult) -> str:
    """How many trades ended as wanted, and which did not."""
    total = len(execution.outcomes)
    if execution.success:
        return f"{total} of {total} trades done"
    failed = ", ".join(f"{outcome.side} {outcome.symbol} {outcome.fate}" for outcome in execution.failures)
    return f"{total - len(execution.failures)} of {total} trades done; not done: {failed}"


def positions_differ(differences: Mapping[str, Decimal]) -> str:
    """Every trade looked well, and yet the account holds something else."""
    each = ", ".join(f"{symbol} {difference:+}" for symbol, difference in differences.items())
    return f"all trades reported done, but positions differ from what was expected: {each}"


def session_over(session: str) -> str:
    """A run was resumed too late to trade."""
    return (
        f"session {session} was over before its plan was traded: nothing more was ordered; check the account"
    )


def overdue(deadline: datetime) -> str:
    """The workflow did not end in time."""
    return f"the run had not ended by {deadline:%Y-%m-%d %H:%M:%S}Z and was given up"


def crashed(error: Exception) -> str:
    """A defect ended the run."""
    return f"the run ended early: {type(error).__name__}: {error}"


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


def table(align: str, *rows: Sequence[str]) -> list[str]:
    """Lines of aligned columns, one letter of `align` each: `l` for names, `r` for numbers."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(align))]
    return [
        "  ".join(
            cell.ljust(width) if side == "l" else cell.rjust(width)
            for side, cell, width in zip(align, row, widths, strict=True)
        ).rstrip()
        for row in rows
    ]
