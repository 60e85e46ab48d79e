"""What several screens and the page show alike: digests, short names, effects withheld, pairs of calls."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import TypeVar

from changeover.evidence.code_digest import DIGITS_SHOWN
from changeover.evidence.store.records import StoredComparison
from changeover.evidence.store.summary import OneSidedRead, Unvaried
from changeover.evidence.tallies import EffectCounts, total_effects, total_of
from changeover.settings import PRODUCTION
from changeover.values.observation import Side
from changeover.values.safe_text import visible
from changeover.views.layout import plural


def identity(migration: str, code: str | None, rules: str) -> str:
    """Which migration, on which code, by which rules."""
    return f"{migration:<29}   {digits(code, rules)}"


def digits(code: str | None, rules: str) -> str:
    """The digests, as far as anybody reads them."""
    return f"code {short_digest(code)}   rules {rules[:DIGITS_SHOWN]}"


def short_digest(digest: str | None) -> str:
    """As much of it as anybody reads, a dash where there is none."""
    return digest[:DIGITS_SHOWN] if digest else "-"


def short_names(seams: Sequence[str]) -> Mapping[str, str]:
    """Names without their first word, where they stay different."""
    short = {seam: seam.partition(".")[2] or seam for seam in seams}
    return short if len(set(short.values())) == len(seams) else {seam: seam for seam in seams}


GUARDS_SHOWN_MAX = 3


def lost_guards(reads: Sequence[OneSidedRead]) -> Iterator[str]:
    """A sentence each about the first reads that only one path asks for, and how many more there are.

    A read of an inner seam is one of those around it as well: each is named once, with all its seams.
    """
    seams: dict[tuple[str, Side], list[OneSidedRead]] = {}
    for read in reads:
        seams.setdefault((read.method, read.asked_by), []).append(read)
    for (method, side), found in list(seams.items())[:GUARDS_SHOWN_MAX]:
        runs = ", ".join(f"{one.runs:,} of {plural(one.of, 'alike run')} of {one.seam}" for one in found)
        yield f"{method} is read by {side} in {runs}, never by {side.other}: a lost guard?"
    if len(seams) > GUARDS_SHOWN_MAX:
        yield f"{plural(len(seams) - GUARDS_SHOWN_MAX, 'read')} more by one path alone."


UNVARIED_SHOWN_MAX = 3


def never_varied(found: Sequence[Unvaried], more: str) -> list[str]:
    """The sentence about values that were the same in all runs; empty where there is none."""
    named = [
        f"{one.place} ({visible(one.value)} in {one.runs:,} of {plural(one.of, 'run')} of {one.seam})"
        for one in found[:UNVARIED_SHOWN_MAX]
    ]
    left_out = len(found) - len(named)
    rest = f" and {left_out:,} more{more}" if left_out else ""
    hides = "what depends on their other values is not shown"
    return [f"Never varied, so that {hides}: {', '.join(named)}{rest}."] if named else []


def withheld_effects(effects: Iterable[EffectCounts]) -> list[str]:
    """How many effects would have been other, more or fewer; empty where both paths did the same."""
    total = total_effects(effects)
    counted = (
        (total.changed, "would have been other than performed"),
        (total.only_asked, "would have been added"),
        (total.only_performed, "would have been missing"),
    )
    return [f"{number:,} {words}" for number, words in counted if number]


def describe_finding(comparison: StoredComparison) -> str:
    """What differs in a comparison or in production: `UNSAFE in production, on this code: 2 of 20 runs`."""
    total = total_of(comparison.seams.values())
    word, runs = ("UNSAFE", total.unsafe) if total.unsafe else ("diverged", total.diverged)
    where = "production" if comparison.source == PRODUCTION else f"{comparison.source} {comparison.number}"
    worst = next((one for one in comparison.clusters if one.unsafe == bool(total.unsafe)), None)
    at = "" if worst is None else f", {worst.seam} {worst.place}"
    command = f"changeover explain {worst.id}" if worst is not None else "changeover explain"
    return f"{word} in {where}, on this code: {runs:,} of {plural(total.runs, 'run')}{at}: {command}"


Call = TypeVar("Call")


def pair_calls(
    legacy: Sequence[Call], candidate: Sequence[Call], identity: Callable[[Call], str]
) -> Iterator[tuple[Call | None, Call | None]]:
    """Pairs of calls of one identity; a call that only one side has stands alone."""
    ours, theirs = list(map(identity, legacy)), list(map(identity, candidate))
    for kind, start, end, other, until in SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes():
        if kind == "equal":
            yield from zip(legacy[start:end], candidate[other:until], strict=True)
        else:
            yield from ((call, None) for call in legacy[start:end])
            yield from ((None, call) for call in candidate[other:until])
