"""What must hold of the events of one run, as the program declares it with its bus."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import field

from changeover.quick_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Carries:
    """A later event has to carry on what an earlier one said.

    Args:
        source: the type of the earlier event.
        follower: that of the later one. It is held against the nearest event of the source's type among its
            causes; where none of them has that type, against the latest one that was published before.
        fields: by names of the source's content those of the follower's; dots lead into parts. A collection
            of names where both have the same ones.
    """

    source: str
    follower: str
    fields: Mapping[str, str] | Collection[str]

    @property
    def pairs(self) -> Sequence[tuple[str, str]]:
        """Field of the source, field of the follower."""
        if isinstance(self.fields, Mapping):
            return tuple(self.fields.items())
        return tuple((name, name) for name in self.fields)


@dataclass(frozen=True, slots=True)
class EventContract:
    """What the events of one run have to be; nothing of it is asked of a path that publishes none.

    A run is one tree of causes under one correlation id; a path may make several. In each of them every
    event but the first has a cause in the same run, and no handler is given an event again that it has
    handled, unless the bus says that it does so on purpose. That always holds; the rest is said here.

    Args:
        start: the only type that begins a run; None: any may.
        end: types that end one. A path that has returned has published one of them, once, in each run that
            it began; no other event comes after it.
        once: further types that a run has once at most; `start` and `end` are.
        before: pairs of types: the second is never published unless the first was.
        answers: by type of a request that of its answer, which is there before the run ends, unless one of
            `excuses` is.
        excuses: types of events that end a run early once a handler was given them: a step that failed, say.
        after_end: types that may be published when the run has ended.
        carries: what later events must carry on of earlier ones.
        types: all types that there are; None: any may be published.

    Example:
        EventContract(
            start="OrderPlaced",
            end=["OrderShipped", "OrderFailed"],
            answers={"PaymentRequested": "PaymentReceived"},
            excuses=["OrderFailed"],
        )
    """

    start: str | None = None
    end: Collection[str] = ()
    once: Collection[str] = ()
    before: Collection[tuple[str, str]] = ()
    answers: Mapping[str, str] = field(default_factory=dict)
    excuses: Collection[str] = ()
    after_end: Collection[str] = ()
    carries: Sequence[Carries] = ()
    types: Collection[str] | None = None
