"""What both paths did to the world: effects matched by port, method and intent key, then compared.

An effect that only one side has, or that differs in an argument, is never ignored. Under `match_by` the
effects of a method are matched by those arguments in place of their intent key. A key made of identifiers
that are renamed matches its renamed counterpart. Whatever differs inside an argument has the kind
`effect-changed`, and says how in its detail.

An example; the intent key of `submit` is its symbol, that of `confirm` the order's identifier, which may be
another one on each side (`same_as = "bijection"` for `effects.broker.*[*].id`):

    legacy     submit(SPY, 10, id="a1")   confirm("a1")             submit(TLT, 5, id="a2")
    candidate  submit(TLT, 5, id="x7")    submit(SPY, 12, id="x8")  confirm("x8")   confirm("x7")

1. By key: both `submit` pairs are found, whatever their order. Their arguments are compared: the quantity
   of SPY is `effect-changed` (10 -> 12), and the pairs of identifiers a1/x8 and a2/x7 become known on the
   way.
2. By renamed key: `confirm("a1")` has no partner, but a1 is now known as x8, so that it is paired with
   `confirm("x8")`. This is why renamed keys are looked up in a second pass.
3. By a key of another type, `7` with `np.int64(7)` say. What is left: `confirm("x7")` is `effect-extra`.
4. Order, of the pairs alone: legacy submits SPY and confirms it before TLT, the candidate after it. That is
   one `effect-order` at `effects.broker`, unless a rule accepts any order there.

The tally of `submit` is then legacy 2, candidate 2, equal 1, changed 1; that of `confirm` legacy 1,
candidate 2, equal 1, changed 0.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from changeover.compare.consequences import Step, never_made, positions
from changeover.compare.findings import Findings
from changeover.compare.partial_order import overlap, ranks
from changeover.compare.rows import Pair, Pairing, left_paired, paired_by_keys
from changeover.compare.rule import Rule
from changeover.compare.rules import Node
from changeover.compare.walk import Walk
from changeover.quick_dataclass import dataclass
from changeover.values.content_key import frozen
from changeover.values.divergence import ABSENT, Divergence, Kind
from changeover.values.form import token
from changeover.values.observation import PortCall, Side
from changeover.values.place import Place, RowKey, render

Calls = Sequence[PortCall]
EFFECTS_SHOWN_MAX = 50


def intent_key(key: Any) -> RowKey:
    """The intent key of a call as the segment of a place."""
    return RowKey.of(tuple(key) if isinstance(key, (tuple, list)) else (key,))


@dataclass(frozen=True, slots=True)
class MatchedEffect:
    """One effect as both performed it, and how many effects came before it on either side."""

    legacy: PortCall
    candidate: PortCall
    rank: int
    other_rank: int

    @property
    def label(self) -> str:
        """The effect in a word or two."""
        return render((self.legacy.port, self.legacy.method, intent_key(self.legacy.key)))


def compare_order(matched: Sequence[MatchedEffect], node: Node, findings: Findings) -> None:
    """Report effects whose relative order differs; `matched` is in legacy's order."""
    if _rising(matched):
        return
    ports: defaultdict[str, list[MatchedEffect]] = defaultdict(list)
    for pair in matched:
        ports[pair.legacy.port].append(pair)
    for port, of_port in ports.items():
        if not all(pair.legacy.commutes for pair in of_port):
            _within_port(port, of_port, node, findings)
    if _reordered(matched, lambda pair: pair.legacy.port):
        _report(("effects",), matched, node.any_order_rule, findings)


def _within_port(port: str, of_port: list[MatchedEffect], node: Node, findings: Findings) -> None:
    at_port = node.name(port)
    bound: list[MatchedEffect] = []
    methods: defaultdict[str, list[MatchedEffect]] = defaultdict(list)
    for pair in of_port:
        methods[pair.legacy.method].append(pair)
    for method, of_method in methods.items():
        if _rising(of_method):
            continue
        at_method = at_port.name(method)
        rule = at_method.any_order_rule or at_method.match_by_rule
        if rule is not None:
            findings.accept(rule, differs=True)
        else:
            bound += of_method
    if _reordered(of_port, lambda pair: pair.legacy.method):
        bound = of_port
    if bound:
        bound.sort(key=lambda pair: pair.rank)
        _report(("effects", port), bound, at_port.any_order_rule or node.any_order_rule, findings)


