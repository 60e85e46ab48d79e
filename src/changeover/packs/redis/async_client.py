"""redis.asyncio: the same functions as of the sync client, awaited."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from changeover.packs.host import cannot_be_followed, serving
from changeover.packs.patches import replace
from changeover.packs.redis.messages import asked
from changeover.packs.redis.sync_client import keep_watching
from changeover.packs.redis.wire import Wire

Function = Callable[..., Any]


def patch(module: Any) -> None:
    """Let every client ask first."""
    replace(module.Redis, "execute_command", _asking)
    replace(module.Pipeline, "immediate_execute_command", _asking_while_watching)
    replace(module.Pipeline, "execute", _executing)
    replace(module.PubSub, "execute_command", _listening)
    replace(module.Monitor, "__aenter__", _listening)


def _asking(original: Function) -> Function:
    async def execute_command(self: Any, *args: Any, **options: Any) -> Any:
        pack = serving("redis")
        if pack is None:
            return await original(self, *args, **options)
        return await pack.ask_async(args, options, Wire(self, lambda: original(self, *args, **options)))

    return execute_command


def _asking_while_watching(original: Function) -> Function:
    async def immediate_execute_command(self: Any, *args: Any, **options: Any) -> Any:
        pack = serving("redis")
        if pack is None:
            return await original(self, *args, **options)
        wire = Wire(self, lambda: original(self, *args, **options))
        answer = await pack.ask_async(args, options, wire)
        if not wire.is_sent:
            keep_watching(self, args[0])
        return answer

    return immediate_execute_command


def _executing(original: Function) -> Function:
    async def execute(self: Any, raise_on_error: bool = True) -> Any:
        pack = serving("redis")
        if pack is None or not (self.command_stack or self.watching):
            return await original(self, raise_on_error)
        stack = [asked(*command) for command in self.command_stack]
        wire = Wire(self, lambda: original(self, raise_on_error))
        try:
            return await pack.ask_all_async(stack, self.is_transaction or self.explicit_transaction, wire)
        finally:
            if not wire.is_sent:
                await self.reset()

    return execute


def _listening(original: Function) -> Function:
    async def listen(self: Any, *args: Any, **kwargs: Any) -> Any:
        cannot_be_followed("a subscription of redis: what comes is asked for by nobody")
        return await original(self, *args, **kwargs)

    return listen
