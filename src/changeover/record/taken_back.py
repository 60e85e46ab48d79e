"""A call that turns out later to have been another one: what was written was rolled back."""

from __future__ import annotations

from copy import copy

from changeover.record.port import PortMethod
from changeover.record.tape import _NOT_ASKED, Entry


def as_call_of(entry: Entry, method: PortMethod) -> Entry:
    """The same as a call of another method: what a call is may turn out later."""
    made = copy(entry)
    made.method, made._key, made._place = method, _NOT_ASKED, _NOT_ASKED
    return made


def put_in_place(entries: list[Entry], entry: Entry, instead: Entry) -> None:
    """Put one entry in the place of another one, where that stands there."""
    for at in range(len(entries) - 1, -1, -1):
        if entries[at] is entry:
            entries[at] = instead
            return
