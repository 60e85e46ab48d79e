"""What `--path` says is what runs: by the flags, the old orchestrators alone, or the handlers alone."""

import subprocess
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

from tests.trading.support.flipped_runs import (
    KILLED,
    STATES,
    Quiet,
    Steps,
    Switchboard,
    all_at,
    open_desk,
)
from trading.composition import TradingPath, compose_migration, front_door
from trading.notify.notifiers import MemoryNotifier
from trading.run_guard import DIRECT_ENDED

BY_EVENTS = {"ramp-in", "live", "complete"}
MIGRATION = compose_migration()


@pytest.fixture
def board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Switchboard]:
    yield Switchboard(tmp_path, monkeypatch)
    monkeypatch.undo()
    MIGRATION.look_again()


@pytest.mark.parametrize(("path", "state"), [*product(TradingPath, [*STATES, KILLED])])
def test_a_path_does_what_its_name_says_wherever_the_stages_are(
    board: Switchboard, path: TradingPath, state: str
) -> None:
    board.stand(all_at(state))
    steps, handed_on = Steps(), MIGRATION.counts.total()
    with open_desk(None, steps, MemoryNotifier()) as desk:
        front_door(desk, path, Quiet(steps)).execute_trading()
        direct = [one for one in desk.journal.workflows() if one.state == DIRECT_ENDED]
    by_flags = "events" if state in BY_EVENTS else "legacy"
    expected = {TradingPath.FLAGS: by_flags, TradingPath.LEGACY: "legacy", TradingPath.CANDIDATE: "events"}
    assert {made_by for made_by, _ in steps.calls} - {""} == {expected[path]}
    assert len(direct) == (path is not TradingPath.CANDIDATE)
    if path is not TradingPath.FLAGS:
        assert MIGRATION.counts.total() == handed_on  # nothing was compared


IMPORTED = """
import sys
from trading.cli import main
try:
    main(sys.argv[1:])
finally:
    print(*sorted(name for name in sys.modules if name.startswith(("changeover", "trading.legacy"))))
"""


@pytest.mark.parametrize(
    ("path", "absent"),
    [
        ("candidate", ("changeover", "trading.legacy")),
        ("legacy", ("changeover.migration", "changeover.seam.dispatch")),
    ],
)
def test_a_path_alone_imports_nothing_of_what_it_does_without(
    tmp_path: Path, path: str, absent: tuple[str, ...]
) -> None:
    command = ["trade", "--path", path, "--at", "2011-08-09", "--account", str(tmp_path / "a.db")]
    done = subprocess.run(
        [sys.executable, "-c", IMPORTED, *command], capture_output=True, text=True, check=True
    )
    assert set(done.stdout.splitlines()[-1].split()) & set(absent) == set()
    assert "done: 17 of 17 trades done" in done.stdout


def test_importing_the_composition_composes_nothing() -> None:
    code = (
        "import trading.cli, trading.compat.entry, trading.compat.portfolio, trading.compat.trading\n"
        "from changeover.migration import migrations_alive\n"
        "from trading.legacy.trading_system import TradingSystem\n"
        "print(migrations_alive(), hasattr(TradingSystem.execute_trading, 'seam'))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] False"
