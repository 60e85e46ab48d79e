"""The fence of an account: orders are taken from the process that took it over last."""

from collections.abc import Iterator
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path

import pytest

from trading.broker.book import Opening
from trading.broker.ledger import Ledger
from trading.broker.port import Superseded

OPENING = Opening("paper", Decimal(1000))
Parts = tuple[str, ...] | None


@pytest.fixture
def ledgers(tmp_path: Path) -> Iterator[tuple[Ledger, Ledger]]:
    """Two processes that have one account open."""
    with ExitStack() as opened:
        both = tuple(Ledger.open(tmp_path / "account.db", OPENING, durable=False) for _ in range(2))
        for ledger in both:
            opened.callback(ledger.close)
        yield both[0], both[1]


def unchallenged() -> None:
    """The claim still stands."""


def may_order(ledger: Ledger) -> bool:
    try:
        with ledger.effect(fenced=True):
            return True
    except Superseded:
        return False


@pytest.mark.parametrize(
    ("first", "second", "passed"),
    [
        (None, None, True),
        (None, ("execution",), True),
        (("execution",), None, True),
        (("execution", "run"), ("execution",), True),
        (("workflow",), ("execution",), False),
    ],
)
def test_who_took_over_first_orders_nothing_once_another_took_over_what_it_works_on(
    ledgers: tuple[Ledger, Ledger], first: Parts, second: Parts, passed: bool
) -> None:
    one, other = ledgers
    one.take_over(first, unchallenged)
    assert may_order(one)
    other.take_over(second, unchallenged)
    assert may_order(other)
    assert may_order(one) is not passed


def test_who_never_took_over_orders_nothing_where_somebody_has(ledgers: tuple[Ledger, Ledger]) -> None:
    one, other = ledgers
    assert may_order(other), "an account that nobody ever took over is open to whoever has it"
    one.take_over(None, unchallenged)
    assert not may_order(other)


def test_who_has_lost_its_claim_passes_nobody_when_it_wakes_in_the_middle_of_taking_over(
    ledgers: tuple[Ledger, Ledger],
) -> None:
    woken, newest = ledgers
    newest.take_over(None, unchallenged)

    def lost() -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        woken.take_over(None, lost)
    assert may_order(newest)
    assert not may_order(woken)


def test_what_is_passed_still_reads_and_settles_the_account(ledgers: tuple[Ledger, Ledger]) -> None:
    one, other = ledgers
    one.take_over(None, unchallenged)
    other.take_over(None, unchallenged)
    with one.effect(fenced=False) as book:
        assert book == one.book()
    sentence = "another process has taken this account over since this run began"
    with pytest.raises(Superseded, match=sentence), one.effect(fenced=True):
        pass


def test_a_copy_in_memory_is_its_own(ledgers: tuple[Ledger, Ledger]) -> None:
    one, other = ledgers
    other.take_over(None, unchallenged)
    assert may_order(one.copy())
