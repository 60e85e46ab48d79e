"""A tape without its secrets, which still counts as the world that it was."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from changeover.record.port_object import PortObject
from changeover.record.run import Run
from changeover.record.tape import Entry, Tape
from changeover.values.observation import Outcome

Given = tuple[tuple[Any, ...], dict[str, Any]]
"""What a call is given, in order and by name."""


class RedactedEntry(Entry):
    """One call without its secrets; its key was worked out before they were taken out."""

    __slots__ = ()

    def __init__(
        self,
        entry: Entry,
        given: Given,
        outcome: Outcome | None,
        key: Any,
        left: Given | None = None,
        owner: PortObject | None = None,
    ) -> None:
        super().__init__(entry.method, *given, outcome, entry.site, entry.answer_digest)
        self._key = key
        self.left, self.owner = left, owner
        self.began, self.ended, self.branch, self.during = (
            entry.began,
            entry.ended,
            entry.branch,
            entry.during,
        )


class RedactedTape(Tape):
    """Its digest is that of the original: runs that saw the same count as one, redacted or not."""

    __slots__ = ("_arguments", "_original")

    def __init__(self, original: Tape, arguments: dict[str, Any], entries: list[Entry]) -> None:
        super().__init__(entries, is_stored=original.is_stored)
        self.root, self.problem, self.before = original.root, original.problem, original.before
        self.supplements, self.late_from = original.supplements, original.late_from
        self.random_states, self.decimals = original.random_states, original.decimals
        self.left_out = original.left_out
        self._original = original
        self._arguments = arguments

    def world_digest(self, seam: str, arguments: dict[str, Any]) -> str:
        """Of what was seen, whatever is kept of it."""
        return self._original.world_digest(seam, self._arguments)


class FitRuns:
    """Call it with a run; `forget` when the next case begins, as runs are large."""

    def __init__(self, redact: Callable[[Run], Run]) -> None:
        self._redact = redact
        self._made: dict[int, tuple[Run, Run]] = {}

    def __call__(self, run: Run) -> Run:
        """The copy, or the run itself where there is nothing to hide."""
        found = self._made.get(id(run))
        if found is None:
            found = self._made[id(run)] = (run, self._redact(run))
        return found[1]

    def forget(self) -> None:
        """The case is over."""
        self._made.clear()
