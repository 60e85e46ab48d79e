"""`changeover doctor` names engines that no migration covers, and tables whose rows have no name."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest
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


def test_tables_of_a_catalogue_that_a_dialect_keeps_are_none_of_the_program(tmp_path: Path) -> None:
    if find_spec("sqlalchemy.dialects.postgresql.pg_catalog") is not None:  # since 2.0
        said = doctor(tmp_path, other="from sqlalchemy.dialects.postgresql import pg_catalog")
        assert "primary key" not in said
    said = doctor(tmp_path, other='sa.Table("t", metadata, sa.Column("a", sa.String), schema="audit")')
    assert "runs that change them fail: audit.t" in said


ASKS_BY_ITSELF = """
import sqlite3

class Desk:
    def rent(self, path):
        return {opens}
"""


@pytest.mark.parametrize(
    ("opens", "is_named"),
    [("sqlite3.connect(path)", True), ("[sqlite3.IntegrityError, path]", False)],
)
def test_a_driver_that_the_program_opens_itself_beside_a_covered_engine_is_named(
    opens: str, is_named: bool, tmp_path: Path
) -> None:
    (tmp_path / "desk.py").write_text(ASKS_BY_ITSELF.format(opens=opens))
    said = doctor(tmp_path, other="import desk")
    assert ("no replay is kept from sqlite3 (desk)" in said) is is_named


def test_a_connect_that_the_program_imports_by_name_is_named_too(tmp_path: Path) -> None:
    (tmp_path / "desk.py").write_text("from sqlite3 import connect\n")
    assert "no replay is kept from sqlite3 (desk)" in doctor(tmp_path, other="import desk")
