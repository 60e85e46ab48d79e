"""Verdicts of gates for a build server, with what the comparison found behind those about scenarios."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from changeover.evidence.code_digest import DIGITS_SHOWN
from changeover.values.gate_verdict import Answer, Criterion, GateVerdict, command_and_purpose
from changeover.values.safe_text import markdown_code, markdown_text
from changeover.views.ci.comparison import ANNOTATIONS_MAX, annotation, compare_annotations, comparison_suite
from changeover.views.ci.findings import Findings
from changeover.views.ci.junit import Problem, ProblemKind, TestCase, TestSuite, junit_text
from changeover.views.ci.markdown import MARKDOWN_MAX, compare_markdown
from changeover.views.ci.repository import NO_REPOSITORY, Repository
from changeover.views.layout import plural
from changeover.views.rows import digits
from changeover.views.text.gate import MARKS, WORDS, detail_of

WHOLE_VERDICTS_MAX = 30_000
"""Characters: beyond it a verdict that passes is its headline alone."""
NO_FINDINGS: tuple[Findings, ...] = ()


def gate_junit(
    verdicts: Sequence[GateVerdict], compared: Sequence[Findings] = NO_FINDINGS, *, with_files: bool = False
) -> str:
    """What fails is a failure; what could not tell is an error, so that no reader takes it for a pass."""
    suites = [*map(_suite, verdicts), *map(comparison_suite, compared)]
    return junit_text("changeover gate", suites, with_files=with_files)


def _suite(verdict: GateVerdict) -> TestSuite:
    digests = {"code": verdict.code or "-", "rules": verdict.rules, "evidence": verdict.evidence}
    shown = {name: digest[:DIGITS_SHOWN] for name, digest in digests.items()}
    cases = [_case(verdict, criterion) for criterion in _criteria_of(verdict)]
    return TestSuite(verdict.title, cases, {"answer": str(verdict.answer), **shown})


def _criteria_of(verdict: GateVerdict) -> tuple[Criterion, ...]:
    """A verdict without a criterion is no pass, and must not look like one."""
    nothing = Criterion("criteria", Answer.INCONCLUSIVE, "one or more", "none")
    return verdict.criteria or (nothing,)


_KINDS = {Answer.FAIL: ProblemKind.FAILURE, Answer.INCONCLUSIVE: ProblemKind.ERROR}


def _case(verdict: GateVerdict, criterion: Criterion) -> TestCase:
    place = f"changeover.{verdict.phase}"
    if criterion.answer is Answer.PASS:
        return TestCase(place, criterion.name)
    lines = [text for text in (criterion.detail, criterion.do and f"do: {criterion.do}") if text]
    message = f"required {criterion.required}, found {criterion.found}"
    return TestCase(
        place, criterion.name, Problem(_KINDS[criterion.answer], str(criterion.answer), message, lines)
    )


_LEVELS = {Answer.FAIL: "error", Answer.INCONCLUSIVE: "warning"}


def gate_markdown(
    verdicts: Sequence[GateVerdict],
    compared: Sequence[Findings] = NO_FINDINGS,
    repository: Repository = NO_REPOSITORY,
) -> str:
    """A headline and a table for each verdict, and what was found behind them; every value is escaped."""
    text = _verdicts(verdicts, whole=True)
    if len(text) > WHOLE_VERDICTS_MAX:
        text = _verdicts(verdicts, whole=False)
    if not compared:
        return text
    return f"{text}\n{compare_markdown(compared, repository, MARKDOWN_MAX - len(text))}"


def _verdicts(verdicts: Sequence[GateVerdict], *, whole: bool) -> str:
    shown = [one for one in verdicts if whole or one.answer is not Answer.PASS]
    left_out = len(verdicts) - len(shown)
    more = f"{plural(left_out, 'phase')} passed.\n" if left_out else ""
    return "\n".join(["\n".join(_markdown_lines(one)) + "\n" for one in shown] + ([more] if more else []))


def _markdown_lines(verdict: GateVerdict) -> Iterator[str]:
    yield f"### {markdown_text(verdict.title)}: {WORDS[verdict.answer]}\n"
    if verdict.do_first is not None:
        command, note = command_and_purpose(verdict.do_first)
        yield f"**Do first:** {markdown_code(command)} {markdown_text(note)}".rstrip() + "\n"
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


def gate_annotations(
    verdicts: Sequence[GateVerdict],
    compared: Sequence[Findings] = NO_FINDINGS,
    repository: Repository = NO_REPOSITORY,
) -> list[str]:
    """Workflow commands of GitHub: first the lines that differ, then every criterion that is no pass."""
    found = compare_annotations(compared, repository)
    found += [
        _annotation(verdict, one) for verdict in verdicts for one in verdict.criteria if one.answer in _LEVELS
    ]
    kept: list[str] = []
    for level in _LEVELS.values():
        kept += [one for one in found if one.startswith(f"::{level} ")][:ANNOTATIONS_MAX]
    return kept


def _annotation(verdict: GateVerdict, criterion: Criterion) -> str:
    do = f"; do: {criterion.do}" if criterion.do else ""
    detail = f" ({detail_of(criterion)})" if detail_of(criterion) else ""
    message = f"required {criterion.required}, found {criterion.found}{detail}{do}"
    return annotation(_LEVELS[criterion.answer], f"{verdict.title}: {criterion.name}", message)
