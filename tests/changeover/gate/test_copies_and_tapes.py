"""A source compared against its tapes and once more with copies of the ports is one comparison for a gate."""

from datetime import timedelta
from typing import Any

import pytest

from changeover.evidence.store.records import StoredComparison
from changeover.evidence.store.summary import Summary
from changeover.gate.corpus_selection import count_corpora, latest_of_each
from changeover.values.observation import Side
from tests.changeover.support.gate_inputs import NOW, SEAMS, corpus, counts, passing


def made(
    number: int, world: str, *, cases: int = 40, failed: int = 0, diverged: int = 0, **changes: Any
) -> StoredComparison:
    seams = {
        seam: counts(match=cases - failed - diverged, failed=failed, diverged=diverged) for seam in SEAMS
    }
    at = NOW - timedelta(days=10 - number)
    return corpus(number=number, at=at, seams=seams, summary=Summary(world=world, noise=False), **changes)


def numbers(*corpora: StoredComparison) -> list[int]:
    latest_first = sorted(corpora, key=lambda one: -one.number)
    return [one.number for one in latest_of_each(latest_first)]


CASES = [
    ([made(1, "tape", failed=9), made(2, "copy")], [2]),
    ([made(1, "copy"), made(2, "tape", failed=9)], [1]),
    ([made(1, "tape"), made(2, "copy")], [2]),
    ([made(1, "copy"), made(2, "tape")], [2]),
    ([made(1, "copy"), made(2, "copy", failed=9)], [2]),  # of one kind the latest counts
    ([made(1, "tape", failed=9), made(2, "copy", answered_by=Side.CANDIDATE)], [2, 1]),
    ([made(1, "tape", failed=9, source="stress"), made(2, "copy")], [2, 1]),
]


@pytest.mark.parametrize(("corpora", "counted"), CASES)
def test_of_both_kinds_the_one_with_fewer_failed_runs_counts(
    corpora: list[StoredComparison], counted: list[int]
) -> None:
    assert numbers(*corpora) == counted


@pytest.mark.parametrize(("one", "other"), [("tape", "copy"), ("copy", "tape")])
def test_what_differs_in_one_of_them_stays_open_until_it_is_done_again(one: str, other: str) -> None:
    differs, passes = made(1, one, diverged=2, failed=3), made(2, other)
    found = count_corpora(_with(passes, differs))
    assert [corpus.number for corpus in found.still] == [1]
    again = made(3, one)
    assert count_corpora(_with(again, passes, differs)).still == ()


@pytest.mark.parametrize("later", [{"cases": 39}, {"cases": 0}, {"failed": 1}], ids=str)
def test_what_differed_is_not_mended_by_a_comparison_that_compared_less(later: dict[str, int]) -> None:
    """Also where a case did not come to the seam the second time: it raised before, or its input was gone."""
    differs, less = made(1, "tape", diverged=1), made(2, "tape", **later)
    assert [corpus.number for corpus in count_corpora(_with(less, differs)).still] == [1]
    assert count_corpora(_with(made(3, "tape", cases=41), less, differs)).still == ()


def _with(*corpora: StoredComparison) -> Any:
    return passing().but_evidence(corpora=corpora).inputs
