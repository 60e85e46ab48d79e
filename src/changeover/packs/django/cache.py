"""What a path asks of Django's caches, and what it changes there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from inspect import signature
from typing import Any

from changeover.packs.host import Host, Operation, outside
from changeover.record.port import CallClass

READS = ("get", "get_many", "has_key")
WRITES = ("set", "add", "touch", "delete", "incr", "decr", "set_many", "delete_many", "clear")
COMMANDS = (*READS, *WRITES)
"""All others of Django's are made of these."""
_SAID = ("command", "key", "cache", "options")
_KEYS = ("key", "keys", "data")
_MISSING = object()


class CachePort:
    """The port `cache`."""

    def __init__(self, host: Host) -> None:
        self._channel = host.channel("cache", list(_operations()), packages=("django",))

    def ask(
        self,
        cache: str,
        command: str,
        really: Callable[..., Any],
        args: tuple[Any, ...],
        named: dict[str, Any],
    ) -> Any:
        """The answer of a cache, or that of the tape; raises the cache's errors.

        Args:
            cache: its alias.
            command: one of COMMANDS.
            really: the method of the cache.
            args: of the call.
            named: of the call.
        """
        given = _arguments(command, args, named)
        default = given.pop("default", None)
        operation = "read" if command in READS else "write"
        said = _said(cache, command, given)

        def real() -> Any:
            with outside():
                if command != "get":
                    return really(**given)
                found = really(**given, default=_MISSING)
                return [] if found is _MISSING else [found]

        answer = self._channel.ask(operation, said, real)
        if command != "get":
            return answer
        return answer[0] if answer else default


def _arguments(command: str, args: tuple[Any, ...], named: dict[str, Any]) -> dict[str, Any]:
    """The arguments by their names, those that are gone through once as lists."""
    from django.core.cache.backends.base import BaseCache

    bound = signature(getattr(BaseCache, command)).bind(None, *args, **named)
    bound.apply_defaults()
    given = {name: value for name, value in bound.arguments.items() if name != "self"}
    given.update(given.pop("kwargs", {}))
    if "keys" in given:
        given["keys"] = list(given["keys"])
    return given


def _said(cache: str, command: str, given: Mapping[str, Any]) -> tuple[Any, ...]:
    from django.core.cache.backends.base import DEFAULT_TIMEOUT

    found = next((given[name] for name in _KEYS if name in given), "")
    key = found if isinstance(found, str) else sorted(map(str, found)) if _is_many(found) else str(found)
    options = {name: value for name, value in given.items() if name not in ("key", "keys")}
    if options.get("timeout") is DEFAULT_TIMEOUT:
        options["timeout"] = "default"
    return command, key, cache, options


def _is_many(found: Any) -> bool:
    return isinstance(found, (list, dict))


def _operations() -> Iterator[Operation]:
    yield Operation("read", CallClass.READ, _SAID, lambda *said: said, parts=_parts)
    yield Operation("write", CallClass.EFFECT, _SAID, lambda *said: said[:3], parts=_parts)


def _parts(command: str, key: Any, cache: str, options: Mapping[str, Any]) -> frozenset[Any] | None:
    if command == "clear":
        return None
    keys = key if isinstance(key, list) else [key]
    return frozenset((cache, one) for one in keys)
