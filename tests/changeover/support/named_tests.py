"""The tests that a page names (`room/test_file.py::test_name`, below tests/changeover)."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.changeover.support.doc_pages import DOCS

TESTS = Path(__file__).parents[1]
_NAMED = re.compile(r"[\w/]+\.py::(?:Test\w*::)?test_\w+")
_HEAD = re.compile(r"\|[\s|:-]+\|")
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def named_tests(text: str) -> set[str]:
    """Every test that a text names."""
    return set(_NAMED.findall(text))


@cache
def existing_tests() -> frozenset[str]:
    """Every test that pytest collects: functions of modules `test_*.py` and of their classes `Test*`."""
    files = ((file, ast.parse(file.read_text("utf-8")).body) for file in TESTS.rglob("test_*.py"))
    return frozenset(
        f"{file.relative_to(TESTS).as_posix()}::{name}" for file, body in files for name in _collected(body)
    )


def _collected(body: list[ast.stmt]) -> Iterator[str]:
    for node in body:
        if isinstance(node, _FUNCTIONS) and node.name.startswith("test_"):
            yield node.name
        elif isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            yield from (f"{node.name}::{name}" for name in _collected(node.body))


def rows_of_tables(page: str) -> list[str]:
    """The rows of all tables of a page, without their headings."""
    lines = (DOCS / page).read_text("utf-8").split("\n")
    headings = {at + step for at, line in enumerate(lines) if _HEAD.fullmatch(line) for step in (-1, 0)}
    return [line for at, line in enumerate(lines) if line.startswith("|") and at not in headings]
