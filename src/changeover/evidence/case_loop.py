"""The event loop on which cases and sources of an async program run: one for a whole comparison.

A pool of connections belongs to the loop on which they were opened. With a loop for each case
(`asyncio.run`) the second case would meet connections of a loop that is closed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextvars import copy_context
from typing import Any, TypeVar

from changeover.errors import ConfigurationError

T = TypeVar("T")


class LoopIsRunning(ConfigurationError):
    """What is async cannot be waited for here."""


class CaseLoop:
    """Made when it is first needed; `close` ends it, with what was left on it."""

    def __init__(self) -> None:
        self._runner: asyncio.Runner | None = None

    def run(self, awaited: Coroutine[Any, Any, T], where: str) -> T:
        """What it gives, in the context of the caller; raises LoopIsRunning inside of another loop."""
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            pass
        else:
            awaited.close()
            problem = "is async, and an event loop is running here, needed: a thread of its own"
            raise LoopIsRunning(where, f"{problem} (asyncio.to_thread)")
        if self._runner is None:
            self._runner = asyncio.Runner()
        return self._runner.run(awaited, context=copy_context())

    def all(self, cases: AsyncIterator[T], where: str) -> Iterator[T]:
        """What an async source yields, one after the other; it is closed where it is left early."""
        try:
            while True:
                try:
                    yield self.run(_next(cases), where)
                except StopAsyncIteration:
                    return
        finally:
            close = getattr(cases, "aclose", None)
            if close is not None:
                self.run(_awaiting(close()), where)

    def close(self) -> None:
        """End the loop."""
        if self._runner is not None:
            self._runner.close()
            self._runner = None


async def _next(cases: AsyncIterator[T]) -> T:
    return await anext(cases)


async def _awaiting(awaitable: Any) -> Any:
    return await awaitable
