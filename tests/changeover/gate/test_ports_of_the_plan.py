"""Evidence is about the ports of the plan as well: what was compared beside other ports counts no more."""

from pathlib import Path

import pytest

from tests.changeover.support.own_app import OwnApp


@pytest.mark.parametrize(
    ("ports", "counts"),
    [
        ("[ports]\nhttp = true\n", True),
        ("# a comment\n\n[ports]\nhttp = {}\n", True),
        ("[ports]\nhttp = { reads = ['POST https://api.example.org/*'] }\n", False),
        ("[ports]\nhttp = true\nsmtp = true\n", False),
        ("", False),
    ],
)
def test_evidence_counts_while_the_ports_are_the_same(tmp_path: Path, ports: str, counts: bool) -> None:
    app = OwnApp(tmp_path)
    plan = tmp_path / "migration" / "phases.toml"
    phases = plan.read_text()
    plan.write_text(f"{phases}\n[ports]\nhttp = true\n")
    assert app.process("compare").returncode == 0
    plan.write_text(f"{phases}\n{ports}")
    asked = app.process("gate", "double", "--to", "shadow").stdout
    assert ("1 corpus on other code or rules" not in asked) is counts, asked
