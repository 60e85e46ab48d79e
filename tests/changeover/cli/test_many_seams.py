"""Two hundred seams in twenty phases: every screen stays readable, and says the same as with one."""

import json
from pathlib import Path

import pytest

from tests.changeover.support.own_app import OwnApp

PHASES, SEAMS = 20, 10
LINES_MAX, WIDTH = 300, 100
MANY = f"""
class Bank:
    def pay(self, number):
        return "paid"


bank = Bank()
migration.port("bank", Bank, effects={{"pay": lambda number: ()}})


def pair(phase, number):
    def pays(value):
        bank.pay(value)
        return value

    def pays_more(value):
        bank.pay(value + (number == 3))
        return value + (number == 5)

    return migration.seam(f"part-{{phase:02}}.function-{{number}}", legacy=pays, candidate=pays_more)


seams = [pair(phase, number) for phase in range({PHASES}) for number in range({SEAMS})]


@migration.source("small", population="generated")
def small(options):
    for number in range(2):
        yield Case(f"small-{{number}}", lambda number=number: [seam(number) for seam in seams])
"""


def phase(number: int) -> str:
    seams = ", ".join(f'"part-{number:02}.function-{seam}"' for seam in range(SEAMS))
    return f'[[phase]]\nname = "part-{number:02}"\nnumber = {number + 2}\nseams = [{seams}]\n'


@pytest.fixture
def app(tmp_path: Path) -> OwnApp:
    made = OwnApp(tmp_path, at_end=MANY)
    plan = tmp_path / "migration" / "phases.toml"
    plan.write_text(plan.read_text() + "\n" + "\n".join(map(phase, range(PHASES))))
    return made


def test_every_screen_is_bounded_and_begins_with_the_worst(app: OwnApp) -> None:
    compared = app.run("compare", "--source", "small")
    assert compared.code == 1
    screens = {
        "compare": compared,
        **{one: app.run(*one.split()) for one in ("explain", "status", "doctor", "gate part-07", "history")},
    }
    for name, answer in screens.items():
        lines = answer.out.splitlines()
        assert len(lines) <= LINES_MAX, name
        assert max(map(len, lines)) <= WIDTH, name
    assert screens["explain"].out.startswith("UNSAFE   small, ")
    assert screens["status"].out.startswith("! UNSAFE in small")
    assert screens["doctor"].out.startswith("! UNSAFE in small")
    assert screens["gate part-07"].code == 1
    assert "part-07.function-3" in screens["gate part-07"].out
    assert app.run("report", "--output", "page.html").code == 0
    page = (app.root / "page.html").read_text()
    assert all(f"part-{number:02}.function-3" in page for number in range(PHASES))
    status = json.loads(app.run("status", "--format", "json").out)
    assert len(status["phases"]) == PHASES + 1
