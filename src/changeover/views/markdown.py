"""Verdicts as Markdown for a pull request or a step summary, and as annotations of GitHub Actions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from changeover.evidence.code_digest import DIGITS_SHOWN
from changeover.values.gate_verdict import Answer, Criterion, GateVerdict
from changeover.values.safe_text import markdown_text, visible, workflow_text
from changeover.views.text.gate import MARKS, WORDS, detail_of
from changeover.views.text.heading import digits

_LEVELS = {Answer.FAIL: "error", Answer.INCONCLUSIVE: "warning"}


def gate_markdown(verdicts: Sequence[GateVerdict]) -> str:
    """A headline and a table for each verdict; every value is escaped."""
    return "\n".join("\n".join(_lines(verdict)) + "\n" for verdict in verdicts)


def _lines(verdict: GateVerdict) -> Iterator[str]:
    yield f"### {markdown_text(verdict.title)}: {WORDS[verdict.answer]}"
    yield ""
    if verdict.do_first is not None:
        yield f"**Do first:** {_code(verdict.do_first)}"
        yield ""
    yield "| | criterion | required | found |"
    yield "|---|---|---|---|"
    for criterion in verdict.criteria:
        found = " ".join(part for part in (criterion.found, detail_of(criterion)) if part)
        cells = (criterion.name, criterion.required, found)
        yield f"| {MARKS[criterion.answer]} | {' | '.join(map(markdown_text, cells))} |"
    yield ""
    if verdict.not_counted:
        yield f"Not counted: {markdown_text(', '.join(verdict.not_counted))}."
        yield ""
    for sentence in verdict.not_shown:
        yield f"- Not shown: {markdown_text(sentence)}"
    yield ""
    yield markdown_text(f"{digits(verdict.code, verdict.rules)}, evidence {verdict.evidence[:DIGITS_SHOWN]}")


def _code(text: str) -> str:
    """Inline code: longer fences than any run of backquotes inside, so that nothing closes it."""
    shown = visible(text)
    longest = run = 0
    for letter in shown:
        run = run + 1 if letter == "`" else 0
        longest = max(longest, run)
    fence = "`" * (longest + 1)
    pad = " " if longest else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def github_annotations(verdicts: Sequence[GateVerdict]) -> list[str]:
    """One workflow command for every criterion that is no pass."""
    return [
        _annotation(verdict, one) for verdict in verdicts for one in verdict.criteria if one.answer in _LEVELS
    ]


def _annotation(verdict: GateVerdict, criterion: Criterion) -> str:
    title = workflow_text(f"{verdict.title}: {criterion.name}", is_property=True)
    do = f"; do: {criterion.do}" if criterion.do else ""
    detail = f" ({detail_of(criterion)})" if detail_of(criterion) else ""
    message = workflow_text(f"required {criterion.required}, found {criterion.found}{detail}{do}")
    return f"::{_LEVELS[criterion.answer]} title={title}::{message}"
