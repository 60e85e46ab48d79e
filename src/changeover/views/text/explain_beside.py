"""What `explain` of a cluster shows beside its smallest run: other runs, other sources, how to accept it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Protocol

from changeover.evidence.cluster_examples import ClusterExamples, Why
from changeover.evidence.store.records import StoredCluster
from changeover.evidence.suggested_rule import NoRule, SuggestedRule
from changeover.values.safe_text import visible
from changeover.values.value_text import change_text
from changeover.views.layout import INDENT, MARGIN, Screen, cut, labelled, padded, plural
from changeover.views.text.explain import accept_by_waiver

_WHY, _RUN = 17, 36


class Standing(Protocol):
    """One source on today's code, as `changeover.api.evidence` finds it."""

    @property
    def source(self) -> str:
        """Its name."""

    @property
    def at(self) -> datetime:
        """When its latest run, or its comparison, was."""

    @property
    def runs(self) -> int:
        """Of the cluster's seam."""

    @property
    def found_in(self) -> int:
        """Those that have the cluster."""

    @property
    def word(self) -> str:
        """What it shows in all."""


def beside_lines(examples: ClusterExamples, sources: Sequence[Standing], screen: Screen) -> list[str]:
    """Other examples than the smallest, and every source; nothing where there are none."""
    parts = [[*_examples(examples, screen)], [*_sources(sources, screen)]]
    lines: list[str] = []
    for part in filter(None, parts):
        lines += ["", *part] if lines else part
    return lines


def _examples(examples: ClusterExamples, screen: Screen) -> Iterator[str]:
    others = [one for one in examples.examples if Why.SMALLEST not in one.why]
    if not others:
        return
    yield (
        f"other examples, of {plural(examples.runs_read, 'run')} that were read"
        if examples.runs_read
        else ("other examples")
    )
    for one in others:
        found = one.divergence
        run = padded(one.run, _RUN) if not screen.is_narrow else cut(one.run, screen.width - _WHY - 5)
        head = f"{INDENT}{padded(one.why[0], _WHY)} {run}"
        room = screen.width - _WHY - _RUN - 6
        if screen.is_narrow:
            yield head.rstrip()
            yield INDENT + "  " + change_text(found.legacy, found.candidate, screen.width - 8)
        else:
            yield f"{head} {change_text(found.legacy, found.candidate, room)}"


def _sources(sources: Sequence[Standing], screen: Screen) -> Iterator[str]:
    for number, one in enumerate(sources):
        found = f"{one.found_in:,} of {plural(one.runs, 'run')}"
        text = f"{visible(one.source)}: {found}, until {one.at:%Y-%m-%d %H:%M}Z; in all {one.word}"
        yield from labelled("on this code" if not number else "", text, screen.width, MARGIN + 3)


_WHOLE_NUMBERS = re.compile(r'^abs = "[0-9]+"$', re.MULTILINE)
_NUMBERED = 'where each path numbers it by itself, as a database does: same_as = "bijection" in place of abs'


def accept_lines(cluster: StoredCluster, offer: SuggestedRule | NoRule, screen: Screen) -> list[str]:
    """The waiver, and the rule to be pasted; or why there is none."""
    if isinstance(offer, NoRule):
        if cluster.unsafe:
            return labelled("accept", f"not offered: {offer.why}", screen.width)
        return [
            *accept_by_waiver(cluster, screen),
            *labelled("", f"no rule is offered: {offer.why}", screen.prose),
        ]
    note = "; its tolerance is that of the runs that were read" if offer.is_from_some else ""
    text = f"in rules.toml, if both mean the same{note}:"
    lines = labelled("accept", text, screen.prose) if cluster.unsafe else accept_by_waiver(cluster, screen)
    lines += [] if cluster.unsafe else labelled("", f"or {text}", screen.prose)
    if _WHOLE_NUMBERS.search(offer.text):  # of an identifier a tolerance would be the wrong thing to say
        lines += labelled("", _NUMBERED, screen.prose)
    return [*lines, "", *(f"{INDENT}{line}" for line in offer.text.splitlines())]
