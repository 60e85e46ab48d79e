"""What every pack has to hold, of statements of Django on the tape."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from asgiref.sync import sync_to_async
from django.db import OperationalError, connection

from changeover import Migration
from tests.changeover.packs.pack_contract import PackContract
from tests.changeover.support.django_shop import Stock, forget_async_connection, shop_in


class TestStatements(PackContract):
    """A shop in a file, to which paths add articles."""

    failure = OperationalError

    def begin(self) -> None:
        self._open = ExitStack()
        folder = self._open.enter_context(tempfile.TemporaryDirectory())
        self._open.enter_context(shop_in("file", Path(folder)))

    def end(self) -> None:
        forget_async_connection()
        self._open.close()

    def use(self, migration: Migration) -> None:
        migration.use("django")

    def read(self) -> Any:
        return Stock.objects.values_list("on_hand", flat=True).get(sku="s0")

    def act(self, number: int) -> Any:
        return Stock.objects.create(sku=f"n{number}", on_hand=number).pk

    def fail(self) -> Any:
        with connection.cursor() as db:
            return db.execute("SELECT * FROM no_such_table").fetchall()

    def acts(self) -> int:
        found: int = Stock.objects.filter(sku__startswith="n").count()
        return found

    async def read_async(self) -> Any:
        return await sync_to_async(self.read)()

    async def act_async(self, number: int) -> Any:
        return await Stock.objects.acreate(sku=f"n{number}", on_hand=number)
