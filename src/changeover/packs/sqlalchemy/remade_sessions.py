"""Sessions, connections and engines in stored runs: elsewhere a replay gets others of their kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from changeover.packs.sqlalchemy.engine_database import EngineDatabase
from changeover.packs.sqlalchemy.handles import engine_of
from changeover.record.class_lookup import full_name, imported_class

ENGINE, CONNECTION, SESSION, ASYNC_SESSION = "engine", "connection", "session", "async session"
_OPTIONS = ("autoflush", "expire_on_commit")


def _known_class(handle: Any) -> type:
    """The nearest one that has a name: `sessionmaker` makes a class of its own for what it gives."""
    return next(cls for cls in type(handle).__mro__ if imported_class(full_name(cls)) is cls)


class RemadeSessions:
    """Those of one engine. None of them reaches the database by itself: a replay exchanges it first."""

    def __init__(self, database: EngineDatabase) -> None:
        from sqlalchemy.engine import Connection, Engine
        from sqlalchemy.orm import Session

        self._database = database
        self._kinds: dict[str, Any] = {ENGINE: Engine, CONNECTION: Connection, SESSION: Session}
        if database.is_async:
            from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

            self._kinds |= {ENGINE: AsyncEngine, ASYNC_SESSION: AsyncSession}

    @property
    def classes(self) -> tuple[type, ...]:
        """Of what can be made anew."""
        return tuple(self._kinds.values())

    def describe(self, handle: Any) -> Mapping[str, Any] | None:
        """What is written of one; None for one of another engine."""
        if handle is self._database.given:
            return {"kind": ENGINE}
        kind = next((name for name, cls in self._kinds.items() if isinstance(handle, cls)), None)
        if kind in (None, ENGINE) or engine_of(handle) is not self._database.engine:
            return None
        if kind == CONNECTION:
            return {"kind": kind}
        sync = getattr(handle, "sync_session", handle)
        return {
            "kind": kind,
            "class": _known_class(handle),
            **{name: getattr(sync, name) for name in _OPTIONS},
        }

    def make(self, data: Mapping[str, Any]) -> Any:
        """One of the same kind; raises ValueError where nothing like that is written."""
        kind = data.get("kind")
        if kind == ENGINE:
            return self._database.given
        if kind == CONNECTION:
            return self._connection()
        base = self._kinds.get(str(kind))
        cls: Any = data.get("class")
        if base is None or not isinstance(cls, type) or not issubclass(cls, base):
            raise ValueError(f"a handle of kind {kind!r} and class {cls!r} is none of SQLAlchemy")
        engine = self._database.given if kind == ASYNC_SESSION else self._database.engine
        return cls(bind=engine, **{name: data.get(name) is True for name in _OPTIONS})

    def _connection(self) -> Any:
        """It is not open, and says only whose it is: an open one would have reached the database."""
        cls = self._kinds[CONNECTION]
        made = cls.__new__(cls)
        vars(made)["engine"] = self._database.engine
        return made
