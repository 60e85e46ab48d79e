"""`changeover doctor` names engines that no migration covers, and tables whose rows have no name."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from tests.programs.process import run_python

APP = """
import sqlalchemy as sa
from changeover import Migration

metadata = sa.MetaData()
sa.Table("orders", metadata, sa.Column("id", sa.Integer, primary_key=True))
{table}
engine = sa.create_engine("sqlite:///orders.db")
migration = Migration()
migration.use("sqlalchemy", engine)
{other}
"""


def doctor(folder: Path, *, table: str = "", other: str = "") -> str:
    """What it says, in a process of its own: it looks at every engine of a process."""
    (folder / "shop.py").write_text(APP.format(table=table, other=other))
    (folder / "pyproject.toml").write_text('[tool.changeover]\napp = "shop:migration"\n')
    done = run_python(["-m", "changeover", "doctor"], cwd=folder, text=True, timeout=60)
    assert not done.stderr, done.stderr
    return " ".join(done.stdout.split())


def test_an_engine_that_is_made_later_is_named_without_its_password(tmp_path: Path) -> None:
    driver = "psycopg2" if sa.__version__.startswith("1.") else "psycopg"
    said = doctor(
        tmp_path, other=f"late = sa.create_engine('postgresql+{driver}://shop:secret@127.0.0.1/late')"
    )
    assert f"no migration covers the engine postgresql+{driver}://shop:***@127.0.0.1/late" in said
    assert "secret" not in said


def test_a_table_without_a_key_is_named(tmp_path: Path) -> None:
    said = doctor(tmp_path, table='sa.Table("audit", metadata, sa.Column("text", sa.String))')
    assert "runs that change them fail: audit" in said


def test_an_engine_that_is_covered_and_tables_with_keys_are_not_named(tmp_path: Path) -> None:
    said = doctor(tmp_path)
    assert "sqlite:///orders.db" not in said
    assert "primary key" not in said
