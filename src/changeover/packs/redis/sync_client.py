"""redis-py: every command goes through `Redis.execute_command`, those of a pipeline through its `execute`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from changeover.packs.host import cannot_be_followed, serving
from changeover.packs.patches import replace
from changeover.packs.redis.messages import asked
from changeover.packs.redis.wire import Wire

Function = Callable[..., Any]


def patch(module: Any) -> None:
    """Let every client ask first."""
    replace(module.Redis, "execute_command", _asking)
    replace(module.Pipeline, "immediate_execute_command", _asking_while_watching)
    replace(module.Pipeline, "execute", _executing)
    replace(module.PubSub, "execute_command", _listening)
    replace(module.Monitor, "__enter__", _listening)


def _asking(original: Function) -> Function:
    def execute_command(self: Any, *args: Any, **options: Any) -> Any:
        pack = serving("redis")
        if pack is None:
            return original(self, *args, **options)
        return pack.ask(args, options, Wire(self, lambda: original(self, *args, **options)))

    return execute_command


def _asking_while_watching(original: Function) -> Function:
    """Between WATCH and MULTI a pipeline asks at once."""

    def immediate_execute_command(self: Any, *args: Any, **options: Any) -> Any:
        pack = serving("redis")
        if pack is None:
            return original(self, *args, **options)
        wire = Wire(self, lambda: original(self, *args, **options))
        answer = pack.ask(args, options, wire)
        if not wire.is_sent:
            keep_watching(self, args[0])
        return answer

    return immediate_execute_command


def keep_watching(pipeline: Any, command: str) -> None:
    """What the library notes when the server has answered, of which nothing came here."""
    if command == "WATCH":
        pipeline.watching = True
    elif command in pipeline.UNWATCH_COMMANDS:
        pipeline.watching = False


def _executing(original: Function) -> Function:
    def execute(self: Any, raise_on_error: bool = True) -> Any:
        pack = serving("redis")
        if pack is None or not (self.command_stack or self.watching):
            return original(self, raise_on_error)
        stack = [asked(*command) for command in self.command_stack]
        wire = Wire(self, lambda: original(self, raise_on_error))
        try:
            return pack.ask_all(stack, self.transaction or self.explicit_transaction, wire)
        finally:
            if not wire.is_sent:
                self.reset()

    return execute


def _listening(original: Function) -> Function:
    def listen(self: Any, *args: Any, **kwargs: Any) -> Any:
        cannot_be_followed("a subscription of redis: what comes is asked for by nobody")
        return original(self, *args, **kwargs)

    return listen
