"""A case that nobody awaits crosses no seam: it is refused, and the same one that is awaited is compared."""

from pathlib import Path

import pytest

from tests.changeover.support.own_app import OwnApp

ASYNC = """
import asyncio

async def place(number):
    return double(number)
"""


@pytest.mark.parametrize("command", ["compare", "scenarios record --output s.jsonl", "rules blindspots"])
def test_a_case_that_gives_a_coroutine_is_refused_with_the_way_out(command: str, tmp_path: Path) -> None:
    app = OwnApp(tmp_path, at_import=ASYNC, in_case="return place(number)")
    answer = app.process(*command.split(), "--source", "cases")
    said = " ".join(answer.stderr.split())
    assert answer.returncode == 2, answer.stdout + answer.stderr
    assert 'case "cases/' in said.replace("'", '"') or "case 'cases/" in said
    assert "gave a coroutine that nobody awaits" in said
    assert "asyncio.run" in said
    assert "RuntimeWarning" not in said


def test_a_case_that_awaits_it_is_compared(tmp_path: Path) -> None:
    app = OwnApp(tmp_path, at_import=ASYNC, in_case="return asyncio.run(place(number))")
    answer = app.process("compare", "--source", "cases")
    assert answer.returncode == 0, answer.stdout + answer.stderr
