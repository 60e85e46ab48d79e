"""Frozen objects that a path is handed as they are, looked at again when it has ended."""

from __future__ import annotations

from collections.abc import Sequence

from changeover.values.frozen_parts import Met, changed_parts, copy_from_now_on, put_back, told_of


class FrozenReading:
    """Frozen objects that are handed over as they are; `put_back` undoes what `changed` has found."""

    def __init__(self, met: Sequence[Met]) -> None:
        self._met = met
        self._set: list[Met] = []

    def changed(self) -> str | None:
        """What has changed, in words; None where nothing has."""
        self._set = [*changed_parts(self._met)]
        for cls in {type(one[0]) for one in self._set}:
            copy_from_now_on(cls)
        return told_of(self._set[0]) if self._set else None

    def put_back(self) -> None:
        """Give those that have changed what they had."""
        for one in self._set:
            put_back(one)
