"""Which clients a program uses that no port covers: found by what its modules hold, importing nothing."""

import smtplib
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from changeover import Migration
from changeover.record.file_writing import FILE_WRITING
from changeover.record.known_clients import KNOWN_CLIENTS
from changeover.record.uncovered_clients import UncoveredClient, uncovered_clients

Program = Callable[..., ModuleType]


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> Program:
    """Makes modules of a program, of the given names."""

    def made(name: str, **names: Any) -> ModuleType:
        module = ModuleType(name)
        module.__file__ = f"/srv/shop/{name.replace('.', '/')}.py"
        vars(module).update(names)
        monkeypatch.setitem(sys.modules, name, module)
        return module

    return made


BANK = """
class Bank:
    def pay(self):
        return stripe.Session()
"""


def client(monkeypatch: pytest.MonkeyPatch, name: str) -> ModuleType:
    """A library that is imported, and stands nowhere on this machine."""
    module = ModuleType(name)
    module.__file__ = f"/venv/lib/site-packages/{name}/__init__.py"
    module.Session = type("Session", (), {"__module__": f"{name}.sessions"})  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, name, module)
    return module


def named(migration: Migration, name: str, **options: Any) -> list[UncoveredClient]:
    return [one for one in uncovered_clients(migration.book, **options) if one.client.name == name]


def test_a_client_is_named_with_who_uses_it_and_with_the_way_out(
    monkeypatch: pytest.MonkeyPatch, program: Program
) -> None:
    library = client(monkeypatch, "stripe")
    program("shop.pay", session=library.Session())
    program("shop.desk", stripe=library)
    (found,) = named(Migration(), "stripe")
    assert str(found) == 'stripe (shop.desk, shop.pay): declare a port, or migration.use("http")'


WRITER = """
class Exports:
    def write(self, name, text):
        {line}
"""


@pytest.mark.parametrize(
    ("line", "is_named"),
    [
        ("open(name, 'w').write(text)", True),
        ("Path(name).write_text(text)", True),
        ("tempfile.mkstemp()", True),
        ("return [shutil.rmtree(one) for one in name]", True),
        ("return open(name).read()", False),
        ("return open(name, 'rb').read()", False),
        ("return name.replace('w', text)", False),
    ],
)
def test_a_program_that_writes_files_is_told_of_the_pack(program: Program, line: str, is_named: bool) -> None:
    module = program("shop.exports")
    exec(WRITER.format(line=line), vars(module))  # noqa: S102  the code of this test
    found = [str(one) for one in named(Migration(), FILE_WRITING) if "shop.exports" in one.used_by]
    assert [one.partition("): ")[2] for one in found] == (
        ['declare a port, or migration.use("files")'] if is_named else []
    )
    migration = Migration()
    migration.port("exports", module.Exports, effects={"write"})
    assert not any("shop.exports" in one.used_by for one in named(migration, FILE_WRITING))
    assert named(Migration(), FILE_WRITING, packs=["files"]) == []


def test_what_nobody_imported_is_not_named_and_stays_so() -> None:
    before = set(sys.modules)
    unknown = [one.client.name for one in uncovered_clients(Migration().book)]
    assert "cx_Oracle" not in unknown
    assert set(sys.modules) == before


@pytest.mark.parametrize("by", ["object", "class", "wrapper", "pack"])
def test_one_that_a_port_covers_is_not_named(
    monkeypatch: pytest.MonkeyPatch, program: Program, by: str
) -> None:
    library = client(monkeypatch, "stripe")
    module = program("shop.pay", stripe=library)
    exec(BANK, vars(module))  # noqa: S102  a module of a program
    library.Session.post = lambda self: None
    migration = Migration()
    assert named(migration, "stripe")
    if by == "pack":
        assert not named(migration, "stripe", packs={"http"})
        return
    target = {"object": library.Session(), "class": library.Session, "wrapper": module.Bank}[by]
    migration.port("bank", target, effects={"pay" if by == "wrapper" else "post"})
    assert not named(migration, "stripe")


@pytest.mark.parametrize("where", ["another module", "a function", "nowhere"])
def test_a_class_of_the_program_covers_it_only_where_no_other_code_names_it(
    monkeypatch: pytest.MonkeyPatch, program: Program, where: str
) -> None:
    library = client(monkeypatch, "stripe")
    module = program("shop.pay", stripe=library)
    exec(BANK, vars(module))  # noqa: S102  a module of a program
    if where == "another module":
        program("shop.desk", stripe=library)
    if where == "a function":
        exec("def pay_at_once():\n    return [stripe.Session() for _ in 'x']", vars(module))  # noqa: S102
    migration = Migration()
    migration.port("bank", module.Bank, effects={"pay"})
    assert bool(named(migration, "stripe")) == (where != "nowhere")


@pytest.mark.parametrize("beside", ["functions alone", "a class of its own"])
def test_a_module_that_is_a_port_covers_what_its_functions_use(
    monkeypatch: pytest.MonkeyPatch, program: Program, beside: str
) -> None:
    module = program("shop.database", stripe=client(monkeypatch, "stripe"))
    functions = """
pool = stripe.Session()
def open_pool():
    global pool
    pool = stripe.Session()
def save(order):
    return pool.post(order)
"""
    exec(functions + (BANK if beside == "a class of its own" else ""), vars(module))  # noqa: S102
    migration = Migration()
    migration.port("database", module, effects={"save", "open_pool"})
    assert bool(named(migration, "stripe")) == (beside == "a class of its own")


def test_what_another_client_works_with_is_not_named_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    client(monkeypatch, "boto3")
    client(monkeypatch, "aiobotocore")
    client(monkeypatch, "botocore")
    names = [one.client.name for one in uncovered_clients(Migration().book)]
    assert "boto3" in names
    assert "botocore" not in names


def test_what_comes_with_python_is_named_where_the_program_uses_it(program: Program) -> None:
    assert not [one for one in named(Migration(), "smtplib") if "shop.mail" in one.used_by]
    program("shop.mail", SMTP=smtplib.SMTP)
    (found,) = named(Migration(), "smtplib")
    assert "shop.mail" in found.used_by


def test_the_table_knows_every_client_that_another_one_stands_on() -> None:
    unknown = {name for one in KNOWN_CLIENTS.values() for name in one.below} - KNOWN_CLIENTS.keys()
    assert unknown == set()
