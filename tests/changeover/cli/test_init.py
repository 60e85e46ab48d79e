"""`changeover init` looks at a program and writes what a migration of it begins with."""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.changeover.support.projects import Shop
from tests.programs.process import run_python

SHOP = "import httpx\n\ndef price(item):\n    return httpx.get(f'http://prices/{item}').json()\n"


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def imported(folder: Path, module: str) -> str:
    """What the written module is when a program imports it, in a process of its own."""
    last = module.rpartition(", ")[2]
    found = f"import {module}, sys; print(sorted(sys.modules['{last}'].migration.book.packs))"
    code = f"import sys; sys.path[:0] = ['src', '.']; {found}"
    done = run_python(["-c", code], cwd=folder, text=True, timeout=60, check=True)
    return str(done.stdout).strip()


def test_a_package_gets_its_module_which_imports_and_uses_what_the_program_uses(tmp_path: Path) -> None:
    write(tmp_path, {"shop/__init__.py": "", "shop/pay.py": SHOP, "tests/test_pay.py": "import boto3\n"})
    answer = Shop(tmp_path).run("init")
    assert answer.code == 0
    assert "wrote   shop/compat.py" in answer.out
    assert "http         shop/pay.py:1" in answer.out
    assert imported(tmp_path, "shop.compat") == "['http']"
    assert Shop(tmp_path).run("doctor").code == 0
    assert Shop(tmp_path).run("status").code == 0


def test_a_program_that_writes_files_uses_the_pack_of_files(tmp_path: Path) -> None:
    writes = "from pathlib import Path\n\ndef export(text):\n    Path('out.txt').write_text(text)\n"
    write(tmp_path, {"shop/__init__.py": "", "shop/export.py": writes})
    assert "files        shop/export.py:4" in Shop(tmp_path).run("init").out
    assert imported(tmp_path, "shop.compat") == "['files']"


def test_a_program_that_opens_a_database_as_it_is_imported_is_told_what_comes_before(tmp_path: Path) -> None:
    opens = "import sqlite3\n\ndb = sqlite3.connect('shop.db')\n"
    write(tmp_path, {"shop/__init__.py": "", "shop/db.py": opens})
    assert "sqlite3      shop/db.py:1" in Shop(tmp_path).run("init").out
    written = (tmp_path / "shop" / "compat.py").read_text()
    assert "while it is imported: first import shop.compat there\n" in written
    (tmp_path / "shop" / "db.py").write_text(f"import shop.compat\n{opens}")
    is_followed = "import shop.db; print(type(shop.db.db).__name__)"
    done = run_python(["-c", is_followed], cwd=tmp_path, text=True, timeout=60, check=True)
    assert done.stdout == "FollowedConnection\n"


@pytest.mark.parametrize("columns", [60, 80, 200])
def test_every_step_that_follows_stands_in_its_column(tmp_path: Path, columns: int) -> None:
    write(tmp_path, {"shop/__init__.py": "", "shop/pay.py": SHOP})
    answer = Shop(tmp_path).run("init", COLUMNS=str(columns))
    _, _, steps = answer.out.partition("\nnext\n")
    assert all(line.startswith("    ") for line in steps.splitlines())
    assert "changeover docs declarations    how to declare a source" in steps


