"""Under a test that failed, what led to a difference stands before what may only follow from it."""

from collections.abc import Callable

import pytest

from changeover import Migration, Run
from changeover.views.layout import Screen
from changeover.views.text.test_summary import failure_text


class Bank:
    """Gives a receipt, of which nobody knows the number before."""

    def __init__(self) -> None:
        self.receipts = 0

    def charge(self, who: str) -> int:
        self.receipts += 1
        return self.receipts

    def notify(self, who: str, text: str) -> None:
        """Tells somebody."""


def told(candidate: Callable[[Bank, str], object], mode: str = "inline") -> list[str]:
    bank, runs = Bank(), list[Run]()

    def both(who: str) -> int:
        bank.notify(who, "begun")
        receipts = bank.charge(who) + bank.charge(f"{who}'s firm")
        bank.notify(who, "ended")
        return receipts

    migration = Migration(environment={"CHANGEOVER_STAGE_PAY": "shadow"}, mode=mode, sink=runs.append)
    migration.port("bank", bank, effects={"charge", "notify"})
    new = lambda who: candidate(bank, who)  # noqa: E731
    migration.seam("pay", legacy=both, candidate=new)("kim")
    migration.flush()
    return failure_text("The test itself passed.", runs, 0, "pytest", Screen(width=100)).splitlines()


def line_of(lines: list[str], word: str) -> int:
    return next(number for number, line in enumerate(lines) if word in line)


def charges_a_third(bank: Bank, who: str) -> int:
    """Nobody knows what receipt a third charge gives: there the replay ends."""
    bank.notify(who, "begun")
    receipts = bank.charge("third") + bank.charge(who) + bank.charge(f"{who}'s firm")
    bank.notify(who, "ended")
    return receipts


@pytest.mark.parametrize("mode", ["inline", "background"])
def test_the_effect_at_which_a_replay_ended_stands_before_what_is_missing_after_it(mode: str) -> None:
    lines = told(charges_a_third, mode)
    cause, bridge = line_of(lines, "charge(third)"), line_of(lines, "may follow from that alone")
    assert cause < bridge < line_of(lines, "charge(kim)")
    assert bridge < line_of(lines, "notify(kim, ended)")


@pytest.mark.parametrize("receipt", [7, 8])
def test_where_nothing_follows_nothing_is_said_of_it(receipt: int) -> None:
    def alike_but_for_the_receipt(bank: Bank, who: str) -> int:
        bank.notify(who, "begun")
        bank.charge(who)
        bank.charge(f"{who}'s firm")
        bank.notify(who, "ended")
        return receipt

    assert "may follow from that alone" not in "\n".join(told(alike_but_for_the_receipt))
