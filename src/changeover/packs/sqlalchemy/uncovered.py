"""What `doctor` says of a database: engines that no migration covers, and tables whose rows have no name."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any

from changeover.packs.sqlalchemy.engine_hooks import PACK

SHOWN_MAX = 10


def uncovered_engines() -> Iterator[str]:
    """A sentence for each engine of this process that was never given to a pack; no password is shown."""
    from sqlalchemy.engine import Engine

    found: list[Any] = [one for one in gc.get_objects() if isinstance(one, Engine)]
    places = {
        one.url.render_as_string(hide_password=True)
        for one in found
        if getattr(one.dialect, PACK, None) is None
    }
    for place in sorted(places)[:SHOWN_MAX]:
        yield f'no migration covers the engine {place}: migration.use("sqlalchemy", engine)'


def tables_without_key() -> Iterator[str]:
    """A sentence that names the tables of the program's own metadata that have no primary key."""
    from sqlalchemy import MetaData

    found: list[Any] = [one for one in gc.get_objects() if isinstance(one, MetaData)]
    names = sorted(
        {table.fullname for one in found for table in one.tables.values() if not table.primary_key}
    )
    if names:
        more = "" if len(names) <= SHOWN_MAX else f" and {len(names) - SHOWN_MAX} more"
        shown = ", ".join(names[:SHOWN_MAX])
        yield f"rows without a primary key cannot be told apart, so runs that change them fail: {shown}{more}"
