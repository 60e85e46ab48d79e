"""What `legacy prove` says of scenarios that show nothing: the whole reason, and how to record some."""

import pytest

from changeover.removal.candidate_alone import Alone
from changeover.removal.rehearsal import Proof, Rehearsal
from changeover.views.layout import Screen
from changeover.views.text.removal import prove_screen

WHY = (
    "takes/m-000/stock.process: read-missing: "
    "http.get('http://127.0.0.1:35291/prices/nut', headers={}) was not asked"
)


def shown(alone: Alone, width: int) -> str:
    return prove_screen(Proof(("stock.legacy",), Rehearsal(9, 1, 1), alone), Screen(width))


@pytest.mark.parametrize("width", [60, 100, 200])
def test_why_a_scenario_was_not_compared_is_said_in_full(width: int) -> None:
    text = shown(Alone(verdicts={"failed": 2}, not_compared=[WHY, WHY]), width)
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text
    assert f"{WHY} (2 times)".replace(" ", "") in "".join(text.split())


def test_where_there_is_no_scenario_the_command_is_named() -> None:
    assert "none was compared: changeover scenarios record keeps some" in shown(Alone(), 100)
