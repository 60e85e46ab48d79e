"""Frozen objects that a copy shares with its original: that they stay what they are is looked at afterwards.

To copy each of them would take several times as long, and would be another object where a program asks by
`is`. So they are shared, and what was met is kept. A part that has been set all the same is told, what a
replay has set is put back, and objects of that class are copied from then on, in this process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from operator import is_
from typing import Any

from changeover.values.changed_since_copy import is_unchanged
from changeover.values.copy_plan import plan_of
from changeover.values.object_copies import copy_frozen, copy_object
from changeover.values.own_state import class_name

Parts = tuple[Any, ...] | dict[Any, Any]
Met = tuple[Any, Callable[[Any], Parts], Parts]
"""A frozen object, what reads its parts, and the parts that it had."""


def changed_parts(met: Iterable[Met]) -> Iterator[Met]:
    """Those of which a part is another one by now."""
    for one in met:
        value, read, before = one
        try:
            after = read(value)
        except AttributeError:  # one is set no more
            yield one
            continue
        if type(before) is tuple and len(after) == len(before) and all(map(is_, after, before)):
            continue  # as almost always
        if not _same(before, after):
            yield one


def put_back(met: Met) -> None:
    """Give a frozen object the parts that it had, as far as it can be set at all."""
    value, _, before = met
    names = plan_of(type(value)).reading.fields or ()
    parts = before if isinstance(before, dict) else dict(zip(names, before, strict=False))
    for name, part in parts.items():
        with suppress(Exception):  # of a type in C
            object.__setattr__(value, name, part)


def copy_from_now_on(cls: type) -> None:
    """Objects of the class are set although they are frozen: they are shared no longer."""
    plan = plan_of(cls)
    if plan.how is copy_frozen:
        plan.how, plan.record = copy_object, None
    else:
        plan.reading = replace(plan.reading, is_frozen=False)


def told_of(met: Met) -> str:
    """What is said of one that has been set."""
    name = class_name(type(met[0])).rpartition(".")[2]
    return (
        f"{name} is frozen and handed over as it is, and was set: it is copied from the next run on,"
        " which can be compared"
    )


def _same(before: Parts, after: Parts) -> bool:
    if isinstance(before, dict) and isinstance(after, dict):
        if before.keys() != after.keys():
            return False
        before, after = (*before.values(),), (*after.values(),)
    return len(before) == len(after) and all(
        ours is theirs or is_unchanged(ours, theirs) for ours, theirs in zip(before, after, strict=True)
    )
