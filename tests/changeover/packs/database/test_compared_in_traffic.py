"""`changeover doctor` says of each database what traffic is compared by: rows or statements."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.programs.process import run_python

SQLITE = "migration.use('sqlite3', 'shop.db'{})"
ENGINE = """import sqlalchemy as sa
migration.use('sqlalchemy', sa.create_engine('sqlite:///orders.db'){})"""
DJANGO = """from django.conf import settings
settings.configure(DATABASES=dict(default=dict(ENGINE='django.db.backends.sqlite3', NAME='a.db')))
migration.use('django'{})"""
WAYS = pytest.mark.parametrize(
    ("use", "library"), [(SQLITE, "sqlite3"), (ENGINE, "sqlalchemy"), (DJANGO, "django")]
)


@WAYS
@pytest.mark.parametrize(
    ("options", "said"),
    [("", "statements in the program's own traffic"), (", rows=True", "db: rows, but what a worker replays")],
)
def test_what_traffic_is_compared_by_is_said_of_each_database(
    tmp_path: Path, use: str, library: str, options: str, said: str
) -> None:
    if find_spec(library) is None:
        pytest.skip(f"{library} is not installed")
    assert said in databases(tmp_path, use.format(options))


def test_of_a_database_whose_rows_nobody_can_compare_statements_are_said_to_be(tmp_path: Path) -> None:
    if find_spec("sqlalchemy") is None or find_spec("pymysql") is None:
        pytest.skip("sqlalchemy or pymysql is not installed")
    use = ENGINE.replace("sqlite:///orders.db", "mysql+pymysql://shop@127.0.0.1/shop").format(", rows=True")
    assert databases(tmp_path, use) == "db: statements alone, no rows"


@pytest.mark.parametrize("driver", ["asyncpg", "psycopg"])
def test_of_a_driver_that_the_program_uses_itself_statements_are_compared(
    tmp_path: Path, driver: str
) -> None:
    assert databases(tmp_path, f"migration.use({driver!r})") == "db: statements alone, no rows"


def test_a_program_without_a_database_hears_nothing_of_one(tmp_path: Path) -> None:
    assert databases(tmp_path, "") == ""


def test_django_without_settings_does_not_keep_doctor_from_speaking(tmp_path: Path) -> None:
    if find_spec("django") is None:
        pytest.skip("django is not installed")
    beside = ENGINE.format("") if find_spec("sqlalchemy") else ""
    use = f"from django.conf import settings\nmigration.use('django', port='shop')\n{beside}"
    assert "shop: not known" in databases(tmp_path, use)


def databases(folder: Path, use: str) -> str:
    """What doctor says of how databases are compared; empty where it says nothing."""
    made = "from changeover import Migration\nmigration = Migration()\n"
    (folder / "shop.py").write_text(f"{made}{use}\n")
    (folder / "pyproject.toml").write_text('[tool.changeover]\napp = "shop:migration"\n')
    done = run_python(["-m", "changeover", "doctor", "--format", "json"], cwd=folder, text=True, timeout=60)
    facts: dict[str, str] = json.loads(done.stdout)["facts"]
    return facts.get("databases", "")
