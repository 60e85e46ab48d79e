"""What several processes together have left of one trading session, held against an undisturbed one."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from tests.trading.support.forked import Left, Life
from trading.handlers.transitions import WorkflowState

OVER = (WorkflowState.COMPLETED, WorkflowState.FAILED)


class Wrong(StrEnum):
    """What may be wrong."""

    ENDED = "a process did not end in success or one sentence"
    NOT_KILLED = "the process was not killed"
    ORDERED_TWICE = "an order more than there should be"
    ORDER_LOST = "an order less than there should be"
    STUCK = "a workflow has not ended, or an event is undelivered"
    FAILED = "the run has failed"
    BOOKS = "the account does not add up, or holds something else"
    NOTIFIED = "other notifications than there should be"


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, with what was found."""

    wrong: Wrong
    found: str

    def __str__(self) -> str:
        return f"{self.wrong}: {self.found}"


def of_life(life: Life, allowed: tuple[int, ...]) -> Iterator[Finding]:
    """A process ends with one of these codes, and never with a traceback."""
    if life.code not in allowed or "Traceback" in life.said:
        yield Finding(Wrong.ENDED, f"{life.code}: {life.said[-2000:]}")


def of_remains(left: Left, whole: Left) -> Iterator[Finding]:
    """What holds even where a step has failed: nothing twice, nothing stuck, and books that add up."""
    found, expected = left.outcome, whole.outcome
    if more := _orders(left) - _orders(whole):
        yield Finding(Wrong.ORDERED_TWICE, str(dict(more)))
    yield from of_account(left)
    if found.orders == expected.orders and (found.holdings, found.cash) != (expected.holdings, expected.cash):
        yield Finding(Wrong.BOOKS, f"{found.holdings}, {found.cash}")


def of_account(left: Left) -> Iterator[Finding]:
    """What holds whichever sessions were traded: a name for each order, nothing stuck, books that add up."""
    found = left.outcome
    if found.names != len(found.orders):
        yield Finding(Wrong.ORDERED_TWICE, f"{found.names} names for {len(found.orders)} orders")
    if found.undelivered or not set(found.states) <= set(OVER):
        yield Finding(Wrong.STUCK, f"{found.states}, {found.undelivered} undelivered")
    if found.problems:
        yield Finding(Wrong.BOOKS, str(found.problems))


def of_success(left: Left, whole: Left, *, repeats: int) -> Iterator[Finding]:
    """The session ends as it does undisturbed; so many notifications may have come again."""
    yield from of_remains(left, whole)
    found, expected = left.outcome, whole.outcome
    if less := _orders(whole) - _orders(left):
        yield Finding(Wrong.ORDER_LOST, str(dict(less)))
    if (found.states, found.dead) != (expected.states, expected.dead):
        yield Finding(Wrong.FAILED, f"{found.states}, {found.dead} dead letters")
    if found.orders != expected.orders and _orders(left) == _orders(whole):
        yield Finding(Wrong.BOOKS, str(found.orders))
    if set(left.mails) != set(whole.mails) or len(left.mails) > len(whole.mails) + repeats:
        yield Finding(Wrong.NOTIFIED, f"{left.mails}, where {repeats} may have come again")


def _orders(left: Left) -> Counter[tuple[str, str]]:
    return Counter((symbol, side) for symbol, side, *_ in left.outcome.orders)