def _report(place: Place, bound: Sequence[MatchedEffect], rule: Rule | None, findings: Findings) -> None:
    if rule is not None:
        findings.accept(rule, differs=True)
        return
    theirs = sorted(bound, key=lambda pair: pair.other_rank)
    moved = [index for index, pair in enumerate(bound) if pair is not theirs[index]]
    first, last = moved[0], min(moved[-1], moved[0] + EFFECTS_SHOWN_MAX - 1)
    findings.add(
        Kind.EFFECT_ORDER,
        place,
        [pair.label for pair in bound[first : last + 1]],
        [pair.label for pair in theirs[first : last + 1]],
        position=bound[first].legacy.position,
        replayed_at=_first_moved(
            [bound[index] for index in moved], [theirs[index] for index in moved], findings
        ),
    )


def _first_moved(
    ours: Sequence[MatchedEffect], theirs: Sequence[MatchedEffect], findings: Findings
) -> int | None:
    """The first call of the replayed path that is out of its place."""
    if findings.shadowed is None:
        return None
    if findings.shadowed is Side.CANDIDATE:
        return min(pair.candidate.position for pair in theirs)
    return min(pair.legacy.position for pair in ours)


def _rising(pairs: Sequence[MatchedEffect]) -> bool:
    return all(earlier.other_rank < later.other_rank for earlier, later in pairwise(pairs))


def _reordered(pairs: Sequence[MatchedEffect], group: Callable[[MatchedEffect], str]) -> bool:
    """True where two effects of different groups have changed places."""
    latest: dict[str, int] = {}
    for pair in pairs:
        name = group(pair)
        if any(seen > pair.other_rank for other, seen in latest.items() if other != name):
            return True
        latest[name] = max(latest.get(name, 0), pair.other_rank)
    return False


@dataclass(frozen=True, slots=True)
class EffectTally:
    """How the effects of one method compare: a side's count is equal + changed + its own."""

    name: str
    legacy: int
    candidate: int
    equal: int
    changed: int


def compare_effects(legacy: Calls, candidate: Calls, node: Node, walk: Walk) -> tuple[EffectTally, ...]:
    """Compare the effects of both paths; `node` is the place `effects`."""
    equal, changed = Counter[str](), Counter[str]()

    def compare_pairs(pairs: Sequence[Pair]) -> None:
        for index, other in pairs:
            differs = _arguments(legacy[index], candidate[other], node, walk)
            (changed if differs else equal)[legacy[index].name] += 1

    by_key = paired_by_keys(*_keys(legacy, candidate, node))
    compare_pairs(by_key.pairs)
    # Only now are the identifiers known by which the candidate may call the same thing.
    renamed = _renamed(by_key, legacy, candidate, node, walk)
    compare_pairs(renamed.pairs)
    alike = _alike(renamed, legacy, candidate, node)
    compare_pairs(alike.pairs)
    pairs = sorted(by_key.pairs + renamed.pairs + alike.pairs)
    places = ranks([((index, legacy[index]), (other, candidate[other])) for index, other in pairs])
    matched = [
        MatchedEffect(legacy[index], candidate[match], rank, other)
        for rank, ((index, match), other) in enumerate(zip(pairs, places, strict=True))
    ]
    for call in (legacy[index] for index in alike.only_legacy):
        _one_side(Kind.EFFECT_MISSING, call, node, walk.findings, matched)
    for call in (candidate[index] for index in alike.only_candidate):
        _one_side(Kind.EFFECT_EXTRA, call, node, walk.findings, matched)
    compare_order(matched, node, walk.findings)
    ours_by_name, theirs_by_name = (Counter(call.name for call in calls) for calls in (legacy, candidate))
    return tuple(
        EffectTally(name, ours_by_name[name], theirs_by_name[name], equal[name], changed[name])
        for name in dict.fromkeys([*ours_by_name, *theirs_by_name])
    )


