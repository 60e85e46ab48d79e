"""What follows what in one replay, decided on the calls that the replayed path itself made.

Two paths have two sequences of calls, and a position in one says nothing about the other. An example, of a
candidate that is replayed:

    legacy      1 account()   2 submit(SPY)   3 positions()   4 submit(TLT)
    candidate   1 account()   2 submit(XOM)   3 submit(SPY, other quantity)   4 price(SPY), not recorded

`submit(XOM)` is withheld at the candidate's second call: the changed quantity, which comes after it, is a
consequence, and so is whatever is missing at the end. Were the second call not there, the changed quantity
would be evidence, as it came before the read without an answer; the missing `submit(TLT)` would be none, as
the path ended before it could come to it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace

from changeover.values.divergence import AFTER_ALL, Divergence, Kind
from changeover.values.equality import strictly_same
from changeover.values.observation import Observation, PortCall, Side

UNANSWERED = frozenset({Kind.READ_MISSING, Kind.TIMEOUT})
"""After these the replayed path no longer saw what the answering one had seen."""

Step = tuple[int, int]
"""An effect that both paths made: its position on the tape, and among the calls of the replayed path."""


def own_position(found: Divergence) -> int:
    """Where it shows among the calls of the replayed path; results come after all of them."""
    at = found.position if found.replayed_at is None else found.replayed_at
    return AFTER_ALL if at is None else at


def performed_before_the_question(
    divergences: Sequence[Divergence], legacy: Observation, candidate: Observation
) -> list[Divergence]:
    """Place the effects that the candidate performed, and a replayed legacy had not when it asked for more.

    Legacy was refused a question that the tape answers only after such an effect: it asked without it. The
    other way round nothing is said: a replayed candidate may look once more before it does the same.
    """
    refused = {found.position for found in divergences if found.kind is Kind.READ_MISSING}
    asked = [call for call in legacy.reads if call.position in refused]
    if not asked:
        return list(divergences)
    question = asked[0]
    later = [call.position for call in candidate.reads if _is_same_question(call, question)]
    return [
        replace(found, replayed_at=question.position)
        if found.kind is Kind.EFFECT_EXTRA
        and found.replayed_at == AFTER_ALL
        and found.position is not None
        and found.position < min(later, default=0)
        else found
        for found in divergences
    ]


def on_the_tape(
    divergences: Sequence[Divergence], answered: Observation, replayed: Observation
) -> list[Divergence]:
    """Give what differs in the replayed path's events its place among the calls of the tape.

    That is behind as many effects as the path had made by then: what it led to comes after it, and whatever
    a run shows at its end comes last.
    """
    made, recorded = ([call.position for call in side.effects] for side in (replayed, answered))

    def placed(found: Divergence) -> Divergence:
        own = found.replayed_at
        if found.position is not None or own is None or own == AFTER_ALL:
            return found
        behind = bisect_left(made, own)
        return replace(found, position=([0, *recorded])[min(behind, len(recorded))])

    return list(map(placed, divergences))


def _is_same_question(one: PortCall, other: PortCall) -> bool:
    return one.name == other.name and strictly_same(one.key, other.key)


def with_consequences(divergences: Sequence[Divergence], shadowed: Side) -> list[Divergence]:
    """Name the first withheld effect or unanswered read as the cause of whatever comes after it."""
    withheld = Kind.EFFECT_EXTRA if shadowed is Side.CANDIDATE else Kind.EFFECT_MISSING
    kinds = {withheld, Kind.UNDECLARED_EFFECT, *UNANSWERED}
    causes = [found for found in divergences if found.kind in kinds and found.position is not None]
    if not causes:
        return list(divergences)
    first = min(causes, key=own_position)
    start = own_position(first)
    return [
        replace(found, consequence_of=first.place)
        if found is not first and found.consequence_of is None and own_position(found) > start
        else found
        for found in divergences
    ]


def never_made(answered: int, steps: Sequence[Step]) -> int:
    """Where the replayed path left out an effect: at the first later one of these that it did make."""
    return min((own for theirs, own in steps if theirs > answered), default=AFTER_ALL)


def positions(call: PortCall, other: PortCall, shadowed: Side | None) -> tuple[int, int | None]:
    """Of an effect that both made: on the tape, and among the calls of the replayed path."""
    if shadowed is None:
        return min(call.position, other.position), None
    answered, replayed = (call, other) if shadowed is Side.CANDIDATE else (other, call)
    return answered.position, replayed.position
