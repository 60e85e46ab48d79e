"""Entities that a path is given with their session: in a replay they are with the session in its place.

    def pay(session, order): order.status = "paid"; session.commit()

A copy of `order` alone belongs to no session. What a path sets on it would reach no database, and what was
not loaded could not be. So each copy whose original was with a session is put into the one that the replay
has for it, as it was: not changed since it was loaded, and with the same attributes to load again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from changeover.packs.sqlalchemy.engine_database import EngineDatabase
from changeover.packs.sqlalchemy.handles import Exchanged, engine_of, parts_in, sync_of
from changeover.values.libraries.sqlalchemy_values import session_of_original, with_session


def attach(given: Any, exchanged: Exchanged, database: EngineDatabase) -> None:
    """Put the entities in what a replayed path is given into its sessions.

    Args:
        given: the arguments, with the sessions in them exchanged.
        exchanged: by whom.
        database: that of the pack.
    """
    # All before the first is put into a session: what it leads to follows it there, and is to load as well.
    for entity, number in [*_with_a_session(given)]:
        session = _session_for(number, exchanged, database)
        if session is not None:
            with_session(entity, session)


def _with_a_session(given: Any) -> Iterator[tuple[Any, int]]:
    """The copies that are in no session yet, and the number of that of their original."""
    for part in parts_in(given):
        number = session_of_original(part)
        if number is not None:
            yield part, number


def _session_for(number: int, exchanged: Exchanged, database: EngineDatabase) -> Any | None:
    """The session in the place of the one with that number; another one where the path was given none."""
    sessions = {id(old): (sync_of(old), sync_of(new)) for old, new in exchanged.pairs if _is_session(new)}
    for old, new in sessions.values():
        if getattr(old, "hash_key", None) == number:
            return new
    original = _session_here(number)
    if original is not None:
        if engine_of(original) is not database.engine:
            return None
        return sync_of(exchanged.of(original))
    if len(sessions) == 1:  # it was recorded by another process
        return next(new for _, new in sessions.values())
    return None


def _is_session(handle: Any) -> bool:
    return hasattr(sync_of(handle), "identity_map")


def _session_here(number: int) -> Any | None:
    from sqlalchemy.orm import session

    found: Callable[[int], Any] = vars(session)["_sessions"].get
    return found(number)
