"""`migration.use("redis")`: clients of redis-py, sync and awaited, ask one port."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from functools import partial
from importlib import import_module
from typing import Any

from changeover.packs.host import Host, Operation, cannot_be_followed
from changeover.packs.redis.commands import OTHER, Command, Word, command_of
from changeover.packs.redis.messages import (
    Asked,
    RedisAnswer,
    RedisError,
    RedisFault,
    asked,
    server_of,
)
from changeover.packs.redis.wire import Wire
from changeover.record.port import CallClass

_PACKAGES = ("redis", "fakeredis", "valkey", "contextlib", "inspect")
_CLIENTS = (
    "redis.client.Redis",
    "redis.asyncio.client.Redis",
    "redis.connection.ConnectionPool",
    "redis.asyncio.connection.ConnectionPool",
)
_COMMAND = ("command", "key", "server", "arguments", "options")
_PIPELINE = ("keys", "server", "commands")
Question = tuple[str, tuple[Any, ...]]
Parts = frozenset[Hashable] | None


class RedisPack:
    """The port `redis`: each command is a read or an effect, a pipeline is one of the two as a whole."""

    name = "redis"

    def install(self, host: Host) -> None:
        """Open the channel, and cover the clients when the program imports them."""
        host.keeps(RedisAnswer, RedisError, RedisFault)
        host.handle(*_CLIENTS)
        self._channel = host.channel(self.name, list(_operations()), packages=_PACKAGES)
        for module, patch in _PATCHES.items():
            host.when_imported(module, patch)

    def ask(self, args: Sequence[Any], options: dict[str, Any], wire: Wire) -> Any:
        """The client's answer to one command, or what stands on the tape; raises the library's errors."""
        return self._ask(self._of_command(asked(args, options), wire), wire)

    async def ask_async(self, args: Sequence[Any], options: dict[str, Any], wire: Wire) -> Any:
        """The same for a client that is awaited."""
        return await self._ask_async(self._of_command(asked(args, options), wire), wire)

    def ask_all(self, stack: Sequence[Asked], is_transaction: bool, wire: Wire) -> Any:
        """The same for the commands that a pipeline has collected."""
        return self._ask(self._of_pipeline(stack, is_transaction, wire), wire)

    async def ask_all_async(self, stack: Sequence[Asked], is_transaction: bool, wire: Wire) -> Any:
        """The same for a pipeline that is awaited."""
        return await self._ask_async(self._of_pipeline(stack, is_transaction, wire), wire)

    def _ask(self, question: Question, wire: Wire) -> Any:
        try:
            answer = self._channel.ask(*question, wire.send)
        except RedisFault as fault:
            error = wire.error_of(fault)
        else:
            return wire.given(answer)
        raise error

    async def _ask_async(self, question: Question, wire: Wire) -> Any:
        try:
            answer = await self._channel.ask_async(*question, wire.send_async)
        except RedisFault as fault:
            error = wire.error_of(fault)
        else:
            return wire.given(answer)
        raise error

    def _of_command(self, asked: Asked, wire: Wire) -> Question:
        command = command_of(asked.words)
        _check(command)
        key, arguments = _split(command, asked.words)
        operation = "read" if command.is_read else "write"
        return operation, (
            _shown(command, asked.words),
            key,
            server_of(wire.client),
            arguments,
            asked.options,
        )

    def _of_pipeline(self, stack: Sequence[Asked], is_transaction: bool, wire: Wire) -> Question:
        known = [(command_of(one.words), one.words) for one in stack]
        for command, _ in known:
            _check(command)
        touched = [command.touches(words) for command, words in known]
        everywhere = any(one is None for one in touched)
        keys = None if everywhere else sorted({key for some in touched for key in some or ()}, key=str)
        said = [[list(one.words), one.options] for one in stack]
        operation = "transaction" if is_transaction else "pipeline"
        is_read = all(command.is_read for command, _ in known)
        return operation + ("_read" if is_read else ""), (keys, server_of(wire.client), said)


def _check(command: Command) -> None:
    if not command.is_followed:
        name = command.name.replace("|", " ").upper()
        cannot_be_followed(f"{name} of redis: it changes what the same connection does next")


def _shown(command: Command, words: Sequence[Word]) -> str:
    return (str(words[0]) if command is OTHER else command.name.replace("|", " ")).upper()


def _split(command: Command, words: Sequence[Word]) -> tuple[Any, list[Word]]:
    """The key, or all of them, or the first argument of a command that has none; and the arguments."""
    rest = list(words[command.length :])
    keys = command.keys(words)
    if len(keys) > 1:
        return list(keys), rest
    if keys:
        rest.remove(keys[0])
        return keys[0], rest
    return (rest[0], rest[1:]) if rest else ("", rest)


def _operations() -> Iterator[Operation]:
    yield Operation("read", CallClass.READ, _COMMAND, _question, parts=_parts_of_command)
    yield Operation("write", CallClass.EFFECT, _COMMAND, lambda *said: said[:3], parts=_parts_of_command)
    for name in ("transaction", "pipeline"):
        yield Operation(name, CallClass.EFFECT, _PIPELINE, lambda *said: said[:2], parts=_parts_of_pipeline)
        yield Operation(f"{name}_read", CallClass.READ, _PIPELINE, _question, parts=_parts_of_pipeline)


def _question(*said: Any) -> Any:
    return said


def _parts_of_command(command: str, key: Any, server: str, *_: Any) -> Parts:
    keys = key if isinstance(key, list) else [key]
    known = command_of(command.split())
    return None if known.touches_all else frozenset((server, known.part(one)) for one in keys)


def _parts_of_pipeline(keys: Sequence[Word] | None, server: str, _: Any) -> Parts:
    return None if keys is None else frozenset((server, key) for key in keys)


def _patch(client: str, module: Any) -> None:
    import_module(f"changeover.packs.redis.{client}").patch(module)


_PATCHES = {
    "redis.client": partial(_patch, "sync_client"),
    "redis.asyncio.client": partial(_patch, "async_client"),
    "redis.cluster": partial(_patch, "cluster_client"),
    "redis.asyncio.cluster": partial(_patch, "cluster_client"),
}
