"""How far a search for blind spots is, said every some seconds."""

from __future__ import annotations

from collections.abc import Iterable
from time import monotonic

from changeover.api.arguments import Told
from changeover.evidence.blind_spot_search import BlindSpotSearch
from changeover.evidence.sources import Source, SourceOptions

LINE_S = 10.0


def look_at_all(
    search: BlindSpotSearch, source: Source, options: SourceOptions, cases: Iterable[object], progress: Told
) -> None:
    """Look at these cases, and say every some seconds how far it is."""
    total, last = source.total(options), monotonic()
    for number, _ in enumerate(cases, start=1):
        if monotonic() - last >= LINE_S:
            last = monotonic()
            of = "" if total is None else f" of {total:,}"
            progress(f"{source.name}   {number:,}{of}   {search.tried.total():,} alterations")
