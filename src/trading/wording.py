"""The sentences in which a run says how it ended: the same whichever path ran."""

from trading.domain.execution import ExecutionResult
from trading.domain.quality import SignalQuality

MARKET_CLOSED = "market closed: nothing was evaluated or traded"
ACCOUNT_UNAVAILABLE = "account data could not be read: nothing was traded"
COMPARISON_UNAVAILABLE = "target and current allocation could not be compared: nothing was traded"
PLAN_UNAVAILABLE = "no plan could be made: nothing was traded"
BROKER_UNREACHABLE = "the broker could not be asked whether the market is open: nothing was traded"
NOTHING_TO_TRADE = "nothing to trade: the account stands where it should"
SIGNALS_ANALYSED = "signals analysed"
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


def crashed(error: Exception) -> str:
    """A defect ended the run."""
    return f"the run ended early: {type(error).__name__}: {error}"
