"""Where an engine sends statements, commits and connects: the functions of its own dialect."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from changeover.packs.host import follower
from changeover.packs.patches import replace
from changeover.packs.sqlalchemy.answering_path import CAPTURE

_SENDING = ("do_execute", "do_executemany", "do_execute_no_params")


def hook(dialect: Any, name: str) -> None:
    """Replace the functions of this dialect alone; outside of runs they do what they did."""
    for function in _SENDING:
        setattr(dialect, function, _sending(getattr(dialect, function), name))
    for function in ("do_commit", "do_rollback"):
        setattr(dialect, function, _ending(getattr(dialect, function), function.removeprefix("do_"), name))


def hook_pools(pool_class: type) -> None:
    """Let replays connect to their copy, whichever pool an engine has now."""
    replace(pool_class, "connect", _connecting)


def _sending(original: Callable[..., Any], name: str) -> Callable[..., Any]:
    def send(cursor: Any, statement: str, *rest: Any, **named: Any) -> Any:
        found = follower(name)
        context = named.get("context", rest[-1] if rest else None)
        if context is None:
            return original(cursor, statement, *rest, **named)
        fairy = context.root_connection.connection
        if statement[:5].upper() == "ALTER" and fairy.info.get(CAPTURE) is not None:
            fairy.info[CAPTURE].remove()
        if found is None:
            return original(cursor, statement, *rest, **named)
        return found.execute(lambda: original(cursor, statement, *rest, **named), statement, fairy)

    return send


def _ending(original: Callable[..., Any], what: str, name: str) -> Callable[..., Any]:
    def end(fairy: Any) -> Any:
        found = follower(name)
        if found is None:
            return original(fairy)
        return getattr(found, what)(lambda: original(fairy), fairy)

    return end


def _connecting(original: Callable[..., Any]) -> Callable[..., Any]:
    def connect(pool: Any) -> Any:
        name = getattr(pool._dialect, "changeover_pack", None)
        found: Any = None if name is None else follower(name)
        give = getattr(found, "connect", None)
        # Under a loop the toolkit's own work is not told from the path's by the context alone.
        if found is None or getattr(pool, "changeover_own", False):
            return original(pool)
        if give is not None:
            return original(pool) if found.is_at_work else give()
        fairy = original(pool)
        found.connected(fairy)
        return fairy

    return connect
