"""The screen of `gate`: what was asked, what was found, what was not counted, what to do first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from changeover.values.gate_verdict import Answer, Criterion, GateVerdict
from changeover.values.safe_text import columns_of, visible
from changeover.views.layout import WIDTH, Screen, beside, cut, labelled, listed, padded, wrapped
from changeover.views.rows import digits

MARKS = {Answer.PASS: "ok", Answer.INCONCLUSIVE: "??", Answer.FAIL: "!!"}
WORDS = {Answer.PASS: "PASS", Answer.INCONCLUSIVE: "INCONCLUSIVE", Answer.FAIL: "FAIL"}
_NAME, _REQUIRED = 34, 19
_LINES_MAX = 4
_LABEL, _DIGITS_AT = 14, 67
_BELOW = " " * 8


def gate_screen(verdict: GateVerdict, screen: Screen) -> str:
    """The whole screen of one verdict, with a line end after the last line."""
    return "\n".join(_lines(verdict, screen)) + "\n"


def detail_of(criterion: Criterion) -> str:
    """What stands beside what was found; a check that ends with its own exit code says it once."""
    return "" if criterion.detail == criterion.found else criterion.detail


def _lines(verdict: GateVerdict, screen: Screen) -> Iterator[str]:
    word = WORDS[verdict.answer]
    title = cut(verdict.title, 40)
    head = f"{title}{' ' * (20 - columns_of(title))}  "
    first, *second = beside(head + word, visible(digits(verdict.code, verdict.rules)), _DIGITS_AT, screen, "")
    yield head + first.removeprefix(head).replace(word, screen.paint(word), 1)
    yield from second
    yield ""
    name_width, required_width = _widths(verdict.criteria, screen)
    yield f"    {'criterion':<{name_width}}{'required':<{required_width}}found"
    for criterion in verdict.criteria:
        yield from _criterion(criterion, name_width, required_width, screen)
    rest = []
    if verdict.not_counted:
        rest += labelled("not counted", ", ".join(verdict.not_counted), screen.prose, _LABEL)
    rest += listed("not shown", verdict.not_shown, screen.prose, _LABEL)
    if verdict.do_first is not None:
        rest += labelled("do first", verdict.do_first, screen.prose, _LABEL)
    if rest:
        yield ""
        yield from rest
    if verdict.exit_code:
        yield f"exit {verdict.exit_code}"


def _widths(criteria: Sequence[Criterion], screen: Screen) -> tuple[int, int]:
    """Of the criterion and of what it requires; what was found has the rest."""
    missing = max(0, WIDTH - screen.width)
    name = max((columns_of(visible(one.name)) for one in criteria), default=0) + 2
    required = max((columns_of(visible(one.required)) for one in criteria), default=0) + 2
    return (
        min(max(_NAME, name), _NAME + screen.spare // 2) - missing // 4,
        min(max(_REQUIRED, required), _REQUIRED + screen.spare // 4) - missing // 8,
    )


def _criterion(criterion: Criterion, name_width: int, required_width: int, screen: Screen) -> Iterator[str]:
    found, detail = visible(criterion.found), visible(detail_of(criterion))
    together = f"{found}   {detail}" if detail else found
    room = screen.width - 4 - name_width - required_width
    # What was found is never cut: it has lines of its own.
    beside_name = next((text for text in (together, found) if columns_of(text) <= room), "")
    below = together if not beside_name else detail if beside_name != together else ""
    names, required = (
        wrapped(cut(text, _LINES_MAX * (width - 1)), width - 1, "")
        for text, width in ((criterion.name, name_width), (criterion.required, required_width))
    )
    mark = MARKS[criterion.answer]
    for name, needs, what in zip_longest(names, required, [beside_name], fillvalue=""):
        yield f"{mark:<4}{padded(name, name_width)}{padded(needs, required_width)}{what}".rstrip()
        mark = ""
    if below:
        yield from (_BELOW + line for line in wrapped(below, screen.prose - len(_BELOW), ""))
