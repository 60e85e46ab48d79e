"""A shop over Django: placing an order by handwritten SQL and by the ORM, and faults to plant."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import uuid4

import django
import pytest
from asgiref.sync import sync_to_async
from django.conf import settings

from changeover import Migration, Run
from tests.changeover.support.alchemy_shop import as_under_a_test
from tests.changeover.support.stores import SERVER, sql, why_no_server

_SETTINGS: dict[str, Any] = {
    "DATABASES": {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    "DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField",
    "CACHES": {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
    "USE_TZ": True,
}
_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
if django.VERSION >= (6, 1):
    _SETTINGS["MAILERS"] = {"default": {"BACKEND": _BACKEND}}
else:
    _SETTINGS["EMAIL_BACKEND"] = _BACKEND
if settings.configured:
    for _name, _value in _SETTINGS.items():
        setattr(settings, _name, _value)
else:
    settings.configure(**_SETTINGS)
django.setup()

from django.db import connection, connections, models, transaction  # noqa: E402  needs the settings

DATABASES = ("memory", "file", "postgresql")
Items = list[tuple[str, int]]


class Stock(models.Model):  # type: ignore[misc]
    """What lies in the store."""

    sku = models.CharField(primary_key=True, max_length=20)
    on_hand = models.IntegerField()
    is_sold = models.BooleanField(default=True)

    class Meta:
        app_label = "shop"
        db_table = "stock"


class Order(models.Model):  # type: ignore[misc]
    """What a customer ordered."""

    ref = models.CharField(max_length=20, unique=True)
    status = models.CharField(max_length=10)
    paid_on = models.DateTimeField(null=True)

    class Meta:
        app_label = "shop"
        db_table = "orders"


class Line(models.Model):  # type: ignore[misc]
    """One article of an order."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="lines")
    stock = models.ForeignKey(Stock, models.CASCADE)
    qty = models.IntegerField()
    price = models.DecimalField(max_digits=8, decimal_places=2, default="1.50")

    class Meta:
        app_label = "shop"
        db_table = "lines"


TABLES = (Stock, Order, Line)


@contextmanager
def shop_in(kind: str, folder: Path) -> Iterator[None]:
    """Django with an empty shop as its database; PostgreSQL in a schema that nobody else has."""
    name = f"t_{uuid4().hex}"
    described: dict[str, Any] = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
    if kind == "file":
        described["NAME"] = str(folder / "shop.db")
    if kind == "postgresql":
        if why := why_no_server():
            pytest.skip(why)
        sql(f'CREATE SCHEMA "{name}"')
        described = _server(name)
    before = connections.settings
    connections.settings = connections.configure_settings({"default": described})
    connections["default"] = connections.create_connection("default")
    try:
        with connection.schema_editor() as editor:
            for model in TABLES:
                editor.create_model(model)
        Stock.objects.bulk_create([Stock(sku=f"s{number}", on_hand=6) for number in range(4)])
        Order.objects.create(ref="old", status="new")
        yield
        if kind == "postgresql":
            assert open_transactions(name) == []
    finally:
        connection.close()
        connections.settings = before
        connections["default"] = connections.create_connection("default")
        if kind == "postgresql":
            sql(f'DROP SCHEMA "{name}" CASCADE')


def _server(schema: str) -> dict[str, Any]:
    parts = urlsplit(SERVER)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "OPTIONS": {"options": f"-c search_path={schema}", "application_name": schema},
    }


def forget_async_connection() -> None:
    """Each thread has its own connection, and that of the thread of async code would outlive a test."""

    def forget() -> None:
        connection.close()
        del connections["default"]

    asyncio.run(sync_to_async(forget)())


def open_transactions(schema: str) -> list[tuple[object, ...]]:
    """What connections to PostgreSQL have open."""
    asked = "SELECT state, query FROM pg_stat_activity WHERE state <> 'idle' AND application_name = "
    return sql(f"{asked}'{schema}'")


def contents() -> dict[str, Any]:
    """What is in the shop, without ids."""
    return {
        "stock": dict(Stock.objects.order_by("sku").values_list("sku", "on_hand")),
        "orders": list(Order.objects.order_by("id").values_list("ref", "status")),
        "lines": list(Line.objects.order_by("id").values_list("stock_id", "qty")),
    }


def shadowed(legacy: Callable[..., Any], candidate: Callable[..., Any], **options: Any) -> Any:
    """The seam of two paths with the pack in use, and its runs; as under a test, or in the own traffic."""
    runs: list[Run] = []
    stage, own_traffic = options.pop("stage", "shadow"), options.pop("own_traffic", False)
    environment = {"CHANGEOVER_STAGE_SHOP_PLACE": stage} if own_traffic else {}
    migration = Migration(environment=environment, sink=runs.append)
    migration.use("django", **options)
    seam = migration.seam("shop.place", legacy=legacy, candidate=candidate)

    def under_test(*args: Any) -> Any:
        with as_under_a_test(stage):
            return seam(*args)

    return (seam if own_traffic else under_test), runs


def place_by_sql(ref: str, items: Items) -> str:
    """Legacy: handwritten SQL in one transaction."""
    with transaction.atomic(), connection.cursor() as db:
        db.execute("INSERT INTO orders (ref, status) VALUES (%s, 'new') RETURNING id", [ref])
        order = db.fetchone()[0]
        for sku, qty in items:
            db.execute(
                "UPDATE stock SET on_hand = on_hand - %s WHERE sku = %s AND on_hand >= %s", [qty, sku, qty]
            )
            if not db.rowcount:
                raise ValueError(f"out of stock: {sku}")
            line = "INSERT INTO lines (order_id, stock_id, qty, price) VALUES (%s, %s, %s, '1.50')"
            db.execute(line, [order, sku, qty])
        db.execute("UPDATE orders SET status = 'placed' WHERE id = %s", [order])
    return ref


def place_by_orm(ref: str, items: Items, *, fault: str = "") -> str:
    """Candidate: the ORM, with other statements in another order, and one fault."""
    with transaction.atomic():
        order = Order.objects.create(ref="other" if fault == "reference" else ref, status="placed")
        lines = []
        for sku, qty in items:
            article = Stock.objects.get(pk=sku)
            if article.on_hand < qty:
                if fault == "keeps going":
                    continue
                raise ValueError(f"out of stock: {sku}")
            if fault != "stock":
                Stock.objects.filter(pk=sku).update(on_hand=models.F("on_hand") - qty)
            lines.append(Line(order=order, stock=article, qty=qty + (fault == "quantity")))
        Line.objects.bulk_create(lines)
        _plant(order, fault)
    if fault == "after the commit":
        Order.objects.filter(pk=order.pk).update(status="PLACED")
    return ref


def _plant(order: Order, fault: str) -> None:
    if fault == "one row more":
        Stock.objects.create(sku="bonus", on_hand=1)
    elif fault == "one row less":
        Line.objects.filter(order=order).last().delete()
    elif fault == "status":
        Order.objects.filter(pk=order.pk).update(status="new")
    elif fault == "other row":
        with connection.cursor() as db:
            db.execute("UPDATE stock SET on_hand = on_hand - 1 WHERE sku = 's3'")
    elif fault == "deletes":
        Order.objects.get(ref="old").delete()
    elif fault == "wrong parent":
        Line.objects.filter(order=order).update(order=Order.objects.get(ref="old"))
    elif fault == "rolls back":
        transaction.set_rollback(True)


FAULTS = (
    *("quantity", "stock", "one row more", "one row less", "status", "reference"),
    *("after the commit", "other row", "deletes", "wrong parent", "rolls back"),
)
