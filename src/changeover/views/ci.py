"""Verdicts for a build server: JUnit XML, Markdown, and annotations of GitHub Actions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from changeover.evidence.code_digest import DIGITS_SHOWN
from changeover.values.gate_verdict import Answer, Criterion, GateVerdict
from changeover.values.safe_text import markdown_text, visible, workflow_text, xml_text
from changeover.views.rows import digits
from changeover.views.text.gate import MARKS, WORDS, detail_of


def gate_junit(verdicts: Sequence[GateVerdict]) -> str:
    """What fails is a failure; what could not tell is an error, so that no reader takes it for a pass."""
    return "\n".join(_junit_lines(verdicts)) + "\n"


def _junit_lines(verdicts: Sequence[GateVerdict]) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    every = [criterion for verdict in verdicts for criterion in _cases_of(verdict)]
    yield f'<testsuites name="changeover gate" {_counts(every)}>'
    for verdict in verdicts:
        yield f'  <testsuite name="{xml_text(verdict.title)}" {_counts(_cases_of(verdict))}>'
        yield "    <properties>"
        yield f'      <property name="answer" value="{verdict.answer}"/>'
        digests = {"code": verdict.code or "-", "rules": verdict.rules, "evidence": verdict.evidence}
        for name, digest in digests.items():
            yield f'      <property name="{name}" value="{xml_text(digest[:DIGITS_SHOWN])}"/>'
        yield "    </properties>"
        for criterion in _cases_of(verdict):
            yield from _junit_case(verdict, criterion)
        yield "  </testsuite>"
    yield "</testsuites>"


def _cases_of(verdict: GateVerdict) -> tuple[Criterion, ...]:
    """A verdict without a criterion is no pass, and must not look like one."""
    nothing = Criterion("criteria", Answer.INCONCLUSIVE, "one or more", "none")
    return verdict.criteria or (nothing,)


def _counts(criteria: Sequence[Criterion]) -> str:
    failures = sum(one.answer is Answer.FAIL for one in criteria)
    errors = sum(one.answer is Answer.INCONCLUSIVE for one in criteria)
    return f'tests="{len(criteria)}" failures="{failures}" errors="{errors}" skipped="0"'


def _junit_case(verdict: GateVerdict, criterion: Criterion) -> Iterator[str]:
    place = f"changeover.{verdict.phase}"
    head = f'    <testcase classname="{xml_text(place)}" name="{xml_text(criterion.name)}" time="0"'
    if criterion.answer is Answer.PASS:
        yield f"{head}/>"
        return
    element = "failure" if criterion.answer is Answer.FAIL else "error"
    message = f"required {criterion.required}, found {criterion.found}"
    yield f"{head}>"
    yield f'      <{element} type="{criterion.answer}" message="{xml_text(message)}">'
    yield from (xml_text(text) for text in (criterion.detail, criterion.do and f"do: {criterion.do}") if text)
    yield f"      </{element}>"
    yield "    </testcase>"


_LEVELS = {Answer.FAIL: "error", Answer.INCONCLUSIVE: "warning"}


def gate_markdown(verdicts: Sequence[GateVerdict]) -> str:
    """A headline and a table for each verdict; every value is escaped."""
    return "\n".join("\n".join(_markdown_lines(verdict)) + "\n" for verdict in verdicts)


def _markdown_lines(verdict: GateVerdict) -> Iterator[str]:
    yield f"### {markdown_text(verdict.title)}: {WORDS[verdict.answer]}\n"
    if verdict.do_first is not None:
        yield f"**Do first:** {_code(verdict.do_first)}\n"
    yield "| | criterion | required | found |"
    yield "|---|---|---|---|"
    for criterion in verdict.criteria:
        found = " ".join(part for part in (criterion.found, detail_of(criterion)) if part)
        cells = (criterion.name, criterion.required, found)
        yield f"| {MARKS[criterion.answer]} | {' | '.join(map(markdown_text, cells))} |"
    yield ""
    if verdict.not_counted:
        yield f"Not counted: {markdown_text(', '.join(verdict.not_counted))}.\n"
    for sentence in verdict.not_shown:
        yield f"- Not shown: {markdown_text(sentence)}"
    yield ""
    yield markdown_text(f"{digits(verdict.code, verdict.rules)}, evidence {verdict.evidence[:DIGITS_SHOWN]}")


def _code(text: str) -> str:
    """Inline code: longer fences than any run of backquotes inside, so that nothing closes it."""
    shown = visible(text)
    longest = max(map(len, re.findall("`+", shown)), default=0)
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
