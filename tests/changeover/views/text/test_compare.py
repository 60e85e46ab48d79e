import io

import pytest

from changeover.evidence.comparison_info import ComparisonInfo
from changeover.evidence.comparison_totals import Corpus
from changeover.evidence.timeline import OwnTimes
from changeover.values.value_text import change_text
from changeover.views.layout import Screen, count, cut, screen_for
from changeover.views.text.compare import compare_screen
from changeover.views.text.progress import ProgressListener
from tests.changeover.evidence.test_comparison_totals import (
    PLANTED,
    office_that_asks_something_else,
    office_that_pays_fourfold,
)
from tests.changeover.support.shop_runs import Office

HEADING = ComparisonInfo("guest-house", "9f3c1e7aaaa", "5b20aa4bbbb", "desk")

SAME = """\
guest-house                     code 9f3c1e7   rules 5b20aa4      no stage is changed by this

desk      20 cases, case-01 to case-20
          legacy ran for real; candidate replayed each case's tape

                               runs     match  tolerated  waived  diverged  not compared
    desk.owed                    20        20          ·       ·         ·             ·
    desk.settle                  20        20          ·       ·         ·             ·
                                 40        40          ·       ·         ·             ·

effects                   performed   candidate asked    equal   changed   one side only   refused
    till.pay                     15                15       15         ·               ·         ·

Shown       No divergence in 40 comparisons, 20 distinct cases.
            If they were a fair sample: fewer than 14.0 % would differ, at 95 % confidence.
Not shown   1 of 3 required tags did not occur: refund.

next        changeover rules blindspots                    what the rules hide
            changeover status                              where every phase stands
"""

FOURFOLD = """\
guest-house                     code 9f3c1e7   rules 5b20aa4      no stage is changed by this

desk      20 cases, case-01 to case-20
          legacy ran for real; candidate replayed each case's tape

                               runs     match  tolerated  waived  diverged  not compared
    desk.owed                    20        20          ·       ·         ·             ·
    desk.settle                  20         5          ·       ·        15             ·    UNSAFE
                                 40        25          ·       ·        15             ·

effects                   performed   candidate asked    equal   changed   one side only   refused
    till.pay                     15                15        ·        15               ·         ·

1 cluster

{id}   desk.settle                  effects  till.pay[*].amount    UNSAFE
         effect-changed, larger             0.25 -> 1.00
         15 runs, every run that has till.pay; smallest desk/case-01

No effect left the replay. Of the effects, 15 would have been other than performed.

Shown       15 divergent of 40 comparisons. If they were a fair sample, 15 of 20 distinct cases
            differ: fewer than 89.6 % of all, at 95 % confidence.
Not shown   1 of 3 required tags did not occur: refund.

next        changeover explain {id}                      both sides of the smallest run
            changeover scenarios keep {id}               keep desk/case-01
"""

ELSE = """\
not compared    20 of 20 runs of desk.owed: read-missing

    legacy      till.balance("guest 1")
    candidate   till.balance("the guest 1")"""


def screen(corpus: Corpus) -> str:
    corpus.times = OwnTimes()  # the one part that is different every time
    return compare_screen(HEADING, corpus, Screen())


def test_the_screen_where_nothing_differs() -> None:
    assert screen(Office().corpus()) == SAME


def test_the_screen_where_an_effect_differs() -> None:
    corpus = office_that_pays_fourfold().corpus()
    assert screen(corpus) == FOURFOLD.replace("{id}", corpus.clusters[0].id)


def test_the_screen_where_questions_differ() -> None:
    text = screen(office_that_asks_something_else().corpus())
    assert ELSE in text
    assert "No verdict: nothing was shown about desk.owed." in text
    assert "Shown       No divergence in 20 comparisons; no case was compared as a whole." in text


@pytest.mark.parametrize("make", PLANTED)
def test_no_line_is_wider_than_the_hand(make: type[Office]) -> None:
    corpus = make().corpus()
    assert max(map(len, compare_screen(HEADING, corpus, Screen()).splitlines())) <= 100


def test_colour_is_only_on_verdict_words_and_arrows() -> None:
    corpus = office_that_pays_fourfold().corpus()
    plain = screen(corpus)
    coloured = compare_screen(HEADING, corpus, Screen(coloured=True))
    assert "\x1b[1;31mUNSAFE\x1b[0m" in coloured
    for code in ("\x1b[1;31m", "\x1b[2m", "\x1b[0m"):
        coloured = coloured.replace(code, "")
    assert coloured == plain


def test_no_color_and_pipes_are_respected() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    assert screen_for(Terminal(), {}).coloured
    assert not screen_for(Terminal(), {"NO_COLOR": "1"}).coloured
    assert not screen_for(io.StringIO(), {}).coloured


def test_zero_is_a_dot_and_thousands_have_commas() -> None:
    assert [count(0), count(7), count(15608)] == ["·", "7", "15,608"]


def test_long_text_is_cut_in_the_middle() -> None:
    assert cut("result.orders[*].lots[*].filled_qty", 20) == "result.ord…illed_qty"
    assert len(cut("x" * 99, 20)) == 20


def test_values_that_look_alike_show_their_types() -> None:
    assert change_text(1, "1") == '1 -> "1"'
    assert change_text((1, 2), [1, 2]) == "[1, 2] (tuple) -> [1, 2] (list)"


def test_long_texts_are_shown_from_where_they_part() -> None:
    text = change_text("a" * 200 + "old", "a" * 200 + "new", 44)
    assert text.endswith('new"')
    assert 'old" -> …' in text
    assert len(text) <= 44


def test_progress_says_how_far_and_how_long() -> None:
    stream, now = io.StringIO(), [0.0]
    progress = ProgressListener(stream, lambda: now[0])
    progress.begins("desk", 40)
    now[0] = 10.0
    progress.case_done(Office().corpus())
    assert " 20 of 40 0:10 left " in stream.getvalue()
    assert stream.getvalue().endswith(" left 40 compared 0 diverged 0 not compared\n")


def test_progress_speaks_now_and_then_where_there_is_no_terminal() -> None:
    stream, now = io.StringIO(), [0.0]
    progress = ProgressListener(stream, lambda: now[0])
    progress.begins("desk", 40)
    corpus = Office().corpus()
    progress.case_done(corpus)
    now[0] = 11.0
    progress.case_done(corpus)
    progress.case_done(corpus)
    progress.ends()
    assert stream.getvalue().count("\n") == 1
