"""What a call is given: the object of a method and the arguments, as they are before it and after it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from changeover.record.acting_functions import private_to
from changeover.record.context import Args, Kwargs
from changeover.values.changed_since_copy import is_unchanged
from changeover.values.copy_plan import are_atoms
from changeover.values.copy_time import CopyTime, TookTooLong
from changeover.values.copying import SnapshotError, snapshot
from changeover.values.place import Key, Place, Segment

OBJECT, ARGUMENTS = "self", "arguments"
"""The places of what a call may leave changed."""

ByReference = Callable[[Any], bool]
Named = Callable[[Args, Kwargs], dict[str, Any]]


InputPlace = tuple[str, int | str]
"""One of what a call is given: `owner`, `args` or `kwargs`, and its number or name there."""


def by_number(args: Args, kwargs: Kwargs) -> dict[str, Any]:
    """Arguments of a function whose parameters are not known."""
    return {**{str(number): value for number, value in enumerate(args)}, **kwargs}


class CallInputs(NamedTuple):
    """The object of a method, the positional arguments behind it, and those by name.

    `owner` is empty where the call has no object, or where that is not copied.
    """

    owner: Args
    args: Args
    kwargs: Kwargs

    def place_of(self, live: Any) -> InputPlace | None:
        """Which of them this object is, None where none."""
        parts: tuple[tuple[str, Iterable[tuple[int | str, Any]]], ...] = (
            ("owner", enumerate(self.owner)),
            ("args", enumerate(self.args)),
            ("kwargs", self.kwargs.items()),
        )
        return next(((part, name) for part, named in parts for name, value in named if value is live), None)

    def at(self, place: InputPlace) -> Any:
        """What stands at such a place, None where nothing does."""
        part, name = place
        given = getattr(self, part)
        known = name in given if part == "kwargs" else int(name) < len(given)
        return given[name] if known else None

    def copied(
        self,
        by_reference: ByReference | None,
        named: Named = by_number,
        time_left: CopyTime | None = None,
        shared: list[Any] | None = None,
    ) -> CallInputs:
        """A copy in which what object and arguments share is shared as well; raises SnapshotError.

        `shared` takes what is handed over as it is although it has attributes that can change.
        """
        if len(self.owner) == 1 and not self.kwargs and are_atoms(self.args):  # nothing in these can change
            copy = _object_copied(self.owner[0], by_reference, time_left, shared)
            return CallInputs((copy,), self.args, self.kwargs)
        try:
            given = (self.owner, self.args, self.kwargs) if self.kwargs else (self.owner, self.args)
            owner, args, *named_ones = snapshot(
                given,
                by_reference=by_reference,
                time_left=time_left,
                shared=shared,
                refuses=private_to(by_reference),
            )
            return CallInputs(owner, args, named_ones[0] if named_ones else self.kwargs)
        except SnapshotError as error:
            error.place = self._named_place(error.place, named)
            raise

    def _named_place(self, place: Place, named: Named) -> Place:
        """The place of a part as people write it: `self.db`, `arguments.order.rows`."""
        if len(place) < 2:  # the parts of what is copied, and what stands in them
            return place
        if place[0] == 0:
            return (Key(OBJECT), *place[2:])
        name: Segment = place[1]
        if place[0] == 1:
            numbers = named(tuple(range(len(self.args))), {})
            name = next((Key(one) for one, number in numbers.items() if number == name), name)
        return (Key(ARGUMENTS), name, *place[2:])

    def changes_to(self, after: CallInputs, named: Named) -> dict[str, Any]:
        """What holds something else after the call, of which this is the copy taken before it.

        By root: `self`, and under `arguments` by name. Empty where nothing was changed. Raises what reading
        a value raises.
        """
        changed: dict[str, Any] = {}
        if self.owner and not is_unchanged(self.owner[0], after.owner[0]):
            changed[OBJECT] = after.owner[0]
        same = self.args is after.args and self.kwargs is after.kwargs  # they were not copied
        if not same and not (is_unchanged(self.args, after.args) and is_unchanged(self.kwargs, after.kwargs)):
            before, values = named(self.args, self.kwargs), named(after.args, after.kwargs)
            arguments = {
                name: value for name, value in values.items() if not is_unchanged(before.get(name), value)
            }
            if arguments:
                changed[ARGUMENTS] = arguments
        return changed


def _object_copied(
    owner: Any, by_reference: ByReference | None, time_left: CopyTime | None, shared: list[Any] | None
) -> Any:
    try:
        return snapshot(
            owner,
            by_reference=by_reference,
            time_left=time_left,
            shared=shared,
            refuses=private_to(by_reference),
        )
    except SnapshotError as error:
        if isinstance(error, TookTooLong):  # which part took the time is chance
            error.place, error.type_name = (), type(owner).__qualname__
        error.place = (Key(OBJECT), *error.place)
        raise


NO_INPUTS = CallInputs((), (), {})
"""Of a call that is not known."""
