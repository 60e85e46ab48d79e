"""A comparison for a build server: JUnit that servers take, Markdown that fits, annotations of lines."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
import xmlschema

from changeover.evidence.comparison_info import Stopped
from changeover.values.divergence import Divergence, Kind
from changeover.values.gate_verdict import EXIT_CODES as CODE_OF
from changeover.values.verdict import Verdict
from changeover.views.ci.comparison import ANNOTATIONS_MAX, compare_annotations, compare_junit
from changeover.views.ci.findings import Findings, findings_of
from changeover.views.ci.gate import gate_annotations, gate_junit, gate_markdown
from changeover.views.ci.markdown import MARKDOWN_MAX, compare_markdown
from changeover.views.ci.repository import Repository
from tests.changeover.support.ci_findings import (
    EFFECT,
    EXIT_CODES,
    OUTCOMES,
    VALUE,
    compared,
    findings,
    hostile,
)
from tests.changeover.support.gate_inputs import passing
from tests.changeover.support.hostile_texts import STRINGS, obeyed

# junit-10.xsd is that of the xunit plugin of Jenkins, under the MIT licence that stands in it.
JENKINS = xmlschema.XMLSchema(Path(__file__).parents[3] / "data" / "junit-10.xsd")
MANY = 300
GITHUB = Repository("services/shop", "https://github.com/o/r/blob/abc")


def junit(*found: Findings, with_files: bool = False) -> ElementTree.Element:
    return ElementTree.fromstring(compare_junit(found, with_files=with_files))  # noqa: S314  it is our own


def rows_of(markdown: str, title: str) -> list[list[str]]:
    """The cells of a table below a headline."""
    part = markdown.partition(f"#### {title}\n")[2].partition("\n####")[0]
    lines = [line for line in part.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines[1:]]


@pytest.mark.parametrize("name", OUTCOMES)
def test_every_format_gives_the_answer_of_the_exit_code(name: str) -> None:
    found, code = OUTCOMES[name](), EXIT_CODES[name]
    assert (found.corpus.exit_code, CODE_OF[found.answer]) == (code, code)
    suites = junit(found)
    failures, errors = int(suites.get("failures", "")), int(suites.get("errors", ""))
    assert (1 if failures else 3 if errors else 0) == code
    word = {0: "PASS", 1: "FAIL", 3: "INCONCLUSIVE"}[code]
    assert compare_markdown([found]).startswith(f"### days: {word}\n")
    annotations = compare_annotations([found])
    assert any(line.startswith("::error ") for line in annotations) is (code == 1)


@pytest.mark.parametrize("name", OUTCOMES)
def test_junit_is_valid_for_jenkins_and_read_by_gitlab(name: str) -> None:
    found = OUTCOMES[name]()
    text = compare_junit([found])
    JENKINS.validate(text)
    document = junit(found, with_files=True)
    # What GitLab's parser takes of a case; two of one class and name are one to it.
    cases = document.findall("testsuite/testcase")
    assert cases
    assert len({(case.get("classname"), case.get("name")) for case in cases}) == len(cases)
    for case in cases:
        assert float(case.get("time", "")) >= 0
        assert case.find("skipped") is None
        assert len(case.findall("failure") + case.findall("error")) <= 1
        if "." in case.get("name", ""):
            assert case.attrib.pop("file") == "src/shop/handlers/orders.py"
    for suites in [document, *document.findall("testsuite")]:
        inside = suites.findall(".//testcase")
        assert int(suites.get("tests", "")) == len(inside)
        assert int(suites.get("failures", "")) == sum(case.find("failure") is not None for case in inside)
        assert int(suites.get("errors", "")) == sum(case.find("error") is not None for case in inside)
    # Without the files, which Jenkins' schema forbids, it is the same.
    written = [ElementTree.tostring(ElementTree.fromstring(text)), ElementTree.tostring(document)]  # noqa: S314
    assert written[0] == written[1]


def test_junit_of_a_gate_is_valid_for_jenkins_with_and_without_what_was_found() -> None:
    verdict = passing().but(checks={}, killed=True).verdict
    for found in ((), (OUTCOMES["unsafe"](),)):
        JENKINS.validate(gate_junit([verdict], found))


def test_a_case_has_the_seam_with_its_lines_its_time_and_the_first_value_that_differs() -> None:
    (case,) = junit(OUTCOMES["unsafe"]()).findall("testsuite/testcase")
    assert (case.get("classname"), case.get("name"), case.get("time")) == (
        "changeover.days.desk",
        "desk.a",
        "0.750",
    )
    said = (case.findtext("system-out") or "").split("\n")[1:3]
    assert said == ["legacy src/shop/legacy/orders.py:1", "candidate src/shop/handlers/orders.py:2"]
    failure = case.find("failure")
    assert failure is not None
    assert (failure.get("message") or "").startswith(
        "effects.broker.submit[*].quantity: 18 -> 312 (1 of 1 run differs"
    )
    assert "  legacy: 18 at src/shop/legacy/orders.py:12\n" in (failure.text or "")
    assert "  candidate: 312 at src/shop/handlers/orders.py:34\n" in (failure.text or "")


def test_what_could_not_be_compared_is_an_error_with_both_questions() -> None:
    case = junit(OUTCOMES["not compared"]()).find("testsuite/testcase")
    assert case is not None
    error = case.find("error")
    assert error is not None
    assert error.get("message") == "1 of 1 run could not be compared: read-missing: depot.held: crate"
    assert '  candidate: depot.held("crate") at src/shop/handlers/orders.py:34\n' in (error.text or "")


def test_markdown_names_place_both_values_and_both_lines_of_every_cluster() -> None:
    rows = rows_of(compare_markdown([OUTCOMES["unsafe"]()], GITHUB), "What differs")
    page = "https://github.com/o/r/blob/abc/services/shop/src/shop"
    legacy = f"[legacy/orders.py:12]({page}/legacy/orders.py#L12)"
    candidate = f"[handlers/orders.py:34]({page}/handlers/orders.py#L34)"
    assert [(row[1], row[2], row[3], row[4]) for row in rows] == [
        (
            "desk.a<br>effects  broker.submit\\[\\*\\].quantity",
            f"18<br>{legacy}",
            f"312<br>{candidate}",
            "1 of 1",
        ),
        ("desk.a<br>result.weight", f"1<br>{legacy}", f"2<br>{candidate}", "1 of 1"),
    ]
    assert rows[0][0].startswith("**UNSAFE**<br>`")


def test_a_side_that_did_nothing_has_the_line_of_its_path() -> None:
    (row,) = rows_of(compare_markdown([OUTCOMES["one side"]()]), "What differs")
    assert row[2:4] == [
        "{quantity: 18}<br>src/shop/legacy/orders.py:12",
        "nothing<br>src/shop/handlers/orders.py:2",
    ]


def test_two_hundred_seams_fit_with_every_cluster_named() -> None:
    found = OUTCOMES["200 seams"]()
    text = compare_markdown([found], GITHUB)
    assert len(text) <= MARKDOWN_MAX
    rows = rows_of(text, "What differs")
    assert len(rows) == len(found.open) == 200
    values = {tuple(cell.partition("<br>")[0] for cell in row[2:4]) for row in rows}
    assert values == {("18", "312"), ("1", "2")}
    assert all("legacy/orders.py:12" in row[2] and "handlers/orders.py:34" in row[3] for row in rows)
    assert len(compare_annotations([found])) == ANNOTATIONS_MAX


def test_a_comment_never_grows_too_long_and_what_is_left_out_is_counted() -> None:
    long = replace(VALUE, legacy="<" * 500, candidate=">" * 500)
    many = [replace(long, place=f"result.part_{number}") for number in range(MANY)]
    found = findings(compared("desk.a", Verdict.DIVERGED, *many))
    text = compare_markdown([found, found], GITHUB)
    assert len(text) <= MARKDOWN_MAX
    shown = len(rows_of(text.partition("\n### ")[0], "What differs"))
    assert 100 < shown < MANY
    assert f"And {MANY - shown} clusters more: `changeover compare --source days`" in text
    whole = gate_markdown([passing().verdict] * 90, [found], GITHUB)
    assert len(whole) <= MARKDOWN_MAX
    assert "90 phases passed." in whole


def test_an_annotation_points_at_the_candidates_line_from_the_root_of_the_repository() -> None:
    first, *_ = compare_annotations([OUTCOMES["unsafe"]()], GITHUB)
    assert first.startswith(
        "::error file=services/shop/src/shop/handlers/orders.py,line=34,title=UNSAFE%3A desk.a on days::"
        "effects.broker.submit[*].quantity: 18 -> 312 (legacy at src/shop/legacy/orders.py:12), in 1 of"
    )
    lines = gate_annotations([passing().but(checks={}).verdict], [OUTCOMES["unsafe"]()], GITHUB)
    assert [line.partition(" ")[0] for line in lines] == ["::error", "::error", "::warning"]


def test_equal_texts_of_other_types_are_told_apart() -> None:
    found = findings(compared("desk.a", Verdict.DIVERGED, Divergence("result", Kind.TYPE, 1.0, True)))
    (row,) = rows_of(compare_markdown([found]), "What differs")
    assert [cell.partition("<br>")[0] for cell in row[2:4]] == ["1&#8203;.0", "true"]
    alike = Divergence("result", Kind.TYPE, "a", type("Symbol", (str,), {})("a"))
    (row,) = rows_of(
        compare_markdown([findings(compared("desk.a", Verdict.DIVERGED, alike))]), "What differs"
    )
    assert [cell.partition("<br>")[0] for cell in row[2:4]] == ['"a" (str)', '"a" (Symbol)']


def test_what_was_interrupted_or_damaged_is_no_pass() -> None:
    found = OUTCOMES["match"]()
    stopped = findings_of(replace(found.info, stopped=Stopped.INTERRUPTED), found.corpus)
    found.corpus.damaged.append("kept.jsonl:2 is no JSON")
    damaged = findings_of(found.info, found.corpus)
    for one, said in ((stopped, "interrupted after 1 case"), (damaged, "damaged: kept.jsonl:2")):
        assert CODE_OF[one.answer] == 3
        assert said in compare_junit([one])
        assert said in compare_markdown([one]).replace("&#8203;", "")


def _texts(text: str) -> Iterator[str]:
    found = hostile(text)
    yield compare_junit([found], with_files=True)
    yield compare_markdown([found], GITHUB)
    yield from compare_annotations([found], GITHUB)


def test_nothing_of_a_program_is_live_in_any_format() -> None:
    harmless = [len(text.splitlines()) for text in _texts("harmless")]
    tags = [one.tag for one in junit(hostile("harmless")).iter()]
    for text in STRINGS:
        shown = list(_texts(text))
        assert [len(one.splitlines()) for one in shown] == harmless, ascii(text)
        assert not any(map(obeyed, shown)), ascii(text)
        assert [one.tag for one in junit(hostile(text)).iter()] == tags, ascii(text)
        markdown = shown[1]
        live = markdown.replace("<br>", "")
        assert not re.search(r"<|(?<!\\)\]\((?!https://github\.com/o/r/)|@(?!&#8203;)\w", live), ascii(text)
        for row in rows_of(markdown, "What differs") + rows_of(markdown, "Not compared"):
            assert len(row) == 5, ascii(text)
        for line in shown[2:]:
            level, _, named = line.partition(" ")
            assert level in ("::error", "::warning"), ascii(text)
            properties, _, _ = named.partition("::")  # ends where the message begins: no text has it inside
            title = properties.split("title=")[1].replace("%3A", ":")
            assert title.endswith((" on days", "not compared")), ascii(text)


def test_junit_with_hostile_texts_is_valid_for_jenkins() -> None:
    for text in STRINGS[::10]:  # a sample: it takes long
        JENKINS.validate(compare_junit([hostile(text)]))


def test_a_seam_outside_what_was_asked_about_is_left_out() -> None:
    found = findings(compared("desk.a", Verdict.UNSAFE, EFFECT), compared("yard.b", Verdict.MATCH))
    chosen = findings_of(found.info, found.corpus, ["yard.b"])
    assert CODE_OF[chosen.answer] == 0
    assert "desk.a" not in compare_junit([chosen]) + compare_markdown([chosen])
