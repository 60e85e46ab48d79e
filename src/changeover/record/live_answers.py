"""What ports gave to a path, as the path has it: what it changes there is a part of what it left behind.

An entity of a repository or a session is changed where it is, and then kept by a call that names nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import partial
from itertools import count
from operator import is_
from time import thread_time
from typing import Any, NamedTuple

from changeover.record.answer_parts import Path, part_at
from changeover.record.call_inputs import NO_INPUTS, CallInputs
from changeover.record.context import Args, Kwargs
from changeover.record.held_copies import HeldCopies
from changeover.record.tape import Entry, Spot, Tape
from changeover.values.changed_since_copy import is_unchanged
from changeover.values.copy_time import CopyTime, TookTooLong
from changeover.values.copying import snapshot
from changeover.values.observation import Returned
from changeover.values.place import RowKey

ANSWERS = "answers"
"""The place of what a path leaves changed in the answers of its ports, by port, method and key."""
_LOOK_EVERY = 16


class _Given(NamedTuple):
    spot: Spot
    before: Any
    live: Any


class LiveAnswers:
    """The watched parts of answers, each with its copy as it was given; an object counts once."""

    def __init__(self, inputs: CallInputs = NO_INPUTS) -> None:
        self._given: dict[int, _Given] = {}
        self._at: dict[Spot, _Given] = {}
        self._handed: list[tuple[Any, Any]] = []
        self._functions: list[HeldCopies] = []
        self._is_over = False
        self.has_changed = False
        self.inputs = inputs

    def add(self, spot: Spot, before: Any, live: Any) -> Spot | None:
        """Keep a part; gives where this object was given before, None where it was not."""
        if self._is_over:
            return None
        made = _Given(spot, before, live)
        known = self._given.setdefault(id(live), made)
        self._at[spot] = made
        return None if known is made else known.spot

    def at(self, spot: Spot) -> tuple[Any, Any] | None:
        """What was given there, as it was then and as it is; None where nothing was."""
        found = self._at.get(spot)
        return None if found is None else (found.before, found.live)

    def watch(
        self, tape: Tape, entry: Entry, parts: Iterable[tuple[Path, Any, Any]], args: Args, kwargs: Kwargs
    ) -> None:
        """Keep the parts of an answer that are watched, and put on the tape which they are.

        What the path was called with is compared as that. `args` and `kwargs` are those of this call.
        """
        watched = tape.watch()
        paths = watched.paths.setdefault(entry, [])
        for path, before, live in parts:
            paths.append(path)
            spot = Spot(entry, path)
            place = self.inputs.place_of(live)
            if place is not None:
                watched.inputs[spot] = place
                continue
            known = self.add(spot, before, live)
            if any(live is one for one in (*args, *kwargs.values())):
                arguments = entry.method.arguments(args, kwargs)
                watched.arguments[spot] = next(name for name, value in arguments.items() if value is live)
            elif known is not None:
                watched.first[spot] = watched.first.get(known, known)

    def hand(self, before: Any, live: Any) -> None:
        """A port was handed what can change, which this is a copy of; it may change that in a later call."""
        if not self._is_over:
            self._handed.append((before, live))

    def hand_functions(self, held: HeldCopies) -> None:
        """A port was handed functions, which it may call back then or later."""
        if not self._is_over:
            self._functions.append(held)

    def changed(self, first: Mapping[Spot, Spot], time_left: CopyTime | None = None) -> dict[str, Any]:
        """What holds something else now, by port, method and key of the call that gave it first on the tape.

        Args:
            first: of parts of the tape that are an object which was given before, where that was.
            time_left: how long it may take, which is less afterwards; None is no limit.

        Raises:
            TookTooLong: It took longer.
        """
        if not self._given and not self._handed and not self._functions:
            return {}
        found: dict[str, Any] = {}
        began = thread_time()
        for number, (spot, before, live) in enumerate([*self._given.values()]):
            if time_left is not None and number % _LOOK_EVERY == 0 and thread_time() - began > time_left.left:
                raise TookTooLong("takes longer to be looked at than record_seconds_max allows", live)
            if not is_unchanged(before, live):
                self.has_changed = True
                _put(found, first.get(spot, spot), live)
        self.has_changed = self.has_changed or any(not is_unchanged(*handed) for handed in self._handed)
        self.has_changed = self.has_changed or any(held.has_changed() for held in self._functions)
        if time_left is not None:
            time_left.left -= thread_time() - began
        return found

    def forget(self) -> None:
        """Let go of all of them: the path has ended."""
        self._is_over = True
        for kept in (self._given, self._at, self._handed, self._functions):
            kept.clear()
        self.inputs = NO_INPUTS


def handed_by(entry: Entry, args: Args, kwargs: Kwargs, time_left: CopyTime | None) -> tuple[Any, Any] | None:
    """A copy of what a call was handed, as it left it, and this itself; None where nothing in it can change.

    The entry of the call keeps what it has changed there.
    """
    before: tuple[Any, Any] = entry.args, entry.kwargs
    if all(map(is_, entry.args, args)) and all(map(is_, entry.kwargs.values(), kwargs.values())):
        return None
    live = args, {**kwargs}
    if not is_unchanged(before, live):
        entry.left = before = snapshot(live, time_left=time_left)
    return before, live


def _put(found: dict[str, Any], spot: Spot, value: Any) -> None:
    method = spot.entry.method
    of_method = found.setdefault(method.port, {}).setdefault(method.name, {})
    names = map(partial(_numbered, name_of(spot)), count(1))
    of_method[next(name for name in names if name not in of_method)] = value


def _numbered(name: str, number: int) -> str:
    """The name of an answer that is one of several under one key."""
    return name if number == 1 else f"{name} ({number})"


def name_of(spot: Spot) -> str:
    """The key of a call, and where in its answer, as one name."""
    key = spot.entry.key
    parts = RowKey.of(tuple(key) if isinstance(key, tuple | list) else (key,)).parts
    return (",".join(parts) or "()") + "".join(f"[{number}]" for number in spot.path)


def is_of_call(entry: Entry, name: str) -> bool:
    """Whether the name is that of an answer to this call."""
    key = name_of(Spot(entry, ()))
    return name == key or (name.startswith((f"{key} (", f"{key}[")) and name[-1] in ")]")


def joined(sides: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """All that stands at any name of several; the last one's where it stands at the same."""
    found: dict[str, Any] = {}
    for side in sides:
        for port, methods in side.items():
            for method, answers in methods.items():
                found.setdefault(port, {}).setdefault(method, {}).update(answers)
    return found


def as_given(spots: Iterable[Spot], names: Mapping[str, Any]) -> dict[str, Any]:
    """What stood at these names when it was given, for the side that left it as it was."""
    found: dict[str, Any] = {}
    places: Counter[tuple[str, str, str]] = Counter()
    for spot in spots:
        method = spot.entry.method
        wanted = names.get(method.port, {}).get(method.name, {})
        if not wanted or not isinstance(spot.entry.outcome, Returned):
            continue
        place = method.port, method.name, name_of(spot)
        places[place] += 1
        name = _numbered(place[2], places[place])
        if name in wanted:
            value = part_at(spot.entry.outcome.value, spot.path)
            found.setdefault(method.port, {}).setdefault(method.name, {})[name] = value
    return found
