"""A tuple of leaves is known again by the very parts that it holds."""

from dataclasses import dataclass
from decimal import Decimal

import pytest

from changeover.values import remembered_digests
from changeover.values.content_key import text_digest
from changeover.values.remembered_digests import RememberedDigests

CLOSES = tuple(Decimal(number) for number in range(20))


def test_the_same_parts_have_the_digest_of_their_text_each_time() -> None:
    digests = RememberedDigests()
    assert [digests.of(CLOSES), digests.of(CLOSES), digests.of(CLOSES[:15] + CLOSES[15:])] == [
        text_digest(CLOSES)
    ] * 3


def test_the_text_of_the_same_parts_is_written_once(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[object] = []

    def write(value: object) -> str:
        written.append(value)
        return text_digest(value)

    monkeypatch.setattr(remembered_digests, "text_digest", write)
    digests = RememberedDigests()
    for _ in range(3):
        digests.of(CLOSES[:5] + CLOSES[5:])
    assert written == [CLOSES]


def test_another_part_in_the_middle_is_another_digest() -> None:
    digests = RememberedDigests()
    other = (*CLOSES[:9], Decimal("9.0"), *CLOSES[10:])
    assert other == CLOSES
    assert digests.of(CLOSES) == text_digest(CLOSES) != digests.of(other) == text_digest(other)


@dataclass
class Price:
    amount: int


def test_a_part_that_may_change_is_written_anew() -> None:
    digests, price = RememberedDigests(), Price(1)
    prices = (price,) * 20
    before = digests.of(prices)
    price.amount = 2
    assert digests.of(prices) == text_digest(prices) != before


def test_no_more_parts_are_kept_than_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered_digests, "PARTS_KEPT_MAX", 50)
    digests = RememberedDigests()
    for number in range(20):
        assert digests.of((number, *CLOSES)) == text_digest((number, *CLOSES))
    assert digests._parts <= 50
