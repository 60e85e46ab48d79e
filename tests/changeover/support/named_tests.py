"""The tests that a page names (`room/test_file.py::test_name`, below tests/changeover)."""

import ast
import re
from functools import cache
from pathlib import Path

from tests.changeover.support.doc_pages import DOCS

TESTS = Path(__file__).parents[1]
_NAMED = re.compile(r"[\w/]+\.py::test_\w+")
_HEAD = re.compile(r"\|[\s|:-]+\|")
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def named_tests(text: str) -> set[str]:
    """Every test that a text names."""
    return set(_NAMED.findall(text))


@cache
def existing_tests() -> frozenset[str]:
    """Every test that pytest collects: functions of modules `test_*.py`, none inside another."""
    found = set()
    for file in TESTS.rglob("test_*.py"):
        for node in ast.parse(file.read_text("utf-8")).body:
            if isinstance(node, _FUNCTIONS) and node.name.startswith("test_"):
                found.add(f"{file.relative_to(TESTS).as_posix()}::{node.name}")
    return frozenset(found)


def rows_of_tables(page: str) -> list[str]:
    """The rows of all tables of a page, without their headings."""
    lines = (DOCS / page).read_text("utf-8").split("\n")
    headings = {at + step for at, line in enumerate(lines) if _HEAD.fullmatch(line) for step in (-1, 0)}
    return [line for at, line in enumerate(lines) if line.startswith("|") and at not in headings]
