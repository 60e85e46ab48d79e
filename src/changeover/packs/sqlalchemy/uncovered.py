"""What `doctor` says of a database: engines that no migration covers, and tables whose rows have no name."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any

from changeover.packs.sqlalchemy.engine_hooks import PACK

SHOWN_MAX = 10
_OF_THE_DATABASE = frozenset({"pg_catalog", "information_schema", "INFORMATION_SCHEMA", "sys"})
"""Schemas of its own catalogue: dialects keep tables of it in a metadata that no program made."""


def uncovered_engines() -> Iterator[str]:
    """A sentence for each engine of this process that was never given to a pack; no password is shown."""
    from sqlalchemy.engine import Engine

    found = _objects_of(Engine)
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

    found = _objects_of(MetaData)
    tables = (table for one in found for table in one.tables.values() if table.schema not in _OF_THE_DATABASE)
    names = sorted({table.fullname for table in tables if not table.primary_key})
    if names:
        more = "" if len(names) <= SHOWN_MAX else f" and {len(names) - SHOWN_MAX} more"
        shown = ", ".join(names[:SHOWN_MAX])
        yield f"rows without a primary key cannot be told apart, so runs that change them fail: {shown}{more}"


def _objects_of(wanted: type) -> list[Any]:
    """All objects of a class, or of one derived from it; `isinstance` would run code of some."""
    return [one for one in gc.get_objects() if wanted in type(one).__mro__]
