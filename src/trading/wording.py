"""The sentences in which a run says how it ended: the same whichever path ran."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from trading.domain.execution import ExecutionResult
from trading.domain.quality import SignalQuality

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
