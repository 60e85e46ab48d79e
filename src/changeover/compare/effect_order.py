"""Whether effects that both paths performed stand in the same order: within a port, and across ports.

`order = "any"` at a method, a port or `effects` frees the effects that have it as their closest common
place; nothing else. One divergence per port and one across ports at most: it names the effects in question.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from changeover.compare.findings import Findings
from changeover.compare.places import Place, RowKey, render
from changeover.compare.rule import Rule
from changeover.compare.rule_matcher import Node
from changeover.values.divergence import Kind
from changeover.values.observation import PortCall

EFFECTS_SHOWN_MAX = 50


@dataclass(frozen=True, slots=True)
class MatchedEffect:
    """One effect as legacy performed it, and how many effects came before it on either side."""

    legacy: PortCall
    rank: int
    other_rank: int

    @property
    def label(self) -> str:
        """The effect in a word or two."""
        key = self.legacy.key
        parts = RowKey.of(tuple(key) if isinstance(key, (tuple, list)) else (key,))
        return render((self.legacy.port, self.legacy.method, parts))


def compare_order(matched: Sequence[MatchedEffect], node: Node, findings: Findings) -> None:
    """Report effects whose relative order differs; `matched` is in legacy's order."""
    if _rising(matched):
        return
    ports: defaultdict[str, list[MatchedEffect]] = defaultdict(list)
    for pair in matched:
        ports[pair.legacy.port].append(pair)
    for port, of_port in ports.items():
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
    )


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
