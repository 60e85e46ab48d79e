"""What real objects meet while they answer inside a replay: they may look, and time is the replay's."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from changeover.errors import EffectWithheld
from changeover.recording.hook import Hook
from changeover.recording.method import CallClass
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
