"""What one call was given, as it was before it, and what the call left changed in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from changeover.record.call_inputs import NO_INPUTS, CallInputs
from changeover.record.class_state import class_states
from changeover.record.context import Args, Kwargs
from changeover.record.object_reading import ObjectReading
from changeover.record.port import PortBook
from changeover.record.shared_readings import Read, shared_readings
from changeover.replay.fresh_path import Fresh
from changeover.replay.runner import OwnerIs
from changeover.replay.sealed_hooks import copied
from changeover.seam.bound_objects import InCommon
from changeover.seam.objects_in_use import IN_USE, Use
from changeover.seam.seam import PathFunction, Seam
from changeover.values.atom_types import ATOMS
from changeover.values.copy_plan import are_atoms
from changeover.values.copy_time import CopyTime
from changeover.values.copying import SnapshotError
from changeover.values.interruption import stop_if_interrupted
from changeover.values.reading import READ_BY_THE_PROGRAM


class Given:
    """The object and the arguments of a call: the caller's own, until they are forgotten, and copies of them.

    `now` has the caller's own, `before` the copies as they were before the call, None where they cannot be
    made. `in_common` is the object that comes with the paths rather than with the call, before all that the
    one to be replayed needs.
    """

    # The class has what is so at first.
    before: CallInputs | None = None
    _object_before: ObjectReading | None = None
    _shared: Sequence[Read] = ()
    _is_in_use = False

    def __init__(
        self,
        seam: Seam,
        args: Args,
        kwargs: Kwargs,
        book: PortBook,
        time_left: CopyTime | None = None,
        in_common: InCommon | None = None,
    ) -> None:
        known = seam.method_object.by_class.get(type(args[0])) if args else 0
        count = seam.method_object.count(args) if known is None else known
        self.is_bound = in_common is not None and not count
        self.owner, self._args, self._kwargs = args[:count], args[count:], kwargs
        if in_common is not None and not count:
            self.owner = (in_common.compared, *in_common.objects)
        self.owner_is = OwnerIs.SHARED if seam.shared_self else OwnerIs.COPIED
        self.named = seam.named[count]
        self._seam = seam
        self._book = book
        self._time_left = time_left
        self.now = self._inputs()

    def copy(self, replayed_path: Callable[[], PathFunction | None]) -> None:
        """Take the copies; raises SnapshotError, LookingActed, and what a value raises that is copied."""
        if self.owner_is is OwnerIs.SHARED and self._seam.fallback and self.owner:
            self._object_before = ObjectReading(self.owner[0], self._book.holds)
        try:
            self.before = self._copied()
        except SnapshotError as error:
            stop_if_interrupted(error)
            if not self.owner or not (self.is_bound or isinstance(replayed_path(), Fresh)):
                raise
            # A path built for its replay may do without a copy of the object, which is read before and after;
            # one that comes with an object may come with a whole app.
            self.owner_is = OwnerIs.SHARED
            self.now = self._inputs()
            self.before = self._copied()
        given = (*self.owner, *self._args, *self._kwargs.values())
        if self.owner or self.before is not self.now or _has_class(given):  # else nothing can change
            self._shared = [*self._shared, *class_states(given, self._book.holds, self._shared)]

    def _copied(self) -> CallInputs:
        now = self.now
        if not now.owner and are_atoms(now.args) and (not now.kwargs or are_atoms(now.kwargs.values())):
            return now
        shared: list[Any] = []
        given = self._taken(now, shared)
        self._shared = shared_readings(shared, self._book)
        return given

    def _taken(self, now: CallInputs, shared: list[Any]) -> CallInputs:
        if not READ_BY_THE_PROGRAM:
            return now.copied(self._book.holds, self.named, self._time_left, shared)
        what = f"the copying of what `{self._seam.name}` was given"
        return copied(
            what, self._book, lambda: now.copied(self._book.holds, self.named, self._time_left, shared)
        )

    def _inputs(self) -> CallInputs:
        """What the caller gave; an object that is not copied is none of it."""
        owner = self.owner if self.owner_is is OwnerIs.COPIED else ()
        return CallInputs(owner, self._args, self._kwargs)

    def begin_use(self, use: Use) -> None:
        """The run on the object begins, where its state is compared."""
        before = self.before
        if before is not None and before.owner and before.owner[0] is not self.owner[0]:
            self._is_in_use = True
            IN_USE.begin(self.owner[0], use)

    def end_use(self, use: Use) -> None:
        """The run on the object has answered."""
        if self._is_in_use:
            IN_USE.end(self.owner[0], use)

    def changes(self) -> dict[str, Any] | None:
        """What the call left changed, by root, None where no copy tells; raises what reading it raises."""
        before = self.before
        if before is None:
            return None
        has_owner = self.owner_is is OwnerIs.COPIED and bool(self.owner)
        if not has_owner and before.args is self._args and before.kwargs is self._kwargs:
            return {}
        return before.changes_to(self.now, self.named)

    @property
    def shared_object_changed(self) -> bool:
        """Whether an object that is not copied has changed meanwhile, where somebody has to know."""
        return self._object_before is not None and self._object_before.changed() is not None

    @property
    def shared_part_changed(self) -> str | None:
        """What has changed in a part that is handed over as it is, None where nothing has."""
        return next(filter(None, (one.changed() for one in self._shared)), None) if self._shared else None

    @property
    def class_name(self) -> str:
        """Of the object."""
        return type(self.owner[0]).__name__ if self.owner else ""

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments as they were, by name."""
        return {} if self.before is None else self.named(self.before.args, self.before.kwargs)

    @property
    def left_out(self) -> tuple[str, ...]:
        """The arguments that the caller did not give."""
        return () if self.before is None else self.named.left_out(self.before.args, self.before.kwargs)

    def forget(self) -> None:
        """Forget the caller's own; the copies are enough from now on."""
        self._args, self._kwargs, self.now = (), {}, NO_INPUTS
        if self.owner_is is OwnerIs.COPIED and self.before is not None:
            self.owner = self.before.owner


def _has_class(given: Iterable[Any]) -> bool:
    """Whether a class is among these, whatever its metaclass; nothing else is asked."""
    classes = {*map(type, given)}
    return type in classes or any(issubclass(cls, type) for cls in classes - ATOMS)
