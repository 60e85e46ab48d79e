"""Answers on a tape with the identifiers of the paths that are given them, for many replays of one run.

Most replays mint the same identifiers, and most answers hold none. So an answer is looked through once for
what may be an identifier or hold one, and made again only where one of those has another name than before.
"""

from __future__ import annotations

from typing import Any

from changeover.record.tape import Entry
from changeover.values.identifiers import Names, Renamed


class RenamedAnswers:
    """Those of one tape; an answer on a tape is never changed, and neither is what is made of it here."""

    def __init__(self) -> None:
        self._known: dict[Entry, tuple[Any, Renamed]] = {}

    def of(self, entry: Entry, answer: Any, names: Names) -> Any:
        """What `names.applied` gives for the answer of this call."""
        known = self._known.get(entry)
        if known is not None and known[0] is answer and names.are_those_of(known[1]):
            return known[1].made
        found = names.renamed(answer)
        self._known[entry] = answer, found
        return found.made
