"""What is wrong with rules taken together: expired, contradictory, or hiding what may not be hidden."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import combinations

from changeover.compare.paths import Anything, NameIs, PathPattern, parse_path
from changeover.compare.rule import AT_THE_PLACE, INHERITED, Rule
from changeover.quick_dataclass import dataclass

_EFFECT_PLACES = tuple(parse_path(text) for text in ("effects", "effects.*", "effects.*.*", "effects.*.*[*]"))
_CALL_LEVELS = _EFFECT_PLACES[2]
_SETTING_NAMES = {"absolute": "abs", "relative": "rel", "any_order": "order", "bijection": "same_as"}


@dataclass(frozen=True, slots=True)
class RuleProblem:
    """One thing that is wrong, with the line where it is, where that is known."""

    line: int | None
    text: str


def check_rules(rules: Sequence[Rule], today: date) -> list[RuleProblem]:
    """Everything that makes these rules unusable together, in the order of the rules."""
    problems = [problem for rule in rules for problem in _check_one(rule, today)]
    return problems + list(_contradictions(rules))


def _check_one(rule: Rule, today: date) -> Iterator[RuleProblem]:
    if rule.until is not None and rule.until < today:
        yield _problem(rule, f"expired on {rule.until}: remove it, or give a later until with a reason")
    if rule.ignore and _hides_effects(rule):
        yield _problem(
            rule,
            "ignores a port, a method or an intent key; allowed under effects: an argument "
            "(effects.port.method[*].argument), abs, rel, types, match_by, order, same_as",
        )
    if rule.match_by is not None and _is_effect_path(rule) and not rule.path.overlaps(_CALL_LEVELS):
        yield _problem(rule, "match_by under effects is allowed at effects.port.method only")


def _hides_effects(rule: Rule) -> bool:
    if not any(rule.path.overlaps(place) for place in _EFFECT_PLACES):
        return False
    first, last = rule.path.parts[0], rule.path.parts[-1]
    # `**.sent_at` is meant for fields of that name, and a port or method is not ignored by it (see Node).
    names = last.names if isinstance(last, NameIs) else None
    by_chance = isinstance(first, Anything) and names is not None and "effects" not in names
    return not by_chance


def _is_effect_path(rule: Rule) -> bool:
    first = rule.path.parts[0]
    if not isinstance(first, NameIs) or first.names != frozenset({"effects"}):
        return False
    # Below an intent key a list of rows is a list like any other.
    return len(rule.path.parts) < 5 and not any(isinstance(part, Anything) for part in rule.path.parts)


def _contradictions(rules: Sequence[Rule]) -> Iterator[RuleProblem]:
    for earlier, later in combinations(rules, 2):
        if earlier.rank != later.rank or not _seams_meet(earlier.seam, later.seam):
            continue
        setting = _disagreement(earlier, later)
        if setting is not None and earlier.path.overlaps(later.path):
            name = _SETTING_NAMES.get(setting, setting)
            where = f"line {earlier.line}" if earlier.line else f"rule {earlier.number}"
            yield _problem(
                later,
                f'disagrees with "{earlier.path.text}" ({where}) about {name} where both match: '
                "make one path more specific",
            )


def _disagreement(earlier: Rule, later: Rule) -> str | None:
    for setting in (*INHERITED, *AT_THE_PLACE):
        one, other = earlier.says(setting), later.says(setting)
        if one is not None and other is not None and one != other:
            return setting
    lists = {"match_by", "any_order"}
    said = [{setting for setting in lists if rule.says(setting) is not None} for rule in (earlier, later)]
    return "match_by" if said[0] and said[1] and said[0] != said[1] else None


def _seams_meet(one: str | None, other: str | None) -> bool:
    if one is None or other is None:
        return True
    # A seam pattern is a path of letters, with `*` for any number of them.
    letters = [
        tuple(Anything() if letter == "*" else NameIs(frozenset({letter})) for letter in seam)
        for seam in (one, other)
    ]
    return PathPattern(one, letters[0]).overlaps(PathPattern(other, letters[1]))


def _problem(rule: Rule, text: str) -> RuleProblem:
    return RuleProblem(rule.line, f'rule "{rule.path.text}": {text}')
