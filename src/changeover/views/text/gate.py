"""The screen of `gate`: what was asked, what was found, what was not counted, what to do first."""

from __future__ import annotations

from collections.abc import Iterator

from changeover.values.gate_verdict import Answer, Criterion, GateVerdict
from changeover.values.safe_text import visible
from changeover.views.layout import WIDTH, Ink, cut, wrapped
from changeover.views.text.heading import digits

MARKS = {Answer.PASS: "ok", Answer.INCONCLUSIVE: "??", Answer.FAIL: "!!"}
WORDS = {Answer.PASS: "PASS", Answer.INCONCLUSIVE: "INCONCLUSIVE", Answer.FAIL: "FAIL"}
_NAME, _REQUIRED = 34, 19
_FOUND = WIDTH - 4 - _NAME - _REQUIRED
_LABEL = 14
_IDENTITY = 65


def gate_screen(verdict: GateVerdict, ink: Ink) -> str:
    """The whole screen of one verdict, with a line end after the last line."""
    return "\n".join(_lines(verdict, ink)) + "\n"


def detail_of(criterion: Criterion) -> str:
    """What stands beside what was found; a check that ends with its own exit code says it once."""
    return "" if criterion.detail == criterion.found else criterion.detail


def _lines(verdict: GateVerdict, ink: Ink) -> Iterator[str]:
    word = WORDS[verdict.answer]
    title = f"{cut(visible(verdict.title), 40):<20}  {word}"
    yield f"{title:<{_IDENTITY}}  {visible(digits(verdict.code, verdict.rules))}".replace(word, ink(word), 1)
    yield ""
    yield f"    {'criterion':<{_NAME}}{'required':<{_REQUIRED}}found"
    for criterion in verdict.criteria:
        yield from _criterion(criterion)
    rest = [*_labelled("not counted", ", ".join(verdict.not_counted))]
    for number, sentence in enumerate(verdict.not_shown):
        rest += _labelled("not shown" if number == 0 else "", sentence)
    if verdict.do_first is not None:
        rest += _labelled("do first", verdict.do_first)
    if rest:
        yield ""
        yield from rest
    if verdict.exit_code:
        yield f"exit {verdict.exit_code}"


def _criterion(criterion: Criterion) -> Iterator[str]:
    found, detail = visible(criterion.found), visible(detail_of(criterion))
    together = f"{found}   {detail}" if detail else found
    head = (
        f"{MARKS[criterion.answer]}  {cut(visible(criterion.name), _NAME - 1):<{_NAME}}"
        f"{cut(visible(criterion.required), _REQUIRED - 1):<{_REQUIRED}}"
    )
    # What was found is never cut: it has lines of its own.
    if len(together) <= _FOUND:
        yield f"{head}{together}".rstrip()
    elif len(found) <= _FOUND:
        yield f"{head}{found}".rstrip()
        yield from _prose(detail)
    else:
        yield head.rstrip()
        yield from _prose(together)


def _prose(text: str) -> list[str]:
    indent = " " * 8
    return [cut(f"{indent}{line.strip()}", WIDTH) for line in wrapped(text, WIDTH - len(indent), "")]


def _labelled(label: str, text: str) -> list[str]:
    if not text:
        return []
    lines = wrapped(visible(text), WIDTH - _LABEL, "")
    return [
        cut(f"{label if number == 0 else '':<{_LABEL}}{line}", WIDTH) for number, line in enumerate(lines)
    ]
