"""A comparison for a build server: a test case for each seam, Markdown for people, annotations of lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from changeover.evidence.code_digest import DIGITS_SHOWN
from changeover.values.gate_verdict import Answer
from changeover.values.safe_text import workflow_text
from changeover.values.source_line import SourceLines, split_line
from changeover.views.ci.findings import UNSAFE, Finding, Findings, SeamResult, Unanswered
from changeover.views.ci.junit import Problem, ProblemKind, TestCase, TestSuite, junit_text
from changeover.views.ci.repository import NO_REPOSITORY, Repository
from changeover.views.layout import plural
from changeover.views.rows import short_digest

CLUSTERS_IN_A_CASE_MAX = 20
ANNOTATIONS_MAX = 10
"""Of each level: GitHub shows no more of one step."""
_VALUE_IN_XML, _VALUE_IN_ANNOTATION = 300, 200


def compare_junit(comparisons: Sequence[Findings], *, with_files: bool = False) -> str:
    """One test suite for each comparison, and in it one test case for each seam."""
    suites = [comparison_suite(one) for one in comparisons]
    return junit_text("changeover compare", suites, with_files=with_files)


def comparison_suite(found: Findings) -> TestSuite:
    """A seam that differs is a failure; one about which nothing was shown is an error, so no pass."""
    info = found.info
    cases = [_case(found, seam) for seam in found.seams]
    for number, problem in enumerate(found.problems, 1):
        whole = Problem(ProblemKind.ERROR, str(Answer.INCONCLUSIVE), problem, [f"do: {found.command}"])
        cases.append(TestCase(f"changeover.{info.source}", f"the whole comparison, {number}", whole))
    properties = {
        "answer": str(found.answer),
        "code": short_digest(info.code),
        "rules": info.rules[:DIGITS_SHOWN],
    }
    return TestSuite(f"{info.source}, {plural(found.corpus.cases, 'case')}", cases, properties)


def _case(found: Findings, seam: SeamResult) -> TestCase:
    place = seam.lines.candidate or seam.lines.legacy
    said = [f"{side} {line}" for side, line in _by_side(seam.lines) if line]
    file = None if place is None else split_line(place)[0]
    # The source is part of the class name: GitLab takes two cases of one class and name for one.
    classname = f"changeover.{found.info.source}.{seam.tally.phase}"
    return TestCase(classname, seam.tally.seam, _problem(found, seam), seam.seconds, file, said)


def _problem(found: Findings, seam: SeamResult) -> Problem | None:
    if seam.answer is Answer.PASS:
        return None
    lines = [seam.why] if seam.answer is Answer.FAIL else []
    shown = [one for one in seam.findings if one.is_open]
    for one in shown[:CLUSTERS_IN_A_CASE_MAX]:
        lines += _finding_lines(one)
    if len(shown) > CLUSTERS_IN_A_CASE_MAX:
        lines.append(f"and {plural(len(shown) - CLUSTERS_IN_A_CASE_MAX, 'cluster')} more")
    for reason in seam.unanswered[:CLUSTERS_IN_A_CASE_MAX]:
        lines += _unanswered_lines(reason)
    lines.append(f"do: {shown[0].command if shown else found.command}")
    if seam.answer is Answer.FAIL:
        first = next((one for one in shown if one.state == UNSAFE), shown[0] if shown else None)
        message = seam.why if first is None else f"{_change(first, _VALUE_IN_XML)} ({seam.why})"
        return Problem(ProblemKind.FAILURE, "unsafe" if seam.tally.unsafe else "diverged", message, lines)
    reason_of = f": {seam.unanswered[0].what}" if seam.unanswered else ""
    return Problem(ProblemKind.ERROR, str(Answer.INCONCLUSIVE), f"{seam.why}{reason_of}", lines)


def _change(one: Finding, width: int) -> str:
    legacy, candidate = one.values(width)
    return f"{one.cluster.fingerprint.place}: {legacy} -> {candidate}"


def _finding_lines(one: Finding) -> Iterator[str]:
    name = one.cluster.fingerprint
    yield f"{one.cluster.id} {one.state} {name.place}, {name.kind}, in {one.share} runs"
    for (side, line), value in zip(_by_side(one.lines), one.values(_VALUE_IN_XML), strict=True):
        yield f"  {side}: {value}{f' at {line}' if line else ''}"


def _unanswered_lines(one: Unanswered) -> Iterator[str]:
    yield f"not compared: {one.what}, in {plural(one.reason.runs, 'run')}"
    for (side, line), asked in zip(_by_side(one.lines), one.questions(_VALUE_IN_XML), strict=True):
        if asked != "-":
            yield f"  {side}: {asked}{f' at {line}' if line else ''}"


def _by_side(lines: SourceLines) -> Iterator[tuple[str, str | None]]:
    yield "legacy", lines.legacy
    yield "candidate", lines.candidate


def compare_annotations(comparisons: Sequence[Findings], repository: Repository = NO_REPOSITORY) -> list[str]:
    """Workflow commands of GitHub: one for each cluster and each reason not to compare, up to a limit."""
    errors = (_finding_annotation(found, one, repository) for found in comparisons for one in found.open)
    warnings = (
        _unanswered_annotation(found, one, repository)
        for found in comparisons
        for seam in found.seams
        for one in seam.unanswered
    )
    return [*islice(errors, ANNOTATIONS_MAX), *islice(warnings, ANNOTATIONS_MAX)]


def _finding_annotation(found: Findings, one: Finding, repository: Repository) -> str:
    word = "UNSAFE: " if one.state == UNSAFE else ""
    was = f" (legacy at {one.lines.legacy})" if one.lines.legacy and one.lines.candidate else ""
    message = f"{_change(one, _VALUE_IN_ANNOTATION)}{was}, in {one.share} runs; {one.command}"
    title = f"{word}{one.cluster.fingerprint.seam} on {found.info.source}"
    return annotation("error", title, message, _at(found, one.place, repository))


def _unanswered_annotation(found: Findings, one: Unanswered, repository: Repository) -> str:
    message = f"{one.what}, in {plural(one.reason.runs, 'run')}; {found.command}"
    title = f"{one.reason.seam} on {found.info.source} was not compared"
    return annotation(
        "warning", title, message, _at(found, one.lines.candidate or one.lines.legacy or "", repository)
    )


def _at(found: Findings, place: str, repository: Repository) -> str:
    """File and line from the root of the repository; nothing for a line that is no file of the project."""
    file, line = split_line(place)
    if line is None or file not in found.info.files.values():
        return ""
    return f"file={workflow_text(repository.path(file), is_property=True)},line={line},"


def annotation(level: str, title: str, message: str, place: str = "") -> str:
    """One workflow command of GitHub; nothing in it ends it or begins another one."""
    return f"::{level} {place}title={workflow_text(title, is_property=True)}::{workflow_text(message)}"
