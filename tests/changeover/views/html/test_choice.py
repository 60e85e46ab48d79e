from dataclasses import replace
from datetime import timedelta

import pytest

from changeover.errors import ConfigurationError
from changeover.evidence.store.records import StoredComparison
from changeover.views.html.collect import NothingToReport, about_today, begun_since, beside, chosen
from tests.changeover.support import report_samples as samples
from tests.changeover.support.report_corpora import CODE, NOW, RULES

GOOD = samples.matching().corpus
BAD = samples.diverging().corpus


def shown(corpora: tuple[StoredComparison, ...], wanted: tuple[str, ...]) -> StoredComparison:
    return chosen(corpora, wanted, about_today(corpora, CODE, RULES))


def test_without_a_comparison_there_is_nothing_to_report() -> None:
    with pytest.raises(NothingToReport, match="nothing was compared yet"):
        shown((), ())


def test_of_all_that_is_about_todays_code_the_worst_is_shown() -> None:
    stress = replace(BAD, number=8, source="stress")
    history = replace(GOOD, number=9)
    old = replace(BAD, number=7, source="days", code="f" * 64)
    assert shown((history, stress, old), ()) == stress
    assert beside((history, stress, old), stress) == (history, old)


def test_of_one_source_the_latest_counts() -> None:
    assert shown((replace(GOOD, number=9), replace(BAD, number=8)), ()).number == 9


def test_a_part_of_a_source_says_nothing_about_it() -> None:
    part = replace(GOOD, number=9, partial=True)
    assert shown((part, replace(BAD, number=8)), ()).number == 8
    assert shown((part,), ()) == part


def test_a_comparison_that_stopped_early_speaks_only_where_something_differs() -> None:
    assert shown((replace(GOOD, number=9, whole=False), GOOD), ()) == GOOD
    torn = replace(BAD, number=9, whole=False)
    assert shown((torn, GOOD), ()) == torn


def test_where_nothing_is_about_todays_code_the_latest_is_shown() -> None:
    old = (replace(GOOD, number=9, code="f" * 64), replace(BAD, number=8, code="f" * 64))
    assert shown(old, ()).number == 9


def test_a_comparison_is_named_by_its_number_or_its_source() -> None:
    stress = replace(BAD, number=8, source="stress")
    corpora = (replace(GOOD, number=9), stress)
    assert shown(corpora, ("8",)) == stress
    assert shown(corpora, ("history",)).number == 9
    assert shown(corpora, ("history", "stress")) == stress
    with pytest.raises(ConfigurationError, match="was 'moon', allowed: history, stress; or by number: 9, 8"):
        shown(corpora, ("moon",))


def test_what_was_kept_earlier_is_not_taken_for_what_was_compared_now() -> None:
    assert begun_since((GOOD,), NOW) == (GOOD,)
    with pytest.raises(NothingToReport, match="did not keep"):
        begun_since((GOOD,), NOW + timedelta(seconds=2))
