"""What real objects meet while they answer inside a replay: they may look, and time is the replay's."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from random import Random
from typing import TYPE_CHECKING, Any

from changeover.errors import EffectWithheld
from changeover.record.context import SESSION
from changeover.record.instrument import Hook
from changeover.record.port import CallClass, PortBook, PortMethod
from changeover.replay.clock import seconds_of
from changeover.replay.problems import Trouble

if TYPE_CHECKING:
    from changeover.replay.replayer import Replay


class Guard:
    """The session of a `fixed` or `local` object, or of a world's copy, that a replay called.

    What such an object asks of other ports is not on the tape, because a recording does not look inside a
    port. So reads go to the real ports, or to their copies; effects go to copies or nowhere.
    """

    replaying = True

    def __init__(self, replay: Replay) -> None:
        self.replay = replay

    def hindered(self, why: str) -> None:
        """The same as for the path itself."""
        self.replay.hindered(why)

    def call(
        self, hook: Hook, original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """Answer a call that the real object or copy makes."""
        replay = self.replay
        method = replay.book.find(hook, args)
        owner = args[0] if hook.has_owner else None
        if method is None or (replay.worlds is not None and replay.worlds.is_copy(owner)):
            return original(*args, **kwargs)
        if method.call_class is CallClass.CLOCK and not hook.is_async:
            clock = replay.clock(method.port)
            if method.sleeps:
                return clock.sleep(seconds_of(args[1:] if hook.has_owner else args, kwargs))
            moment = clock.peek(method.name)
            return original(*args, **kwargs) if moment is None else moment.give()
        copy = None if replay.worlds is None else replay.worlds.copy_for(method, owner)
        if copy is not None:
            return original(copy, *args[1:], **kwargs)
        if method.call_class in (CallClass.EFFECT, CallClass.UNDECLARED):
            what = "called by a port's own object inside the replay"
            replay.troubles.note(Trouble.UNDECLARED_EFFECT, method.full_name, what, len(replay.calls))
            raise EffectWithheld(f"{method.full_name}: {what}")
        return original(*args, **kwargs)


class Worlds:
    """The copies of one run; an object that nobody called before is as it was when the run began."""

    def __init__(self, book: PortBook) -> None:
        self._book = book
        self._copies: dict[tuple[str, int], Any] = {}
        self._kept: list[Any] = []
        for port in book.ports.values():
            if port.world is not None and port.is_object:
                self._copy(port.name, port.target)

    def before_call(self, method: PortMethod, args: tuple[Any, ...]) -> None:
        """Take the copy of an object before the first call on it changes it."""
        if method.has_owner and args:
            self.copy_for(method, args[0])

    def copy_for(self, method: PortMethod, owner: Any) -> Any | None:
        """The copy that stands for this object, None where the port offers none."""
        port = self._book.ports[method.port]
        target = owner if owner is not None else port.target
        if port.world is None or isinstance(target, type) or self.is_copy(target):
            return None
        found = self._copies.get((port.name, id(target)))
        return self._copy(port.name, target) if found is None else found

    def is_copy(self, owner: Any) -> bool:
        """Whether the object is one of the copies."""
        return any(owner is copy for copy in self._copies.values())

    def _copy(self, name: str, target: Any) -> Any:
        world = self._book.ports[name].world
        token = SESSION.set(None)
        try:
            copy = None if world is None else world(target)
        finally:
            SESSION.reset(token)
        self._copies[name, id(target)] = copy
        self._kept.append(target)  # keeps the id valid
        return copy


class NobodyAnswers(Exception):
    """There is no object that could answer without touching the world; says what to give."""


class StandIns:
    """The objects of one replay; `owners` answered for real, for ports that were given as a class."""

    def __init__(self, worlds: Worlds | None, seed: str) -> None:
        self.owners: Mapping[str, Any] = {}
        self._worlds = worlds
        self._seed = seed
        self._random: Random | None = None
        self._locals: dict[int, tuple[Any, Any]] = {}

    def call(
        self, method: PortMethod, owner: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Callable[[], Any]:
        """The call on whoever answers it; raises NobodyAnswers."""
        if method.make is not None:
            make = method.make
            if self._random is None:
                self._random = Random(self._seed)  # noqa: S311  repeatable, not secret
            generator = self._random
            return lambda: make(generator, *args, **kwargs)
        original = method.hook.original
        if not method.has_owner:
            return lambda: original(*args, **kwargs)
        known = self.owners.get(method.port) if owner is None else owner
        if known is None:
            raise NobodyAnswers("a port given as a class has no object that could answer; give the object")
        target = self._for(method, known)
        return lambda: original(target, *args, **kwargs)

    def _for(self, method: PortMethod, owner: Any) -> Any:
        copied = None if self._worlds is None else self._worlds.copy_for(method, owner)
        if copied is not None:
            return copied
        if method.call_class is not CallClass.LOCAL or isinstance(owner, type):
            return owner
        if id(owner) not in self._locals:
            try:  # its counter must not move for the answering path
                self._locals[id(owner)] = (owner, copy.deepcopy(owner))
            except Exception as error:
                hint = f"give local={{{method.name!r}: lambda random, ...: ...}}"
                raise NobodyAnswers(f"a local object cannot be copied ({error}); {hint}") from error
        return self._locals[id(owner)][1]
