from changeover.evidence.reasons_not_compared import NotCompared
from changeover.evidence.tallies import SeamTally
from changeover.values.log_line import LogLine
from changeover.values.observation import PortCall, Returned, Side
from changeover.values.verdict import Verdict
from changeover.views.layout import Screen
from changeover.views.text.not_compared import not_compared_lines

LOGGED = ((Side.CANDIDATE, LogLine("WARNING", "shop", "no module named limits")),)


def asked_for(seam: str, name: str) -> NotCompared:
    asked = PortCall("till", "balance", name, {"name": name}, Returned(None), 1)
    return NotCompared(
        seam, "read-missing", "till.balance", "", "days/1", Side.CANDIDATE, asked, None, 20, logged=LOGGED
    )


def screen(*reasons: NotCompared) -> str:
    tallies = {one.seam: SeamTally(one.seam, "desk", {Verdict.FAILED: 20}) for one in reasons}
    return "\n".join(not_compared_lines(reasons, tallies, Screen(200)))


def test_what_failed_in_an_inner_seam_is_shown_once_for_all_seams_around_it() -> None:
    text = screen(asked_for("inner", "guest"), asked_for("outer", "guest"))
    assert text.count('till.balance("guest")') == 1
    assert "not compared    20 of 20 runs of inner, 20 of 20 runs of outer: read-missing" in text


def test_another_question_is_another_reason() -> None:
    text = screen(asked_for("inner", "guest"), asked_for("outer", "another"))
    assert text.count("not compared ") == 2


def test_what_was_logged_before_the_question_stands_before_it() -> None:
    text = screen(asked_for("inner", "guest"))
    assert text.index("no module named limits") < text.index("till.balance")
