"""What the page about the gate shows is what the gate says."""

import re
from pathlib import Path

from changeover.evidence.confidence import percent_above, repeated_looks
from changeover.rollout.gate_criteria import CHECK_TIMEOUT_S
from changeover.views.ci.gate import gate_annotations, gate_junit, gate_markdown
from changeover.views.layout import Screen
from changeover.views.text.gate import gate_screen
from tests.changeover.support.gate_inputs import finishing, passing, production, review

PAGE = (Path(__file__).parents[3] / "docs" / "gate.md").read_text(encoding="utf-8")
COMMAND = "pytest -q tests/events"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, flags=re.DOTALL)


def test_the_screens_of_the_page_are_current() -> None:
    short = passing().but_corpus(tags={"debt": 50}).but_runs(production(214)).verdict
    failed = review("check", COMMAND, {"tail": ["2 failed in 0.31s"]}, answer="fail", found="exit 1")
    checked = finishing().but(checks={COMMAND: failed}).verdict
    screen, notes = blocks("text")
    assert screen == gate_screen(short, Screen())
    assert notes.splitlines() == gate_annotations([checked])
    assert blocks("xml") == [gate_junit([checked])]
    (table,) = blocks("markdown")
    assert gate_markdown([short]).startswith(table)


def test_the_figures_of_the_page_are_computed() -> None:
    for looks, confidence in ((299, 0.95), (600, 0.95), (1000, 0.95), (2000, 0.95), (2000, 0.99)):
        chance = repeated_looks(0.01, confidence, looks)
        assert chance is not None
        assert percent_above(chance, 3 if chance >= 0.1 else 2) in PAGE
    assert f"`check_timeout_s` ({CHECK_TIMEOUT_S})" in PAGE


def test_no_code_block_is_wider_than_a_screen() -> None:
    lines = [
        line for block in re.findall(r"```\w+\n(.*?)```", PAGE, flags=re.DOTALL) for line in block.split("\n")
    ]
    # An annotation is one line by its nature.
    assert max(len(line) for line in lines if not line.startswith("::")) <= 100
