"""Code of the program that only looks: a view, a key, tags, an invariant, the reading of a value.

It asks no port and reaches nothing else. What it tries all the same is refused, and the run says so.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from threading import get_ident
from typing import Any, NoReturn, TypeVar

from changeover.errors import ReplayRefusal
from changeover.record.context import SESSION, WORK_HERE, Args, Kwargs, put_back
from changeover.record.instrument import Hook
from changeover.record.own_log import OwnLog
from changeover.record.port import PortBook
from changeover.replay import isolation
from changeover.replay.random_numbers import OwnRandom
from changeover.values.reading import READ_BY_THE_PROGRAM

T = TypeVar("T")


class LookingActed(ReplayRefusal):
    """Code that only looks called a port or reached for the world; says which code, and what it called."""


class Sealed:
    """The session of such code: it refuses every call of a port, and what the net refuses.

    `refused` is the first refusal, whether the code let it pass or not.
    """

    replaying = True
    carries = True

    def __init__(self, what: str, book: PortBook) -> None:
        self.refused: str | None = None
        self._what = what
        self.book = book

    def call(self, hook: Hook, original: Callable[..., Any], args: Args, kwargs: Kwargs) -> Any:
        """Refuse a call of a port; a function that is none of this migration's runs as it is."""
        method = self.book.find(hook, args)
        if method is not None:
            self._refuse(f"called {method.full_name}")
        return original(*args, **kwargs)

    def sets(self, owner: Any, name: str, value: Any) -> bool:
        """What it sets is set."""
        return True

    def has_made(self, owner: Any) -> None:
        """It may do with it what it likes."""

    def tell(self, hook: Hook, args: Args) -> None:
        """Refuse an effect that was found afterwards."""
        self._refuse(f"has changed what {hook.name} is about")

    def catch(self, event: str, detail: str) -> None:
        """Refuse what goes past every port."""
        self._refuse(f"reached for the world: {event} {detail}".rstrip())

    def started(self, branch: object) -> None:
        """What is started has this session too, and is refused the same."""

    def not_followed(self, what: str) -> None:
        """Refuse what would act where nothing can be seen of it."""
        self._refuse(f"started {what}")

    def handed_over(self, what: str) -> None:
        """Refuse what somebody of the program would work off."""
        self._refuse(f"put something into a queue: {what}")

    @cached_property
    def generator(self) -> OwnRandom:
        """What it draws random numbers from."""
        return OwnRandom()

    @cached_property
    def log(self) -> OwnLog:
        """What it logs reaches nothing of the program either."""
        return OwnLog()

    def hear(self, level: str, source: str, text: str) -> None:
        """What only looks leaves no run behind that could keep it."""

    def happened(self, bus: object, point: object, event: object, handler: str | None, again: bool) -> None:
        """What only looks is no part of a run, nor are its events."""

    def thread_refused(self, why: str) -> None:
        """The process ends: that says nothing of the code."""

    def _refuse(self, deed: str) -> NoReturn:
        text = f"{self._what} {deed}"
        self.refused = self.refused or text
        raise LookingActed(text)


def copied(what: str, book: PortBook, copy: Callable[[], T]) -> T:
    """A copy of values; sealed where functions of the program have a hand in it, which takes longer."""
    return look(what, book, copy) if READ_BY_THE_PROGRAM else copy()


def look(what: str, book: PortBook, code: Callable[[], T]) -> T:
    """What the code gives, run sealed; raises LookingActed where it acted, whatever became of the refusal.

    Args:
        what: names the code, as a sentence begins ("the view of `shop.total`").
        book: the ports that it may not call.
        code: runs at once; what else it raises passes.
    """
    session = Sealed(what, book)
    here = get_ident()
    before, token = WORK_HERE.get(here), SESSION.set(session)
    try:
        WORK_HERE[here] = session, None  # it may leave its context, but not its thread
        isolation.keep_isolated()
        value = code()
    except Exception:
        if session.refused is not None:
            raise LookingActed(session.refused) from None
        raise
    finally:
        put_back(here, before)
        SESSION.reset(token)
    if session.refused is not None:
        raise LookingActed(session.refused)
    return value
