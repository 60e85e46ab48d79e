"""A coroutine that carries a run into whichever context it goes on in, and leaves nothing there."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from functools import partial
from threading import get_ident
from types import coroutine
from typing import Any, TypeVar

from changeover.record.context import SESSION, WORK_HERE, Session, put_back
from changeover.record.work_branch import BRANCH, Branch
from changeover.values.pins import PINNED

T = TypeVar("T")


@coroutine
def carried(path: Coroutine[Any, Any, T], session: Session, branch: Branch) -> Generator[Any, Any, T]:
    """Await a coroutine with this session and branch, and the pins of now, in whichever context it goes on.

    What it sets itself is kept from step to step, and nothing of it stays in the context.
    """
    kept = _Kept(session, branch)
    step: Callable[[], Any] = partial(path.send, None)
    while True:
        try:
            waits_for = kept.during(step)
        except StopIteration as end:
            result: T = end.value
            return result
        try:
            step = partial(path.send, (yield waits_for))
        except GeneratorExit:
            kept.during(path.close)
            raise
        except BaseException as raised:  # noqa: BLE001  thrown into the path right above
            step = partial(path.throw, raised)


class _Kept:
    """The session, branch and pins of a coroutine, from one of its steps to the next."""

    def __init__(self, session: Session, branch: Branch) -> None:
        self._values: tuple[Any, Any, Any] = (session, branch, PINNED.get())

    def during(self, step: Callable[[], Any]) -> Any:
        """Do one step with them."""
        session, branch, pins = self._values
        here = get_ident()
        before = WORK_HERE.get(here)
        tokens = SESSION.set(session), BRANCH.set(branch), PINNED.set(pins)
        WORK_HERE[here] = (session, branch)
        try:
            return step()
        finally:
            self._values = SESSION.get(), BRANCH.get(), PINNED.get()
            put_back(here, before)
            SESSION.reset(tokens[0])
            BRANCH.reset(tokens[1])
            PINNED.reset(tokens[2])
