"""Of effects in another order the screens say which one comes first on either side, and how to accept it."""

from pathlib import Path
from typing import Any

import pytest

from changeover import Migration, Run
from changeover.views.layout import Screen
from changeover.views.text.test_summary import failure_text
from tests.changeover.support.own_app import OwnApp

DECLARED = """
class Desk:
    def save(self, number): ...
    def tell(self, text): ...

desk = Desk()
migration.port("desk", Desk, effects={"save": lambda number: number, "tell": lambda text: text})

def old(numbers):
    for number in numbers:
        desk.save(number)
        desk.tell(f"order {number}")

def new(numbers):
    for number in numbers:
        desk.save(number)
    for number in numbers:
        desk.tell(f"order {number}")
"""


def runs_of_both_orders() -> list[Run]:
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)
    names: dict[str, Any] = {"migration": migration}
    exec(DECLARED, names)  # noqa: S102  a module of a program
    migration.seam("s", legacy=names["old"], candidate=names["new"])([1, 2])
    return runs


@pytest.mark.parametrize("width", [60, 100, 200])
def test_under_a_test_it_says_what_comes_first(width: int) -> None:
    text = failure_text("The test itself passed.", runs_of_both_orders(), 0, "pytest", Screen(width))
    assert "        first desk.tell(" in text or "desk      first desk.tell(" in text
    assert "-> first desk.save(2)" in text


OTHER_ORDER = """
class Desk:
    def save(self, number): ...
    def tell(self, number): ...

desk = Desk()
migration.port("desk", Desk, effects={"save": lambda number: number, "tell": lambda number: number})
"""


def test_explain_says_what_overtakes_what_and_names_the_rule(tmp_path: Path) -> None:
    app = OwnApp(
        tmp_path,
        in_legacy="desk.save(number); desk.tell(number)",
        in_candidate="desk.tell(number); desk.save(number)",
        at_end=OTHER_ORDER,
    )
    compared = app.process("compare")
    assert "effect-order" in compared.stdout, compared.stdout + compared.stderr
    assert "first desk.save(0) -> first desk.tell(0)" in compared.stdout
    (cluster,) = [
        line.split()[0] for line in compared.stdout.splitlines() if "UNSAFE" in line and "desk" in line
    ]
    told = " ".join(app.process("explain", cluster).stdout.split())
    assert "the candidate makes desk.tell(0) before desk.save(0), legacy after it." in told
    assert 'a rule for effects.desk with order = "any" (changeover docs rules)' in told
