"""The objects that a replayed path is given: what the recorded path was given twice is one here as well."""

from __future__ import annotations

from typing import Any

from changeover.record.answer_parts import part_at
from changeover.record.call_inputs import NO_INPUTS, CallInputs
from changeover.record.context import Args, Kwargs
from changeover.record.live_answers import ANSWERS, LiveAnswers
from changeover.record.tape import Entry, Spot, Tape
from changeover.values.atom_types import ATOMS
from changeover.values.changed_since_copy import is_unchanged
from changeover.values.copy_operation import ByReference
from changeover.values.copying import snapshot


class GivenObjects:
    """Copies of answers for a replayed path; `inputs` has what it was called with, `before` it as it was."""

    def __init__(self, tape: Tape, by_reference: ByReference) -> None:
        self._by_reference = by_reference
        self.inputs: CallInputs = NO_INPUTS
        self.before: CallInputs = NO_INPUTS
        self._tape = tape
        self._live = LiveAnswers()

    def given(self, entry: Entry, value: Any, args: Args, kwargs: Kwargs) -> Any:
        """A copy of an answer in which an object that the path has already is that object."""
        paths = self._tape.watched_in(entry)
        if not paths:
            if type(value) in ATOMS:
                return value
            return snapshot(value, by_reference=self._by_reference)
        parts = [(Spot(entry, path), part_at(value, path)) for path in paths]
        known: list[tuple[Any, Any]] = []
        for spot, part in parts:
            found = self._known(spot, part, args, kwargs)
            if found is not None:
                known.append((part, found))
        copy = snapshot(value, by_reference=self._by_reference, known=known)
        for spot, part in parts:
            if spot not in self._tape.watched.inputs:
                live = part_at(copy, spot.path)
                self._live.add(spot, part if is_unchanged(part, live) else self._copied(live), live)
        return copy

    def _copied(self, value: Any) -> Any:
        return snapshot(value, by_reference=self._by_reference)

    def _known(self, spot: Spot, part: Any, args: Args, kwargs: Kwargs) -> Any:
        """The object that stands there, None where the path has none, or it is not known what became of it.

        The recorded path got it again, changed by itself or by a port. This one gets its own where that did
        not happen, or where it has changed it in the same way.
        """
        watched = self._tape.watched
        name = watched.arguments.get(spot)
        if name is not None:
            return spot.entry.method.arguments(args, kwargs).get(name)
        place = watched.inputs.get(spot)
        if place is not None:
            found: tuple[Any, Any] | None = self.before.at(place), self.inputs.at(place)
        else:
            first = watched.first.get(spot)
            found = None if first is None else self._live.at(first)
        if found is None or found[1] is None:
            return None
        before, live = found
        return live if is_unchanged(before, part) or is_unchanged(part, live) else None

    def changed(self) -> dict[str, Any]:
        """What the path has changed in them, at its place; raises what reading it raises."""
        changed = self._live.changed(self._tape.watched.first)
        self._live.forget()
        return {ANSWERS: changed} if changed else {}
