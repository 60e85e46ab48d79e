"""An observation for code of the program that looks at it: what it changes there changes nothing else."""

from __future__ import annotations

import threading
from dataclasses import fields, replace
from typing import Any
from weakref import ref

from changeover.record.port import PortBook
from changeover.replay.kept_outcome import kept
from changeover.values.changed_since_copy import is_unchanged
from changeover.values.copying import snapshot
from changeover.values.interruption import stop_if_interrupted
from changeover.values.observation import Observation, Outcome, Returned

_COPIED = frozenset({"outcome", "effects", "reads", "changed", "events"})


class ObservationCopy(Observation):
    """Copies each part when it is asked for: the reads of a run may be many, and few look at them."""

    def __init__(self, original: Observation, book: PortBook) -> None:
        for one in fields(original):
            object.__setattr__(self, one.name, getattr(original, one.name))
        object.__setattr__(self, "_book", book)
        object.__setattr__(self, "_asked", set())

    def __getattribute__(self, name: str) -> Any:
        found = object.__getattribute__(self, name)
        mine = object.__getattribute__(self, "__dict__")
        mine["_asked"].add(name)
        if name not in _COPIED:
            return found
        if name not in mine:
            mine[name] = _copied(name, found, mine["_book"])
        return mine[name]

    def is_still(self, original: Observation) -> bool:
        """Whether it is a copy of this observation as it is, so that somebody else may look at it as well."""
        mine = object.__getattribute__(self, "__dict__")
        return all(
            object.__getattribute__(self, one.name) is getattr(original, one.name)
            if one.name not in _COPIED
            else one.name not in mine or is_unchanged(getattr(original, one.name), mine[one.name])
            for one in fields(original)
        )

    def __reduce__(self) -> Any:
        return Observation, tuple(getattr(self, one.name) for one in fields(self))


class SharedCopies(threading.local):
    """The copies of the two observations of a run, which several invariants look at one after the other.

    A copy that one of them has changed is not shown to the next.
    """

    def __init__(self) -> None:
        self._known: list[tuple[ref[Observation], ObservationCopy]] = []

    def of(self, original: Observation, book: PortBook) -> ObservationCopy:
        """A copy that is as the observation is."""
        for known, copy in self._known:
            if known() is original and _is_still(copy, original):
                object.__setattr__(copy, "_asked", set())
                return copy
        made = ObservationCopy(original, book)
        others = [one for one in self._known if one[0]() is not original]
        self._known = [*others[-1:], (ref(original, self._forget), made)]
        return made

    def asked_of(self, original: Observation) -> frozenset[str]:
        """The names that were asked of its copy since that was given last; none where there is none."""
        asked = (
            object.__getattribute__(copy, "_asked") for known, copy in self._known if known() is original
        )
        return frozenset(next(asked, ()))

    def _forget(self, gone: ref[Observation]) -> None:
        self._known = [one for one in self._known if one[0] is not gone]


SHOWN = SharedCopies()
"""Those of the runs that this thread judges."""


def _is_still(copy: ObservationCopy, original: Observation) -> bool:
    try:
        return copy.is_still(original)
    except Exception as error:  # noqa: BLE001  what an invariant put there is read
        stop_if_interrupted(error)
        return False


def _copied(name: str, part: Any, book: PortBook) -> Any:
    if name == "outcome":
        return kept(part, {}, None, "", book)[0]
    if name == "changed":
        return snapshot(part, by_reference=book.holds)
    if name == "events":
        contents = snapshot([step.content for step in part], by_reference=book.holds)
        return tuple(step._replace(content=content) for step, content in zip(part, contents, strict=True))
    given = [(call.key, call.arguments, _value_of(call.outcome)) for call in part]
    copies = snapshot(given, by_reference=book.holds)  # at once: most calls are small
    return tuple(
        replace(call, key=key, arguments=arguments, outcome=_with_value(call.outcome, value, book))
        for call, (key, arguments, value) in zip(part, copies, strict=True)
    )


def _value_of(outcome: Outcome) -> Any:
    return outcome.value if isinstance(outcome, Returned) else None


def _with_value(outcome: Outcome, value: Any, book: PortBook) -> Outcome:
    return Returned(value) if isinstance(outcome, Returned) else kept(outcome, {}, None, "", book)[0]
