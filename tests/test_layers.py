"""The import contracts hold, and would be seen to break: nothing of the toolkit is left out of them."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LAYERS = "a room of changeover imports only rooms below it"
CIRCLES = "no modules of one room know each other in a circle"


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("sources")
    shutil.copytree(ROOT / "src", copy / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    shutil.copy(ROOT / "pyproject.toml", copy)
    return copy


def broken_contracts(sources: Path, planted_in: str, line: str) -> list[str]:
    file = sources / "src" / planted_in
    before = file.read_text(encoding="utf-8")
    program = (
        "import sys; sys.path.insert(0, 'src'); from importlinter.cli import lint_imports_command as c; c()"
    )
    try:
        file.write_text(f"{before}\n{line}\n", encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-c", program, "--no-logo"],
            cwd=sources,
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        file.write_text(before, encoding="utf-8")
    assert "Contracts: " in done.stdout, done.stdout + done.stderr
    return [row.removesuffix(" BROKEN") for row in done.stdout.splitlines() if row.endswith(" BROKEN")]


@pytest.mark.parametrize(
    ("planted_in", "line", "broken"),
    [
        ("changeover/values/stage.py", "", None),
        ("changeover/values/stage.py", "from changeover.seam.seam import Seam", LAYERS),
        (
            "changeover/values/stage.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from changeover.seam.seam import Seam",
            LAYERS,
        ),
        (
            "changeover/record/tape.py",
            "def late() -> None:\n    from changeover.cli.main import main\n    main()",
            LAYERS,
        ),
        ("changeover/values/observation.py", "from changeover.values.stage import Pins", CIRCLES),
        (
            "changeover/record/port.py",
            "import typing\nif typing.TYPE_CHECKING:\n    from changeover.record.tape import Tape",
            CIRCLES,
        ),
        ("trading/domain/order.py", "from trading.domain.plan import RebalancePlan", CIRCLES),
    ],
    ids=[
        "nothing",
        "upward",
        "upward for types",
        "upward late",
        "circle",
        "circle for types",
        "circle in trading",
    ],
)
def test_a_planted_import_breaks_its_contract(
    sources: Path, planted_in: str, line: str, broken: str | None
) -> None:
    found = broken_contracts(sources, planted_in, line)
    assert found == [] if broken is None else broken in found


def test_a_new_room_has_to_be_given_its_layer(sources: Path) -> None:
    room = sources / "src" / "changeover" / "attic"
    room.mkdir()
    (room / "__init__.py").write_text('"""A room that no layer names."""\n', encoding="utf-8")
    try:
        assert LAYERS in broken_contracts(sources, "changeover/values/stage.py", "")
    finally:
        shutil.rmtree(room)


def test_no_contract_of_layers_or_circles_has_an_exception() -> None:
    tool = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    assert not tool.get("exclude_type_checking_imports")
    ours = [one for one in tool["contracts"] if one["type"] in ("layers", "acyclic_siblings")]
    assert len(ours) >= 3
    assert not [one["name"] for one in ours if "ignore_imports" in one or "skip_descendants" in one]


def test_the_page_about_the_architecture_has_a_paragraph_for_every_room() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rooms = [
        path.name.removesuffix(".py")
        for path in (ROOT / "src" / "changeover").iterdir()
        if not path.name.startswith("__") and path.name != "py.typed"
    ]
    assert [room for room in rooms if f"**`{room}`**" not in page] == []


def test_the_tests_of_the_toolkit_know_nothing_of_the_program() -> None:
    """So the rehearsal of the removal, which changes the program alone, need not run them again."""
    importing = re.compile(r"^\s*(from|import) trading\b|-m[\"', ]+trading\b", re.MULTILINE)
    tests = sorted((ROOT / "tests" / "changeover").rglob("*.py"))
    assert len(tests) > 300
    assert [str(file) for file in tests if importing.search(file.read_text(encoding="utf-8"))] == []
