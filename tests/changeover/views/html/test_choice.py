from dataclasses import replace
from datetime import timedelta

import pytest

from changeover.errors import ConfigurationError
from changeover.views.html.collect import NothingToReport, begun_since, beside, chosen
from tests.changeover.support import report_samples as samples
from tests.changeover.support.report_corpora import CODE, NOW, RULES

GOOD = samples.matching().corpus
BAD = samples.diverging().corpus


def test_without_a_comparison_there_is_nothing_to_report() -> None:
    with pytest.raises(NothingToReport, match="nothing was compared yet"):
        chosen((), (), CODE, RULES)


def test_of_all_that_is_about_todays_code_the_worst_is_shown() -> None:
    stress = replace(BAD, number=8, source="stress")
    history = replace(GOOD, number=9)
    old = replace(BAD, number=7, source="days", code="f" * 64)
    assert chosen((history, stress, old), (), CODE, RULES) == stress
    assert beside((history, stress, old), stress) == (history, old)


def test_of_one_source_the_latest_counts() -> None:
    assert chosen((replace(GOOD, number=9), replace(BAD, number=8)), (), CODE, RULES).number == 9


def test_a_part_of_a_source_says_nothing_about_it() -> None:
    part = replace(GOOD, number=9, partial=True)
    assert chosen((part, replace(BAD, number=8)), (), CODE, RULES).number == 8
    assert chosen((part,), (), CODE, RULES) == part


def test_a_comparison_that_stopped_early_speaks_only_where_something_differs() -> None:
    assert chosen((replace(GOOD, number=9, whole=False), GOOD), (), CODE, RULES) == GOOD
    torn = replace(BAD, number=9, whole=False)
    assert chosen((torn, GOOD), (), CODE, RULES) == torn


def test_where_nothing_is_about_todays_code_the_latest_is_shown() -> None:
    old = (replace(GOOD, number=9, code="f" * 64), replace(BAD, number=8, code="f" * 64))
    assert chosen(old, (), CODE, RULES).number == 9


def test_a_comparison_is_named_by_its_number_or_its_source() -> None:
    stress = replace(BAD, number=8, source="stress")
    corpora = (replace(GOOD, number=9), stress)
    assert chosen(corpora, ("8",), CODE, RULES) == stress
    assert chosen(corpora, ("history",), CODE, RULES).number == 9
    assert chosen(corpora, ("history", "stress"), CODE, RULES) == stress
    with pytest.raises(ConfigurationError, match="was 'moon', allowed: history, stress; or by number: 9, 8"):
        chosen(corpora, ("moon",), CODE, RULES)


def test_what_was_kept_earlier_is_not_taken_for_what_was_compared_now() -> None:
    assert begun_since((GOOD,), NOW) == (GOOD,)
    with pytest.raises(NothingToReport, match="did not keep"):
        begun_since((GOOD,), NOW + timedelta(seconds=2))
