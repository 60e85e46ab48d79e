from pathlib import Path

import pytest
from click.testing import CliRunner

from trading.cli import main


@pytest.mark.parametrize("path", ["flags", "legacy"])
def test_direct_calls_do_not_go_over_a_broker(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRADING_BUS", "amqp://me:secret@nowhere")
    done = CliRunner().invoke(main, ["trade", "--path", path, "--account", str(tmp_path / "a.db")])
    assert done.exit_code == 2
    assert (
        f"TRADING_BUS=amqp://nowhere: carries the events of --path candidate, and --path is {path}; write "
        "--path candidate, or set TRADING_BUS=memory"
    ) in done.stderr
    assert not list(tmp_path.iterdir())
