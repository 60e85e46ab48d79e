"""JUnit XML as Jenkins has it in its schema; `file` of a test case, which GitLab alone reads, is extra."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from enum import StrEnum

from changeover.quick_dataclass import dataclass
from changeover.values.safe_text import xml_text


class ProblemKind(StrEnum):
    """The two elements of JUnit for what is no pass; nothing is ever `skipped`, which servers show green."""

    FAILURE = "failure"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a test case is no pass: a word, a sentence, and what else is to be said, a line each."""

    kind: ProblemKind
    type: str
    message: str
    lines: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class TestCase:
    """One test case; `file` is that of the project it is about, `said` its standard output."""

    classname: str
    name: str
    problem: Problem | None = None
    seconds: float | None = None
    file: str | None = None
    said: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class TestSuite:
    """Test cases with one name, and what is known about all of them."""

    name: str
    cases: Sequence[TestCase]
    properties: Mapping[str, str] = field(default_factory=dict)


def junit_text(name: str, suites: Sequence[TestSuite], *, with_files: bool = False) -> str:
    """The whole document. `with_files` adds to each test case the file it is about."""
    return "\n".join(_lines(name, suites, with_files)) + "\n"


def _lines(name: str, suites: Sequence[TestSuite], with_files: bool) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    every = [case for suite in suites for case in suite.cases]
    yield f'<testsuites name="{xml_text(name)}" {_counts(every)}>'
    for suite in suites:
        yield f'  <testsuite name="{xml_text(suite.name)}" {_counts(suite.cases)} skipped="0">'
        yield "    <properties>"
        for key, value in suite.properties.items():
            yield f'      <property name="{xml_text(key)}" value="{xml_text(value)}"/>'
        yield "    </properties>"
        for case in suite.cases:
            yield from _case(case, with_files)
        yield "  </testsuite>"
    yield "</testsuites>"


def _counts(cases: Sequence[TestCase]) -> str:
    kinds = [case.problem.kind for case in cases if case.problem is not None]
    failures, errors = kinds.count(ProblemKind.FAILURE), kinds.count(ProblemKind.ERROR)
    return f'tests="{len(cases)}" failures="{failures}" errors="{errors}"'


def _case(case: TestCase, with_files: bool) -> Iterator[str]:
    time = "0" if case.seconds is None else f"{case.seconds:.3f}"
    file = f' file="{xml_text(case.file)}"' if with_files and case.file is not None else ""
    names = f'classname="{xml_text(case.classname)}" name="{xml_text(case.name)}"'
    head = f'    <testcase {names}{file} time="{time}"'
    if case.problem is None and not case.said:
        yield f"{head}/>"
        return
    yield f"{head}>"
    if case.problem is not None:
        yield from _problem(case.problem)
    if case.said:
        yield "      <system-out>"
        yield from map(xml_text, case.said)
        yield "      </system-out>"
    yield "    </testcase>"


def _problem(problem: Problem) -> Iterator[str]:
    yield f'      <{problem.kind} type="{xml_text(problem.type)}" message="{xml_text(problem.message)}">'
    yield from map(xml_text, problem.lines)
    yield f"      </{problem.kind}>"