@pytest.fixture(autouse=True)
def nothing_stays_imported() -> Iterator[None]:
    yield
    for name in ("compat", "shop.compat", "shop.pay", "shop"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize(
    ("files", "module"),
    [
        ({"src/shop/__init__.py": "", "src/shop/pay.py": SHOP}, "shop.compat"),
        ({"shop.py": SHOP}, "compat"),
        ({"one/__init__.py": "", "two/__init__.py": SHOP}, "compat"),
        ({}, "compat"),
    ],
)
def test_the_module_stands_where_the_program_can_import_it(
    tmp_path: Path, files: dict[str, str], module: str
) -> None:
    write(tmp_path, files)
    Shop(tmp_path).run("init")
    assert imported(tmp_path, module) == ("['http']" if files else "[]")
    assert f'app = "{module}:load"' in (tmp_path / "pyproject.toml").read_text()
    assert Shop(tmp_path).run("doctor").code == 0


def test_what_is_there_stays_and_is_added_to_once(tmp_path: Path) -> None:
    project = '[project]\nname = "My Shop"\nversion = "1"'
    write(
        tmp_path,
        {"pyproject.toml": project, ".gitignore": "*.log", "shop/__init__.py": "", "shop/a.py": SHOP},
    )
    Shop(tmp_path).run("init")
    first = {path: path.read_text() for path in tmp_path.rglob("*") if path.is_file()}
    assert first[tmp_path / "pyproject.toml"].startswith(project + "\n\n[tool.changeover]\n")
    assert first[tmp_path / ".gitignore"] == "*.log\n.changeover/\n"
    assert 'name = "My-Shop"' in first[tmp_path / "migration/phases.toml"]
    again = Shop(tmp_path).run("init")
    assert {path: path.read_text() for path in first} == first
    assert "wrote" not in again.out
    assert "added to" not in again.out


def test_a_dry_run_says_what_would_be_written_and_writes_nothing(tmp_path: Path) -> None:
    write(tmp_path, {"shop.py": SHOP, "pyproject.toml": "[project]\nname = 'shop'\n"})
    answer = Shop(tmp_path).run("init", "--dry-run")
    assert "would write    compat.py" in answer.out
    assert "would add to   pyproject.toml   [tool.changeover]" in answer.out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pyproject.toml", "shop.py"]


def test_source_that_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    write(tmp_path, {"shop/__init__.py": "", "shop/broken.py": "def (:\n", "shop/pay.py": SHOP})
    (tmp_path / "shop" / "bytes.py").write_bytes(b"\xff\x00\xfe")
    assert Shop(tmp_path).run("init").code == 0
    assert imported(tmp_path, "shop.compat") == "['http']"


def test_a_wrong_pyproject_is_one_sentence_and_nothing_is_written(tmp_path: Path) -> None:
    write(tmp_path, {"shop.py": SHOP, "pyproject.toml": "[project\n"})
    answer = Shop(tmp_path).run("init")
    assert answer.code == 2
    assert "was not valid TOML" in answer.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pyproject.toml", "shop.py"]


def test_the_same_comes_as_json(tmp_path: Path) -> None:
    write(tmp_path, {"shop.py": SHOP})
    answer = Shop(tmp_path).run("init", "--format", "json")
    assert answer.code == 0, answer.err
    found = json.loads(answer.out)
    assert (found["app"], found["libraries"]) == ("compat:load", {"http": "shop.py:1"})
    assert {one["state"] for one in found["files"]} == {"new"}


def test_an_object_that_a_pack_needs_is_given_where_it_is_made(tmp_path: Path) -> None:
    engine = "from sqlalchemy import create_engine\n\nengine = create_engine('sqlite://')\n"
    write(tmp_path, {"shop/__init__.py": "", "shop/db.py": engine, "shop/pay.py": SHOP})
    Shop(tmp_path).run("init")
    written = (tmp_path / "shop" / "compat.py").read_text()
    assert "from shop.db import engine " in written
    assert 'migration.use("sqlalchemy", engine)\n' in written
    assert imported(tmp_path, "shop.compat") == "['http', 'sqlalchemy']"


def test_whichever_module_is_imported_first_finds_the_migration(tmp_path: Path) -> None:
    """A program in one file: the engine stands where the seam does."""
    program = """from sqlalchemy import create_engine

engine = create_engine("sqlite://")

from compat import migration


@migration.seam("orders.place")
def place(order):
    return order
"""
    write(tmp_path, {"shop.py": program})
    Shop(tmp_path).run("init")
    written = (tmp_path / "compat.py").read_text()
    assert "#     from compat import migration   # in shop: below engine\n" in written
    plan = tmp_path / "migration" / "phases.toml"
    plan.write_text(plan.read_text() + '[[phase]]\nname = "orders"\nseams = ["orders.place"]\n')
    assert imported(tmp_path, "shop, compat") == "['sqlalchemy']"
    assert imported(tmp_path, "compat") == "['sqlalchemy']"


def test_a_client_that_no_pack_covers_is_named(tmp_path: Path) -> None:
    source = "import pika\nimport subprocess\nimport sqlalchemy\nimport psycopg\nimport urllib3, requests\n"
    write(tmp_path, {"shop.py": source})
    answer = Shop(tmp_path).run("init", "--dry-run")
    said = answer.out.split("covered by no pack", 1)[1].split("\n\n")[0]
    assert [line.split() for line in said.splitlines()[1:]] == [
        ["pika", "shop.py:1"],
        ["subprocess", "shop.py:2"],
    ]


@pytest.mark.parametrize(
    "source", ["import pymysql\nopened = pymysql.connect()\n", "from pymysql import connect\n"]
)
def test_a_driver_that_the_program_opens_itself_beside_an_engine_is_named(
    source: str, tmp_path: Path
) -> None:
    write(tmp_path, {"shop.py": "import sqlalchemy\n", "desk.py": source, "late.py": "import aiomysql\n"})
    said = Shop(tmp_path).run("init", "--dry-run").out.split("covered by no pack", 1)[1].split("\n\n")[0]
    assert [line.split() for line in said.splitlines()[1:]] == [["pymysql", "desk.py:1"]]


@pytest.mark.parametrize(
    ("source", "beside", "line"),
    [
        ("import asyncpg\n", "", "asyncpg = true"),
        ("from asyncpg import create_pool\n", "", "asyncpg = true"),
        ("import asyncpg\nopened = asyncpg.connect()\n", "import sqlalchemy\n", '{ port = "asyncpg" }'),
        ("import asyncpg\ntry: pass\nexcept asyncpg.PostgresError: pass\n", "import sqlalchemy\n", ""),
        ("import psycopg\nopened = psycopg.connect()\n", "", "psycopg = true"),
        ("from psycopg.rows import dict_row\n", "import django\n", ""),
    ],
)
def test_a_driver_that_a_pack_covers_gets_its_line(
    source: str, beside: str, line: str, tmp_path: Path
) -> None:
    write(tmp_path, {"shop.py": beside, "desk.py": source})
    Shop(tmp_path).run("init")
    ports = (tmp_path / "migration" / "phases.toml").read_text().partition("[ports]")[2].splitlines()
    said = [one.partition("#")[0].strip() for one in ports if one.startswith(("asyncpg", "psycopg"))]
    assert said == ([f"asyncpg = {line}" if line.startswith("{") else line] if line else [])


@pytest.mark.parametrize(
    ("source", "beside", "line"),
    [
        ("import sqlite3\nopened = sqlite3.connect('x')\n", "", "sqlite3 = true"),
        ("from sqlite3 import Row, connect\n", "", "sqlite3 = true"),
        ("import sqlite3\nopened = sqlite3.connect('x')\n", "import sqlalchemy\n", '{ port = "sqlite3" }'),
        ("import sqlite3\ntry: pass\nexcept sqlite3.Error: pass\n", "import sqlalchemy\n", ""),
    ],
)
def test_databases_of_sqlite3_are_covered_where_the_program_opens_them(
    source: str, beside: str, line: str, tmp_path: Path
) -> None:
    write(tmp_path, {"shop.py": beside, "desk.py": source})
    Shop(tmp_path).run("init")
    ports = (tmp_path / "migration" / "phases.toml").read_text().partition("[ports]")[2].splitlines()
    said = [one.partition("#")[0].strip() for one in ports if one.startswith("sqlite3")]
    assert said == ([f"sqlite3 = {line}" if line.startswith("{") else line] if line else [])
    assert imported(tmp_path, "compat") == str(["sqlite3"] if line else [])


def test_where_it_is_made_inside_a_function_the_line_is_left_to_the_reader(tmp_path: Path) -> None:
    engine = "import sqlalchemy\n\ndef connect():\n    return sqlalchemy.create_engine('sqlite://')\n"
    write(tmp_path, {"shop/__init__.py": "", "shop/db.py": engine})
    Shop(tmp_path).run("init")
    line = (
        '# migration.use("sqlalchemy", ...)  # what create_engine or create_async_engine gave (shop/db.py:1)'
    )
    assert line in (tmp_path / "shop" / "compat.py").read_text()
    assert imported(tmp_path, "shop.compat") == "[]"


def test_a_pack_that_needs_another_package_is_proposed_and_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("changeover.api.initial.find_spec", lambda name: None)
    write(tmp_path, {"shop.py": "import datetime\nimport uuid\n"})
    answer = Shop(tmp_path).run("init")
    plan = (tmp_path / "migration" / "phases.toml").read_text()
    assert "\n# clock = true              # shop.py:1; needs changeover[clock]\n" in plan
    assert "\nentropy = true              # shop.py:2\n" in plan
    assert "    clock " not in answer.out
    assert 'pip install "changeover[clock]"' in answer.out
    assert imported(tmp_path, "compat") == "['entropy']"


def test_a_pack_is_used_where_the_package_that_it_needs_is_installed(tmp_path: Path) -> None:
    write(tmp_path, {"shop.py": "import datetime\n"})
    answer = Shop(tmp_path).run("init")
    assert (
        "\nclock = true                # shop.py:1\n" in (tmp_path / "migration" / "phases.toml").read_text()
    )
    assert "    clock " in answer.out
    assert "changeover[clock]" not in answer.out
    assert imported(tmp_path, "compat") == "['clock']"


@pytest.mark.parametrize(
    ("files", "named"),
    [
        (["shop/__init__.py", "shop/legacy/__init__.py", "shop/legacy/orders.py"], '["shop.legacy"]'),
        (["shop/__init__.py", "shop/legacy.py"], '["shop.legacy"]'),
        (["legacy.py", "handlers.py"], '["legacy"]'),
        (["src/shop/__init__.py", "src/shop/old.py", "src/shop/legacy_orders.py"], "[]"),
    ],
)
def test_what_is_called_legacy_is_proposed_as_what_will_be_removed(
    tmp_path: Path, files: list[str], named: str
) -> None:
    write(tmp_path, dict.fromkeys(files, "def total(items):\n    return sum(items)\n"))
    Shop(tmp_path).run("init")
    assert f"\nlegacy = {named} " in (tmp_path / "migration" / "phases.toml").read_text()


def test_commands_know_a_seam_once_its_module_stands_in_load(tmp_path: Path) -> None:
    orders = """
from shop.compat import migration

@migration.seam("orders.place")
def place(order):
    return order
"""
    write(tmp_path, {"shop/__init__.py": "", "shop/orders.py": orders})
    Shop(tmp_path).run("init")
    plan = tmp_path / "migration" / "phases.toml"
    plan.write_text(plan.read_text() + '[[phase]]\nname = "orders"\nseams = ["orders.place"]\n')
    assert "1 seam of phases.toml not declared by the app: orders.place" in Shop(tmp_path).run("doctor").out
    module = tmp_path / "shop" / "compat.py"
    module.write_text(module.read_text().replace("    # import shop.orders\n", "    import shop.orders\n"))
    sys.modules.pop("shop.compat", None)
    assert "orders.place" in Shop(tmp_path).run("doctor").out.split("seams", 1)[1]


def test_a_framework_is_covered_where_its_app_is_made(tmp_path: Path) -> None:
    """That module imports the whole program, and the seams with it."""
    write(
        tmp_path, {"shop/__init__.py": "", "shop/app.py": "from fastapi import FastAPI\n\napp = FastAPI()\n"}
    )
    Shop(tmp_path).run("init")
    assert (
        '# below app in shop.app: migration.use("fastapi", app)'
        in (tmp_path / "shop" / "compat.py").read_text()
    )
    assert imported(tmp_path, "shop.compat") == "[]"


def test_of_two_objects_of_a_pack_the_first_is_used(tmp_path: Path) -> None:
    engines = "from sqlalchemy import create_engine\n\na = create_engine('sqlite://')\nb = create_engine('sqlite://')\n"
    write(tmp_path, {"shop/__init__.py": "", "shop/db.py": engines})
    Shop(tmp_path).run("init")
    assert '# migration.use("sqlalchemy", b)' in (tmp_path / "shop" / "compat.py").read_text()
    assert imported(tmp_path, "shop.compat") == "['sqlalchemy']"


@pytest.mark.parametrize(
    ("files", "code"),
    [
        (["calc.py"], ["calc", "compat"]),
        (["calc.py", "shelf.py"], ["calc", "shelf", "compat"]),
        (["shop/__init__.py"], ["shop"]),
        (["shop/__init__.py", "calc.py"], ["calc", "shop"]),
        (["shop/__init__.py", "stock/__init__.py"], ["shop", "stock", "compat"]),
        (["src/calc.py"], ["calc", "compat"]),
        ([], []),
    ],
)
def test_evidence_is_about_the_module_with_ports_and_seams_too(
    tmp_path: Path, files: list[str], code: list[str]
) -> None:
    write(tmp_path, dict.fromkeys(files, "def total(items):\n    return sum(items)\n"))
    assert Shop(tmp_path).run("init").code == 0
    plan = tomllib.loads((tmp_path / "migration" / "phases.toml").read_text())
    assert sorted(plan["migration"]["code"]) == sorted(code)


def test_a_change_of_a_seam_in_a_flat_program_ends_its_evidence(tmp_path: Path) -> None:
    write(tmp_path, {"calc.py": "def total(items):\n    return sum(items)\n"})
    assert Shop(tmp_path).run("init").code == 0
    plan, app = tmp_path / "migration" / "phases.toml", tmp_path / "compat.py"
    plan.write_text(f'{plan.read_text()}\n[[phase]]\nname = "calc"\nseams = ["calc.total"]\n')
    app.write_text(f"{app.read_text()}\n{SOURCE}")

    def compared() -> str:
        done = run_python(["-m", "changeover", "compare", "--runs", "2"], cwd=tmp_path, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return str(run_python(["-m", "changeover", "status"], cwd=tmp_path, text=True, timeout=60).stdout)

    first = compared()
    app.write_text(app.read_text().replace("sum(prices)", "sum(prices, 0)"))
    changed = run_python(["-m", "changeover", "status"], cwd=tmp_path, text=True, timeout=60).stdout
    assert "calc" in first
    assert changed != first


SOURCE = """
from changeover import Case
from calc import total as old

total = migration.seam("calc.total", legacy=old, candidate=lambda prices: sum(prices))


@migration.source("lists", population="generated")
def lists(options):
    for number in range(3):
        yield Case(f"list-{number}", lambda number=number: total([number]))
"""
