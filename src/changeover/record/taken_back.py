"""A call that turns out later to have been another one: what was written was rolled back."""

from __future__ import annotations

from changeover.record.tape import Entry


def put_in_place(entries: list[Entry], entry: Entry, instead: Entry) -> None:
    """Put one entry in the place of another one, where that stands there."""
    for at in range(len(entries) - 1, -1, -1):
        if entries[at] is entry:
            entries[at] = instead
            return
