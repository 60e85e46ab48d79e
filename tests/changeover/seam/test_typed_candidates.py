"""A type checker holds a decorated candidate against legacy: its parameters, and what it gives."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
WRONG = "# wrong"

PROGRAM = """
from __future__ import annotations

from decimal import Decimal

from changeover import Migration

migration = Migration()


@migration.seam("plan", key=lambda account: account)
def plan(account: str, *, dust: int = 1) -> Decimal:
    return Decimal(dust)


@plan.candidate
def alike(account: str, *, dust: int = 1) -> Decimal:
    return Decimal(dust)


@plan.candidate
def of_more(account: str, more: int = 1, *, dust: int = 1) -> Decimal:
    return Decimal(dust)


@plan.candidate
async def awaited(account: str, *, dust: int = 1) -> Decimal:
    return Decimal(dust)


@plan.candidate  # wrong
def of_a_number(account: int, *, dust: int = 1) -> Decimal:
    return Decimal(dust)


@plan.candidate  # wrong
def of_too_many(account: str, more: int, *, dust: int = 1) -> Decimal:
    return Decimal(dust)


@plan.candidate  # wrong
def of_less(account: str) -> Decimal:
    return Decimal(1)


@plan.candidate  # wrong
def of_another_name(name: str, *, dust: int = 1) -> Decimal:
    return Decimal(dust)


@plan.candidate  # wrong
def gives_another(account: str, *, dust: int = 1) -> float:
    return 1.0


@plan.candidate  # wrong
def gives_nothing(account: str, *, dust: int = 1) -> None:
    return None


@plan.candidate  # wrong
async def gives_another_later(account: str, *, dust: int = 1) -> str:
    return ""


@migration.seam("quote")
async def quote(account: str) -> int:
    return 1


@quote.candidate
async def quote_alike(account: str) -> int:
    return 1


@quote.candidate
def quote_at_once(account: str) -> int:
    return 1


@quote.candidate  # wrong
async def quote_of_another(account: str) -> str:
    return ""


@quote.candidate  # wrong
def quote_of_another_at_once(account: str) -> str:
    return ""


class Desk:
    @migration.seam("desk.trade")
    def trade(self, quantity: int) -> int:
        return quantity

    @trade.candidate
    def trade_alike(self, quantity: int) -> int:
        return quantity

    @trade.candidate  # wrong
    def trade_of_text(self, quantity: str) -> int:
        return 1

    @trade.candidate  # wrong
    def trade_text(self, quantity: int) -> str:
        return ""


@migration.seam  # wrong
def without_parentheses(n: int) -> int:
    return n


number: int = Desk().trade(1)
money: Decimal = plan("a", dust=2)
the_same: Decimal = alike("a")
"""

EXPECTED = {number for number, line in enumerate(PROGRAM.splitlines(), 1) if line.endswith(WRONG)}


def lines_told(command: list[str], program: Path) -> set[int]:
    program.write_text(PROGRAM)
    done = subprocess.run([*command, str(program)], capture_output=True, text=True, cwd=ROOT, check=False)
    return {int(line) for line in re.findall(rf"{program.name}:(\d+)\S* (?:- )?error", done.stdout)}


def test_mypy_refuses_a_candidate_that_takes_or_gives_something_else(tmp_path: Path) -> None:
    told = lines_told([sys.executable, "-m", "mypy", "--strict"], tmp_path / "program.py")
    assert told == EXPECTED


CHECKER = next(filter(None, map(shutil.which, ("pyright", "basedpyright"))), None)


@pytest.mark.skipif(CHECKER is None, reason="neither pyright nor basedpyright is installed")
def test_pyright_refuses_a_candidate_that_takes_or_gives_something_else(tmp_path: Path) -> None:
    command = [CHECKER or "", "--pythonpath", sys.executable, "--level", "error"]
    assert lines_told(command, tmp_path / "program.py") == EXPECTED
