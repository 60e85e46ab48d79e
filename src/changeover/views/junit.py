"""Verdicts as JUnit XML: one test suite for each phase, one test case for each criterion."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from changeover.evidence.code_digest import DIGITS_SHOWN
from changeover.values.gate_verdict import Answer, Criterion, GateVerdict
from changeover.values.safe_text import xml_text


def gate_junit(verdicts: Sequence[GateVerdict]) -> str:
    """What fails is a failure; what could not tell is an error, so that no reader takes it for a pass."""
    return "\n".join(_lines(verdicts)) + "\n"


def _lines(verdicts: Sequence[GateVerdict]) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    every = [criterion for verdict in verdicts for criterion in _cases(verdict)]
    yield f'<testsuites name="changeover gate" {_counts(every)}>'
    for verdict in verdicts:
        yield f'  <testsuite name="{xml_text(verdict.title)}" {_counts(_cases(verdict))}>'
        yield "    <properties>"
        for name, value in (
            ("answer", str(verdict.answer)),
            ("code", (verdict.code or "-")[:DIGITS_SHOWN]),
            ("rules", verdict.rules[:DIGITS_SHOWN]),
            ("evidence", verdict.evidence[:DIGITS_SHOWN]),
        ):
            yield f'      <property name="{name}" value="{xml_text(value)}"/>'
        yield "    </properties>"
        for criterion in _cases(verdict):
            yield from _case(verdict, criterion)
        yield "  </testsuite>"
    yield "</testsuites>"


def _cases(verdict: GateVerdict) -> tuple[Criterion, ...]:
    """A verdict without a criterion is no pass, and must not look like one."""
    nothing = Criterion("criteria", Answer.INCONCLUSIVE, "one or more", "none")
    return verdict.criteria or (nothing,)


def _counts(criteria: Sequence[Criterion]) -> str:
    failures = sum(one.answer is Answer.FAIL for one in criteria)
    errors = sum(one.answer is Answer.INCONCLUSIVE for one in criteria)
    return f'tests="{len(criteria)}" failures="{failures}" errors="{errors}" skipped="0"'


def _case(verdict: GateVerdict, criterion: Criterion) -> Iterator[str]:
    place = f"changeover.{verdict.phase}"
    head = f'    <testcase classname="{xml_text(place)}" name="{xml_text(criterion.name)}" time="0"'
    if criterion.answer is Answer.PASS:
        yield f"{head}/>"
        return
    element = "failure" if criterion.answer is Answer.FAIL else "error"
    message = f"required {criterion.required}, found {criterion.found}"
    told = [criterion.detail, f"do: {criterion.do}" if criterion.do else ""]
    yield f"{head}>"
    yield f'      <{element} type="{criterion.answer}" message="{xml_text(message)}">'
    yield from (xml_text(line) for line in told if line)
    yield f"      </{element}>"
    yield "    </testcase>"
