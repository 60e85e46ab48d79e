"""Two observations compared: what differs, what rules accepted, and the verdict that a run has by it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from operator import is_
from typing import Any

from changeover.compare.consequences import (
    UNANSWERED,
    on_the_tape,
    own_position,
    performed_before_the_question,
    with_consequences,
)
from changeover.compare.effects import EffectTally, compare_effects
from changeover.compare.events import compare_events, same_events
from changeover.compare.findings import Accepted, Bijection, Findings
from changeover.compare.rules import STRICT, Matcher, Node, Rules
from changeover.compare.walk import Walk
from changeover.errors import ReplayRefusal, WorkRefused
from changeover.quick_dataclass import dataclass
from changeover.values.divergence import ABSENT, Divergence, Kind
from changeover.values.equality import strictly_same
from changeover.values.error_text import text_of
from changeover.values.form import open_value, type_name
from changeover.values.limits import NotComparable
from changeover.values.observation import Observation, Outcome, PortCall, Raised, Returned, Side
from changeover.values.reading import Shape
from changeover.values.verdict import Verdict

NOT_COMPARED = frozenset({Kind.READ_MISSING, Kind.TIMEOUT, Kind.COMPARER_ERROR})
"""Kinds that say that a run could not be compared, rather than that its paths differ."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was found between two observations.

    `left_out` counts divergences beyond `DIVERGENCES_KEPT_MAX`. `inexact_from` is the tape position of the
    first read whose answer was a guess; what differs after it proves nothing. `is_empty` says that neither
    path left anything behind.
    """

    divergences: tuple[Divergence, ...]
    left_out: int
    accepted: tuple[Accepted, ...]
    effects: tuple[EffectTally, ...]
    is_empty: bool
    inexact_from: int | None = None


def compare(
    legacy: Observation,
    candidate: Observation,
    rules: Rules = STRICT,
    *,
    seam: str = "",
    shadowed: Side | None = None,
    noted: Sequence[Divergence] = (),
    inexact_from: int | None = None,
) -> Comparison:
    """Compare what two paths left behind in one run; never raises, whatever the values do.

    `noted` are divergences that a replay met on its way (a missing read, an undeclared effect). With
    `shadowed`, the first effect that only the shadowed path had is named as the cause of what follows it.
    """
    # Identifiers are paired in equal values too, unless everything is equal: then each is paired with itself.
    is_same = nothing_differs(legacy, candidate)
    if is_same and not noted:
        return Comparison((), 0, (), _equal_tally(legacy.effects), _is_empty(legacy), inexact_from)
    findings = _noted(shadowed, noted)
    if is_same:
        effects = _equal_tally(legacy.effects)
    else:
        matcher, bijection = rules.for_seam(seam), Bijection()
        effects = _compare_all(legacy, candidate, matcher, findings, bijection)
        if any(bijection.same_text(found.legacy, found.candidate) for found in findings.divergences):
            # An identifier stood in a text before it was paired: once more, with the pairs of now.
            findings, known = _noted(shadowed, noted), Bijection(bijection.names, bijection.rule)
            effects = _compare_all(legacy, candidate, matcher, findings, known)
    divergences = findings.divergences
    if shadowed is not None:
        sides = (legacy, candidate) if shadowed is Side.CANDIDATE else (candidate, legacy)
        divergences = on_the_tape(divergences, *sides)
        if shadowed is Side.LEGACY:
            divergences = performed_before_the_question(divergences, legacy, candidate)
        divergences = with_consequences(divergences, shadowed)
    return Comparison(
        tuple(divergences),
        findings.left_out,
        findings.accepted,
        effects,
        _is_empty(legacy) and _is_empty(candidate),
        inexact_from,
    )


def _noted(shadowed: Side | None, noted: Sequence[Divergence]) -> Findings:
    findings = Findings(shadowed)
    for divergence in noted:
        findings.keep(divergence)
    return findings


def nothing_differs(legacy: Observation, candidate: Observation) -> bool:
    """Whether the two are the same in all that is compared, without any rule; False says nothing.

    An observation is the same as itself, whatever it holds.
    """
    if legacy is candidate:
        return True
    ours, theirs = legacy.outcome, candidate.outcome
    if not (isinstance(ours, Returned) and isinstance(theirs, Returned)):
        return False
    try:
        return (
            _same_effects(legacy, candidate)
            and (ours.value is theirs.value or strictly_same(ours.value, theirs.value))
            and (not (legacy.events or candidate.events) or same_events(legacy, candidate))
            and (not (legacy.changed or candidate.changed) or strictly_same(*_changed(legacy, candidate)))
        )
    except Exception:  # noqa: BLE001  the walk meets it again, and says at which place
        return False


def _same_effects(legacy: Observation, candidate: Observation) -> bool:
    if legacy.effects is candidate.effects:
        return True
    if len(legacy.effects) != len(candidate.effects):
        return False
    return all(map(_same_effect, legacy.effects, candidate.effects))


def _same_effect(ours: PortCall, theirs: PortCall) -> bool:
    return (
        ours.port == theirs.port
        and ours.method == theirs.method
        and (ours.key is theirs.key or strictly_same(ours.key, theirs.key))
        and (_are_one(ours.arguments, theirs.arguments) or strictly_same(ours.arguments, theirs.arguments))
    )


def _are_one(ours: dict[str, Any], theirs: dict[str, Any]) -> bool:
    """Whether the same objects stand in both, in the same order; False says nothing."""
    return [*ours] == [*theirs] and all(map(is_, ours.values(), theirs.values()))


def _equal_tally(effects: Sequence[PortCall]) -> tuple[EffectTally, ...]:
    counts = Counter(call.name for call in effects)
    return tuple(EffectTally(name, count, count, count, 0) for name, count in counts.items())


def _compare_all(
    legacy: Observation, candidate: Observation, rules: Matcher, findings: Findings, bijection: Bijection
) -> tuple[EffectTally, ...]:
    walk = Walk(findings, bijection)
    root = rules.root
    tallies: list[EffectTally] = []

    def effects() -> None:
        if not rules.pairs and _same_effects(legacy, candidate):
            tallies.extend(_equal_tally(legacy.effects))
        else:
            node = root.name("effects")
            tallies.extend(compare_effects(legacy.effects, candidate.effects, node, walk))

    _contained("result", findings, lambda: _outcomes(legacy, candidate, root, walk))
    _contained("effects", findings, effects)
    if legacy.events or candidate.events:
        _contained("events", findings, lambda: compare_events(legacy, candidate, root.name("events"), walk))
    ours, theirs = _changed(legacy, candidate)
    for part in {**ours, **theirs}:
        left = partial(_left, ours.get(part, {}), theirs.get(part, {}), part, root.name(part), walk)
        _contained(part, findings, left)
    return tuple(tallies)


def _contained(place: str, findings: Findings, part: Callable[[], None]) -> None:
    # Values may do anything when they are read or compared; that is a run that could not be compared.
    try:
        part()
    except NotComparable as reason:
        findings.keep(comparer_error(place, str(reason)))
    except RecursionError:
        findings.keep(comparer_error(place, "values nested deeper than the interpreter's own limit"))
    except Exception as error:  # noqa: BLE001  see above
        findings.keep(comparer_error(place, f"{type_name(type(error))} while comparing"))


def comparer_error(place: str, reason: str) -> Divergence:
    """Something could not be compared; the reason stands in both values."""
    return Divergence(place, Kind.COMPARER_ERROR, reason, reason, normal_place=place)


def _outcomes(legacy: Observation, candidate: Observation, root: Node, walk: Walk) -> None:
    ours, theirs = legacy.outcome, candidate.outcome
    if _was_refused(ours) or _was_refused(theirs):
        return  # the replay ended the path, which had no answer of its own
    if isinstance(ours, Returned) and isinstance(theirs, Returned):
        walk.visit(ours.value, theirs.value, ("result",), root.name("result"))
    elif isinstance(ours, Raised) and isinstance(theirs, Raised):
        _errors(ours.error, theirs.error, root.name("error"), walk)
    else:
        walk.findings.add(
            Kind.ERROR_ONE_SIDE,
            ("error",),
            _said(ours) if isinstance(ours, Raised) else ABSENT,
            _said(theirs) if isinstance(theirs, Raised) else ABSENT,
        )


def _was_refused(outcome: Outcome) -> bool:
    return isinstance(outcome, Raised) and isinstance(outcome.error, ReplayRefusal | WorkRefused)


def _said(outcome: Raised) -> dict[str, str]:
    said = {"type": type_name(type(outcome.error)), "message": text_of(outcome.error)}
    return said if outcome.raised_at is None else {**said, "raised_at": outcome.raised_at}


def _changed(legacy: Observation, candidate: Observation) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    return legacy.changed or {}, candidate.changed or {}


def _left(ours: Any, theirs: Any, part: str, node: Node, walk: Walk) -> None:
    """What the object of a method holds after the call, or what the arguments do, each at its name."""
    if part == "arguments":
        walk.names(ours, theirs, (part,), node)
    else:
        walk.visit(ours, theirs, (part,), node)


def _errors(ours: BaseException, theirs: BaseException, node: Node, walk: Walk) -> None:
    inner = Findings()
    Walk(inner, walk.bijection).visit(ours, theirs, ("error",), node)
    walk.findings.take(inner, _of_error)


def _of_error(found: Divergence) -> Divergence:
    """What differs in an error; what nobody could compare is no difference there either."""
    if found.kind is Kind.COMPARER_ERROR:
        return found
    return replace(found, kind=Kind.ERROR_DIFFERS, detail=found.kind)


def _is_empty(observation: Observation) -> bool:
    outcome = observation.outcome
    if not isinstance(outcome, Returned) or observation.effects or observation.changed:
        return False
    if outcome.value is None:
        return True
    try:
        shape, parts = open_value(outcome.value)
    except Exception:  # noqa: BLE001  what cannot be read is not nothing
        return False
    return shape in (Shape.NAMES, Shape.ITEMS, Shape.BAG) and not parts


def verdict_of(
    comparison: Comparison | None,
    *,
    saw_anything: bool,
    waived: Callable[[Divergence], bool],
) -> Verdict:
    """The verdict of a run; `comparison` is None where it was dropped or sampled out.

    `saw_anything` is false for a run that had neither input nor read. `waived` is asked about what differs,
    never about an effect.
    """
    if comparison is None:
        return Verdict.UNPAIRED
    shown = [found for found in comparison.divergences if _proves(found, comparison)]
    if any(found.is_unsafe for found in shown):
        return Verdict.UNSAFE
    unwaived = [found for found in shown if not waived(found)]
    if unwaived or (shown and comparison.left_out):
        return Verdict.DIVERGED
    if len(shown) < len(comparison.divergences) or comparison.left_out:
        return Verdict.FAILED
    if comparison.is_empty or not saw_anything:
        return Verdict.VACUOUS
    if shown:
        return Verdict.WAIVED
    if any(accepted.differs for accepted in comparison.accepted):
        return Verdict.TOLERATED
    return Verdict.MATCH


def _proves(found: Divergence, comparison: Comparison) -> bool:
    """Whether it shows that the paths differ, and not only that they no longer saw the same."""
    if found.kind in NOT_COMPARED:
        return False
    start = _uncertain_from(comparison)
    if start is None or found.kind is Kind.UNDECLARED_EFFECT:
        return True
    if found.kind is Kind.EFFECT_MISSING and found.replayed_at is None and comparison.inexact_from is None:
        return False  # nobody says which path was replayed, and it may have stopped there
    return own_position(found) <= start


def _uncertain_from(comparison: Comparison) -> int | None:
    """The call of the replayed path after which a difference proves nothing, None where all of them do."""
    positions = [own_position(found) for found in comparison.divergences if found.kind in UNANSWERED]
    if comparison.inexact_from is not None:
        positions.append(comparison.inexact_from)
    return min(positions, default=None)
