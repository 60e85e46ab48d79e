"""The environment variables of the toolkit, as its settings describe them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import pairwise

from tests.docs.pages import ROOT

SETTINGS = ROOT / "src" / "changeover" / "settings.py"


def variable_table() -> str:
    """One row for each variable."""
    rows = [f"| `{name}` | {about} |" for name, about in variables()]
    return "\n".join(["", "| variable | what it does |", "|---|---|", *rows, "", ""])


def variables() -> Iterator[tuple[str, str]]:
    """Every variable, with the text that stands below it in the settings."""
    body = ast.parse(SETTINGS.read_text(encoding="utf-8")).body
    for node, below in pairwise(body):
        if not (isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)):
            continue
        if node.targets[0].id.endswith("_VARIABLE"):
            assert isinstance(node.value, ast.Constant)
            assert isinstance(below, ast.Expr), f"{node.targets[0].id} has no text below it"
            assert isinstance(below.value, ast.Constant)
            name = str(node.value.value)
            yield f"{name}<PHASE>" if name.endswith("_") else name, " ".join(str(below.value.value).split())