def _keys(legacy: Calls, candidate: Calls, node: Node) -> tuple[list[list[Hashable]], list[list[Hashable]]]:
    """What effects are paired by: their identity; of those that overlapped, the alike first."""
    sides = []
    overlapped = overlap(legacy) or overlap(candidate)
    for calls in (legacy, candidate):
        identities = [_identity(call, node) for call in calls]
        keys: list[list[Hashable]] = [identities]
        if overlapped:
            branches = [() if call.during is None else call.during.branch for call in calls]
            alike = [token(call.arguments) for call in calls]
            keys = [
                list(zip(identities, alike, strict=True)),
                list(zip(identities, branches, strict=True)),
                identities,
            ]
        sides.append(keys)
    return sides[0], sides[1]


def _renamed(left: Pairing, legacy: Calls, candidate: Calls, node: Node, walk: Walk) -> Pairing:
    ours = [walk.bijection.renamed(_identity(legacy[index], node)) for index in left.only_legacy]
    return left_paired(left, ours, [_identity(candidate[index], node) for index in left.only_candidate])


def _alike(left: Pairing, legacy: Calls, candidate: Calls, node: Node) -> Pairing:
    """What is left may be alike in other types, which the arguments will tell."""
    if not left.only_legacy or not left.only_candidate:
        return Pairing((), left.only_legacy, left.only_candidate)
    ours = [_identity(legacy[index], node, frozen) for index in left.only_legacy]
    theirs = [_identity(candidate[index], node, frozen) for index in left.only_candidate]
    return left_paired(left, ours, theirs)


def _identity(call: PortCall, node: Node, read: Callable[[Any], Hashable] = token) -> Hashable:
    names = node.name(call.port).name(call.method).match_by
    key = call.key if names is None else tuple(call.arguments.get(name, ABSENT) for name in names)
    return (call.port, call.method, read(key))


def _place(call: PortCall, node: Node) -> tuple[Place, Node]:
    method = node.name(call.port).name(call.method)
    if method.match_by is not None:
        key = RowKey.of(tuple(call.arguments.get(name) for name in method.match_by))
    else:
        key = intent_key(call.key)
    return ("effects", call.port, call.method, key), method.item(key)


def _arguments(ours: PortCall, theirs: PortCall, node: Node, walk: Walk) -> bool:
    """Compare the arguments of one pair; whether they differ."""
    place, at = _place(ours, node)
    inner = Findings()
    outer, walk.findings = walk.findings, inner
    try:
        walk.visit(ours.arguments, theirs.arguments, place, at)
    finally:
        walk.findings = outer
    position, own = positions(ours, theirs, outer.shadowed)
    outer.take(inner, lambda found: _as_effect(found, position, own))
    return inner.count > 0


def _as_effect(found: Divergence, position: int, own: int | None) -> Divergence:
    placed = replace(found, position=position, replayed_at=own)
    if found.kind is Kind.COMPARER_ERROR:
        return placed
    return replace(placed, kind=Kind.EFFECT_CHANGED, detail=found.kind)


def _one_side(
    kind: Kind, call: PortCall, node: Node, findings: Findings, matched: Sequence[MatchedEffect]
) -> None:
    place, _ = _place(call, node)
    is_missing = kind is Kind.EFFECT_MISSING
    legacy, candidate = (call.arguments, ABSENT) if is_missing else (ABSENT, call.arguments)
    own: int | None = None
    if findings.shadowed is not None:
        step = _step(findings.shadowed)
        if is_missing is (findings.shadowed is Side.LEGACY):  # the replayed path alone asked for it
            own = call.position
        else:
            bound = [pair for pair in matched if not _may_change_places(call, pair.legacy, node)]
            own = never_made(call.position, list(map(step, bound)))
    findings.add(kind, place, legacy, candidate, position=call.position, replayed_at=own)


def _step(shadowed: Side) -> Callable[[MatchedEffect], Step]:
    if shadowed is Side.CANDIDATE:
        return lambda pair: (pair.legacy.position, pair.candidate.position)
    return lambda pair: (pair.candidate.position, pair.legacy.position)


def _may_change_places(one: PortCall, other: PortCall, node: Node) -> bool:
    """Whether the order of two effects is of no account."""
    if node.any_order_rule is not None:
        return True
    if one.port != other.port:
        return False
    at_port = node.name(one.port)
    if at_port.any_order_rule is not None or (one.commutes and other.commutes):
        return True
    return one.method == other.method and at_port.name(one.method).any_order_rule is not None
