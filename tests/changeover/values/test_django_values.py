"""Models and query sets of Django: what is loaded, without a query. They run in a process of their own."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

pytest.importorskip("django", reason="Django is not installed, so its models are not tried")

MODELS = """
from django.db import models

class Owner(models.Model):
    name = models.CharField(max_length=20)

class Item(models.Model):
    name = models.CharField(max_length=20)
    count = models.IntegerField(default=0)
    owner = models.ForeignKey(Owner, null=True, on_delete=models.CASCADE, related_name="items")
"""
BEGINNING = """
import django
from django.conf import settings

settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    INSTALLED_APPS=["stock"],
)
django.setup()

from django.db import connection, models
from django.utils.functional import SimpleLazyObject
from stock.models import Item, Owner

from changeover.errors import NotLoadedError
from changeover.record.codec import Codec
from changeover.values.content_key import digest, frozen, same_content
from changeover.values.copying import SnapshotError, snapshot
from changeover.values.form import plain, token

with connection.schema_editor() as editor:
    editor.create_model(Owner)
    editor.create_model(Item)
owner = Owner.objects.create(name="kim")
Item.objects.create(name="a", count=1, owner=owner)
Item.objects.create(name="b", count=2)
queries = []

def count(execute, sql, params, many, context):
    queries.append(sql)
    return execute(sql, params, many, context)

connection.execute_wrappers.append(count)

def raises(kind, call):
    try:
        call()
    except kind as error:
        return str(error)
    raise AssertionError(f"no {kind.__name__}")
"""


def _run(folder: Path, program: str) -> None:
    (folder / "stock").mkdir()
    (folder / "stock" / "__init__.py").touch()
    (folder / "stock" / "models.py").write_text(MODELS)
    (folder / "program.py").write_text(BEGINNING + textwrap.dedent(program))
    done = subprocess.run(
        [sys.executable, "program.py"], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]


def test_equal_values_are_alike_and_nothing_is_fetched_to_know_it(tmp_path: Path) -> None:
    _run(
        tmp_path,
        """
        run = Item.objects.select_related("owner").order_by("id")
        list(run)
        held = SimpleLazyObject(lambda: owner)
        assert held.name == "kim"
        values = [
            Item(name="x", count=1), Item(name="x", owner=owner), Item.objects.get(pk=1),
            Item.objects.only("name").get(pk=1), run, Item.objects.filter(name="a", count__gt=1),
            Item.objects.values("name"), Owner.objects.prefetch_related("items").get(pk=1),
            models.F("count") + 1, models.Q(name="a"), held,
        ]
        before = len(queries)
        for value in values:
            copy = snapshot(value)
            assert same_content(copy, value), value
            assert token(copy) == token(value)
            assert frozen(copy) == frozen(value)
            assert digest(copy) == digest(value)
        for one, other in zip(values, values[1:]):
            assert not same_content(one, other)
        assert len(queries) == before, queries[before:]
        """,
    )


def test_a_query_set_that_has_not_run_is_its_text_and_parameters(tmp_path: Path) -> None:
    _run(
        tmp_path,
        """
        found = plain(Item.objects.filter(name="a"))
        assert found["parameters"] == ["a"]
        assert "WHERE" in found["statement"]
        assert not same_content(Item.objects.filter(name="a"), Item.objects.filter(name="b"))
        assert queries == []
        """,
    )


def test_a_change_of_the_copy_is_none_of_the_original(tmp_path: Path) -> None:
    _run(
        tmp_path,
        """
        item = Item.objects.select_related("owner").get(pk=1)
        copy = snapshot(item)
        copy.count, copy.owner.name = 100, "lee"
        assert (item.count, item.owner.name) == (1, "kim")
        assert not same_content(copy, item)
        assert copy == item and repr(copy) == repr(item) and copy.pk == 1
        run = Item.objects.order_by("id")
        list(run)
        copy = snapshot(run)
        assert [one.name for one in copy] == ["a", "b"]
        copy[0].name = "z"
        assert run[0].name == "a"
        """,
    )


def test_a_copy_that_is_asked_for_more_ends_the_replay(tmp_path: Path) -> None:
    _run(
        tmp_path,
        """
        item, part = Item.objects.get(pk=1), Item.objects.only("name").get(pk=1)
        held = Owner.objects.prefetch_related("items").get(pk=1)
        before = len(queries)
        assert "Item.count" in raises(NotLoadedError, lambda: snapshot(part).count)
        assert "Item.owner" in raises(NotLoadedError, lambda: snapshot(item).owner)
        raises(NotLoadedError, lambda: list(snapshot(Item.objects.all()).filter(name="a")))
        raises(NotLoadedError, lambda: snapshot(held).items.filter(name="x").count())
        assert [one.name for one in snapshot(held).items.all()] == ["a"]
        raises(SnapshotError, lambda: snapshot(Item.objects))
        raises(SnapshotError, lambda: snapshot(SimpleLazyObject(lambda: 1 / 0)))
        assert len(queries) == before
        """,
    )


def test_models_are_written_and_read_back(tmp_path: Path) -> None:
    _run(
        tmp_path,
        """
        for value in (Item(name="x", count=1), Item.objects.select_related("owner").get(pk=1)):
            assert Codec().problem_of(value) is None
        """,
    )
