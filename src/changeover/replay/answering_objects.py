"""The objects that answer `fixed` and `local` calls in a replay, and what they may do themselves.

A delegate is the real object, or a copy of it where its state must not move. It may read; the time it sees is
the replay's, and its effects go to copies of ports or nowhere.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import field
from random import Random
from typing import Any, Protocol

from changeover.errors import EffectWithheld
from changeover.quick_dataclass import dataclass
from changeover.record.context import SESSION, Args, Kwargs
from changeover.record.instrument import Hook
from changeover.record.own_methods import own_method
from changeover.record.port import CallClass, PortBook, PortMethod
from changeover.record.port_copies import NoCopy, PortCopies, call_on_copy
from changeover.record.replay_problems import ProblemKind
from changeover.replay.clock import VirtualClock


class Replaying(Protocol):
    """What such an object may ask of the replay that it answers in."""

    book: PortBook
    copies: PortCopies | None

    def note(self, kind: ProblemKind, place: str, detail: str) -> None:
        """Note what kept the path from being replayed as it is."""

    def hear(self, level: str, source: str, text: str) -> None:
        """Keep what was logged."""

    def thread_refused(self, why: str) -> None:
        """The path could not have a thread, because the process ends."""

    def clock(self, port: str) -> VirtualClock:
        """The time of the replay."""


class DelegateSession:
    """The session while a delegate, or a copy of a port, answers a call of the replayed path.

    What such an object asks of other ports is not on the tape, because a recording does not look inside a
    port. So reads go to the real ports, or to their copies; effects go to copies or nowhere.
    """

    replaying = True
    carries = False

    def __init__(self, replay: Replaying, inside: tuple[Any, ...] = ()) -> None:
        self.replay = replay
        self._inside = inside  # the copies that are answering now

    def started(self, branch: Any) -> None:
        """What such an object starts is the program's own."""

    def not_followed(self, what: str) -> None:
        """The same."""

    def handed_over(self, what: str) -> None:
        """What a copy of a port gives away is the copy's affair."""

    def hear(self, level: str, source: str, text: str) -> None:
        """The same as for the path itself."""
        self.replay.hear(level, source, text)

    def happened(self, bus: object, point: object, event: object, handler: str | None, again: bool) -> None:
        """What happens inside of a port is no part of the path."""

    def thread_refused(self, why: str) -> None:
        """The same as for the path itself."""
        self.replay.thread_refused(why)

    @property
    def book(self) -> PortBook:
        """The ports of the replay."""
        return self.replay.book

    def sets(self, owner: Any, name: str, value: Any) -> bool:
        """What a real object or copy sets is its own affair."""
        return True

    def has_made(self, owner: Any) -> None:
        """The same."""

    def tell(self, hook: Hook, args: Args) -> None:
        """The same."""

    def call(self, hook: Hook, original: Callable[..., Any], args: Args, kwargs: Kwargs) -> Any:
        """Answer a call that the real object or copy makes."""
        replay = self.replay
        method = replay.book.find(hook, args)
        owner = args[0] if hook.has_owner else None
        if method is None or (replay.copies is not None and replay.copies.is_copy(owner)):
            return original(*args, **kwargs)
        if method.call_class is CallClass.CLOCK and not hook.is_async:
            clock = replay.clock(method.port)
            if method.sleeps:
                return clock.sleep(method.name, args[1:] if hook.has_owner else args, kwargs).give()
            moment = clock.peek(method.name)
            return original(*args, **kwargs) if moment is None else moment.give()
        copies = replay.copies
        try:
            copy = None if copies is None else copies.copy_for(method, owner)
            is_next = copies is not None and copy is not None and not any(copy is one for one in self._inside)
            called = call_on_copy(copy, method, copies.original_of(copy)) if copies and is_next else None
        except NoCopy as error:
            replay.note(ProblemKind.UNDECLARED_CALL, method.full_name, str(error))
            raise EffectWithheld(f"{method.full_name}: {error}") from error
        if called is not None:
            token = SESSION.set(DelegateSession(replay, (*self._inside, copy)))
            try:
                return called(*(args[1:] if hook.has_owner else args), **kwargs)
            finally:
                SESSION.reset(token)
        if method.call_class in (CallClass.EFFECT, CallClass.UNDECLARED):
            what = "called by a port's own object inside the replay"
            replay.note(ProblemKind.UNDECLARED_EFFECT, method.full_name, what)
            raise EffectWithheld(f"{method.full_name}: {what}")
        return original(*args, **kwargs)


class NoDelegate(Exception):
    """There is no object that could answer without touching the world; the text says what to declare."""


_COPIED = (CallClass.LOCAL, CallClass.CLOCK)


@dataclass(slots=True)
class Delegates:
    """The delegates of one replay.

    Attributes:
        copies: Copies of ports that may act.
        seed: Of the random numbers that mint local values.
        owners: Of each port that was declared as a class, the object that answered the recorded path.
    """

    copies: PortCopies | None
    seed: str
    owners: Mapping[str, Any] = field(default_factory=dict)
    _random: Random | None = None
    _locals: dict[int, tuple[Any, Any]] = field(default_factory=dict)

    def call(self, method: PortMethod, owner: Any, args: Args, kwargs: Kwargs) -> Callable[[], Any]:
        """The call, bound to the object that answers it; raises NoDelegate."""
        if method.make is not None:
            make = method.make
            if self._random is None:
                self._random = Random(self.seed)  # noqa: S311  repeatable, not secret
            generator = self._random
            return lambda: make(generator, *args, **kwargs)
        original = method.hook.original
        copied = self.copy_of(method, owner)
        if copied is not None and self.copies is not None:
            try:
                called = call_on_copy(copied, method, self.copies.original_of(copied))
            except NoCopy as error:
                raise NoDelegate(str(error)) from error
            return lambda: called(*args, **kwargs)
        if not method.has_owner:
            return lambda: original(*args, **kwargs)
        known = self.owners.get(method.port) if owner is None else owner
        if known is None:
            raise NoDelegate("a port given as a class has no object that could answer; give the object")
        own = own_method(known, method.name)
        if own is not None:
            if method.call_class in _COPIED:
                raise NoDelegate(
                    f"{method.name!r} of that object is a function of its own, which has no copy"
                )
            return lambda: own(*args, **kwargs)
        target = self._for(method, known)
        return lambda: original(target, *args, **kwargs)

    def copy_of(self, method: PortMethod, owner: Any) -> Any | None:
        """The copy that answers, None where the port offers none; raises NoDelegate where it is not known."""
        try:
            return None if self.copies is None else self.copies.copy_for(method, owner)
        except NoCopy as error:
            raise NoDelegate(str(error)) from error

    def _for(self, method: PortMethod, owner: Any) -> Any:
        if method.call_class not in _COPIED or isinstance(owner, type):
            return owner
        if id(owner) not in self._locals:
            try:  # its counter, or its time, must not move for the answering path
                self._locals[id(owner)] = (owner, copy.deepcopy(owner))
            except Exception as error:
                hint = f"give local={{{method.name!r}: lambda random, ...: ...}}"
                hint = hint if method.call_class is CallClass.LOCAL else "let legacy ask it once"
                raise NoDelegate(
                    f"a {method.call_class} object cannot be copied ({error}); {hint}"
                ) from error
        return self._locals[id(owner)][1]
