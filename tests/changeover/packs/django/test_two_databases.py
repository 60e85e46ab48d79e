"""Two databases of Django's settings: each is a port of its own, and both are compared."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from changeover import Migration, Run
from changeover.errors import DeclarationError
from tests.changeover.support.alchemy_shop import as_under_a_test
from tests.changeover.support.django_shop import Stock

connections = pytest.importorskip("django.db").connections
transaction = pytest.importorskip("django.db").transaction
ALIASES = ("default", "audit")


@pytest.fixture(autouse=True)
def databases(tmp_path: Path) -> Iterator[None]:
    before = connections.settings
    described = {
        alias: {"ENGINE": "django.db.backends.sqlite3", "NAME": str(tmp_path / f"{alias}.db")}
        for alias in ALIASES
    }
    connections.settings = connections.configure_settings(described)
    for alias in ALIASES:
        connections[alias] = connections.create_connection(alias)
        with connections[alias].schema_editor() as editor:
            editor.create_model(Stock)
    yield
    for alias in ALIASES:
        connections[alias].close()
    del connections["audit"]
    connections.settings = before
    connections["default"] = connections.create_connection("default")


def stored(alias: str) -> list[str]:
    return list(Stock.objects.using(alias).order_by("sku").values_list("sku", flat=True))


def using(runs: list[Run]) -> Migration:
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)
    migration.use("django")
    migration.use("django", alias="audit", port="audit")
    return migration


@pytest.mark.parametrize("kind", ["rows", "tape"])
@pytest.mark.parametrize("is_in_block", [False, True])
@pytest.mark.parametrize(
    ("main", "audit", "ports"),
    [("a", "b", set()), ("x", "b", {"db"}), ("a", "x", {"audit"}), ("x", "x", {"db", "audit"})],
)
def test_each_is_compared_at_its_own_port_and_changed_once(
    kind: str, is_in_block: bool, main: str, audit: str, ports: set[str]
) -> None:
    runs: list[Run] = []

    def path(first: str, second: str) -> None:
        Stock.objects.create(sku=first, on_hand=1)
        with transaction.atomic(using="audit"):
            Stock.objects.using("audit").create(sku=second, on_hand=2)

    seam = using(runs).seam("s", legacy=lambda _: path("a", "b"), candidate=lambda _: path(main, audit))
    block: Any = transaction.atomic(using="audit") if is_in_block else nullcontext()
    with as_under_a_test() if kind == "rows" else nullcontext(), block:
        seam(1)
    assert (stored("default"), stored("audit")) == (["a"], ["b"])
    assert runs[0].verdict == ("unsafe" if ports else "match"), runs[0].reason or runs[0].divergences
    assert {one.place.split(".")[1] for one in runs[0].divergences} == ports


def test_a_database_that_no_line_covers_is_no_match() -> None:
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)
    migration.use("django")

    def path(_: int) -> None:
        Stock.objects.using("audit").create(sku="a", on_hand=1)

    with as_under_a_test():
        migration.seam("s", legacy=path, candidate=path)(1)
    assert stored("audit") == ["a"]
    assert (str(runs[0].verdict), "'audit' is used beside 'default'" in (runs[0].reason or "")) == (
        "failed",
        True,
    )


def test_what_is_declared_twice_is_refused() -> None:
    migration = Migration()
    migration.use("django")
    with pytest.raises(DeclarationError, match='the database "default" is in use already'):
        migration.use("django", port="other")
    with pytest.raises(DeclarationError, match='there is a port "db" already'):
        migration.use("django", alias="audit")
    migration.use("django", alias="audit", port="audit")
    assert [name for name in migration.book.packs if name.startswith("django")] == [
        "django.requests",
        "django",
        "django:audit",
    ]
