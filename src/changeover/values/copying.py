"""A value as it is now: deeply immutable parts are shared, everything else is copied once.

A copy is made from the parts that a reading gives, by the `__new__` of the base type and the attributes; what
a class says about copying itself (`__deepcopy__`, `__reduce__`, `__setstate__`) is not asked. Where something
else had a hand in it (a `make` that was registered, a type in C) the copy is read and has to be alike.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import thread_time
from typing import Any

from changeover.values.atom_types import ATOMS
from changeover.values.copy_operation import ByReference, CopyOperation
from changeover.values.copy_plan import EXACT, Plan, plan_of
from changeover.values.copy_time import CopyTime, TookTooLong
from changeover.values.equality import identical
from changeover.values.error_text import class_and_message
from changeover.values.limits import DEPTH_MAX
from changeover.values.object_copies import share
from changeover.values.snapshot_error import SnapshotError, place_of

__all__ = ["SnapshotError", "copied_error", "snapshot"]

_NAMED_DEPTH = 2
"""At which depth of what is copied the arguments of a call stand, which have names that people know."""


def snapshot(
    value: Any,
    *,
    by_reference: ByReference | None = None,
    time_left: CopyTime | None = None,
    known: Sequence[tuple[Any, Any]] = (),
    shared: list[Any] | None = None,
    refuses: Callable[[Any], bool] | None = None,
) -> Any:
    """The value itself where nothing in it can change, else a copy; raises SnapshotError.

    What is handed over as one tuple is copied as one value: what stands in it twice is one in the copy.

    Args:
        value: Anything.
        by_reference: Says of an object that it is to be passed on as it is: that of a declared port.
        time_left: How long it may take, which is less afterwards; None is no limit.
        known: Parts, and what stands in the copy for each of them.
        shared: Takes what stands in the copy as it is although attributes of it can change: a member of an
            enumeration, a path or a zone; functions that were made while the program ran; and the classes of
            what was copied, of which there is no copy. Of frozen objects it takes what `frozen_parts` looks
            at.
        refuses: Says of a function or method that it may not be passed on.
    """
    cls = type(value)
    if cls in ATOMS:
        return value
    if cls is tuple and ATOMS.issuperset(map(type, value)):  # arguments of most calls; saves the machinery
        return value
    copier = _Copier(by_reference, time_left)
    copier.refuses, copier.frozen = refuses, shared
    if known:
        copier.memo.update((copier.number_of(part), copy) for part, copy in known)
    try:
        copy = copier.copied(value, 0)
        while copier.later:
            first, *copier.later = copier.later
            first()
        if copier.functions:
            copier.look_at_functions()
        if shared is not None:
            shared += copier.shared
            shared += {*map(type, copier.memo.values())} - EXACT.keys()
        if copier.is_to_be_read and not known and copier.has_time(value) and not identical(copy, value):
            raise SnapshotError("has no copy that reads alike", copier.unlike(value))
        return copy
    except SnapshotError as error:
        error.place = place_of(value, error.part)
        error.part = None
        raise
    except RecursionError:
        raise SnapshotError("is nested too deeply", value) from None
    except Exception as error:  # what a program registered, and what C makes of parts, may raise anything
        part = value if copier.failed_at is None else copier.failed_at
        problem = SnapshotError(f"cannot be copied: {class_and_message(error)}", part)
        problem.place, problem.part = place_of(value, part), None
        raise problem from error
    finally:
        if copier.began and time_left is not None:
            time_left.left -= thread_time() - copier.began


def copied_error(error: BaseException, by_reference: ByReference | None = None) -> BaseException:
    """A new exception of the same class, arguments and attributes, without traceback and context.

    No method of its class is called: its `__init__` may take other arguments than it hands on.
    """
    copy: BaseException = snapshot(error, by_reference=by_reference)
    return copy


class _Copier(CopyOperation):
    """A copy that finds for each value the plan of its class."""

    def is_shared(self, value: Any, plan: Plan) -> bool:
        """Whether nothing in a record can change, whoever it belongs to; False says nothing."""
        try:
            record = plan.record(value)  # type: ignore[misc]
        except AttributeError:  # one was never set
            return False
        types = (*map(type, record),)
        if types not in plan.shared:
            plan.met(types)
            return False
        self.items += 1 + len(types)
        if self.items > self.next_look:
            self.count(value)
        if self.frozen is not None:
            self.frozen.append((value, plan.record, record))
        return True

    def copied(self, value: Any, depth: int) -> Any:
        cls = type(value)
        # A builtin container is no object of a port: no method of its class can be replaced.
        plan = EXACT.get(cls)
        if plan is None:
            if cls in ATOMS:
                return value
            plan = plan_of(cls)
            if plan.how is share:
                return value
            if plan.record is not None and depth <= DEPTH_MAX and self.is_shared(value, plan):
                return value
            number = self.number_of(value)
            known = self.memo.get(number, self)
            if known is not self:
                return known
            if self.by_reference is not None and self.by_reference(value):
                return value
            if plan.problem is not None:
                raise SnapshotError(plan.problem, value)
        else:
            number = self.number_of(value)
            known = self.memo.get(number, self)
            if known is not self:
                return known
        self.items += 1
        if depth > DEPTH_MAX:
            raise SnapshotError(f"goes beyond {DEPTH_MAX} levels", value)
        if self.items > self.next_look:
            self.count(value)
        try:
            made = self.memo[number] = plan.how(self, value, plan.reading, depth + 1)
        except TookTooLong as error:
            if depth >= _NAMED_DEPTH or (depth and cls not in (tuple, dict)):
                error.part, error.type_name = value, cls.__qualname__
            raise
        except SnapshotError:
            raise
        except Exception:
            if self.failed_at is None:
                self.failed_at = value
            raise
        return made
