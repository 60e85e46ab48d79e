"""The narrowest rule that accepts a cluster, ready to be pasted into rules.toml; or why there is none.

For an effect nothing is offered that accepts a difference: there, a rule may only say what is meant by the
same. Before a rule is offered it is read beside the rules that are there, by the reader of the rules file.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from changeover.compare.findings import abs_difference
from changeover.compare.paths import is_effect, segments, without_items
from changeover.compare.rules_file import rules_problems
from changeover.errors import ConfigurationError
from changeover.evidence.cluster_examples import ClusterExamples, number_in, numbers_of
from changeover.evidence.store.records import StoredCluster
from changeover.evidence.store.run_contents import TypedText
from changeover.quick_dataclass import dataclass
from changeover.settings import RULES_FILE
from changeover.values.divergence import ABSENT, Divergence, Kind
from changeover.values.identifiers import is_identifier
from changeover.values.toml_table import read_text

REASON = "..."
_VALUES = (Kind.VALUE, Kind.TYPE, Kind.TOLERANCE_EXCEEDED)
_ONE_SIDED = (Kind.MISSING, Kind.EXTRA)
_MUST_BE = {
    **{
        name: name.lower()
        for name in ("bytes", "date", "datetime", "Decimal", "float", "time", "timedelta", "UUID")
    },
    "PosixPath": "path",
    "WindowsPath": "path",
    "PurePosixPath": "path",
    "PureWindowsPath": "path",
}
_NO_RULE = {
    Kind.ORDER: "",
    Kind.ROW_MISSING: "no rule accepts a row that one path leaves out: it may be a lost one",
    Kind.ROW_EXTRA: "no rule accepts a row that one path adds",
    Kind.NOT_A_BIJECTION: "a rule of this place says that names are one to one, and they are not",
    Kind.ERROR_ONE_SIDE: "no rule accepts that only one path raises",
    Kind.ERROR_DIFFERS: "no rule accepts another exception",
    Kind.COMPARER_ERROR: "the values cannot be compared, so nothing is known to accept",
    Kind.INVARIANT_BROKEN: "no rule accepts a broken promise",
}


@dataclass(frozen=True, slots=True)
class SuggestedRule:
    """`text` can be pasted as it is, but for its reason; `says` is what it accepts.

    `is_from_some` says that its tolerance comes from some of the cluster's runs: others may differ more.
    """

    text: str
    says: str
    is_from_some: bool = False


@dataclass(frozen=True, slots=True)
class NoRule:
    """Why none is offered."""

    why: str


def rules_text(directory: Path) -> str | None:
    """What stands in the rules of a migration's folder; None where there are none, or none to be read."""
    try:
        return read_text(directory / RULES_FILE)
    except ConfigurationError:
        return None


def suggested_rule(
    cluster: StoredCluster, examples: ClusterExamples, rules: str | None, today: date
) -> SuggestedRule | NoRule:
    """The rule for this cluster.

    Args:
        cluster: the cluster.
        examples: its runs; a tolerance is as large as the largest difference in them.
        rules: the text of rules.toml as it is, None where there is none.
        today: on which the rules have to hold.
    """
    found = [one.divergence for one in examples.examples]
    if not found:
        return NoRule("no run of it is kept")
    said = _said(cluster, found, examples)
    if isinstance(said, NoRule):
        return said
    lines = [f"path = {_text(cluster.place)}", f"seam = {_text(cluster.seam)}"]
    lines += [f"{key} = {value}" for key, value in said.items()]
    text = "\n".join(["[[rule]]", *lines, f"reason = {_text(REASON)}"]) + "\n"
    problems = rules_problems(f"{rules or ''}\n{text}", today=today)
    if problems:
        here = rules_problems(rules, today=today) if rules and rules.strip() else []
        if here:
            return NoRule("rules.toml cannot be read as it is: changeover rules check")
        return NoRule(f"beside the rules that are there it would be an error: {problems[0].text}")
    says = "  ".join(f"{key} {value.strip(chr(34))}" for key, value in said.items())
    return SuggestedRule(text, says, "abs" in said and examples.runs_read < cluster.runs)


def _text(text: str) -> str:
    """As TOML writes it; what JSON escapes, TOML reads likewise."""
    return json.dumps(text, ensure_ascii=True)


def _said(
    cluster: StoredCluster, found: Sequence[Divergence], examples: ClusterExamples
) -> Mapping[str, str] | NoRule:
    kinds = {found_one.detail or found_one.kind for found_one in found}
    kind = kinds.pop()
    if kinds:
        return NoRule("it differs in more than one way")
    if cluster.kind in (Kind.EFFECT_CHANGED, Kind.VALUE) or cluster.kind is kind:
        same = _same(kind, found)
        if same is not None:
            return same
    if kind is Kind.EFFECT_ORDER:
        rule = f'a rule for {cluster.place} with order = "any" (changeover docs rules)'
        return NoRule(f"effects change places. Where their order is of no account: {rule}")
    if cluster.unsafe or is_effect(cluster.place):
        return NoRule("an effect differs")
    if kind in _NO_RULE:
        return NoRule(_NO_RULE[kind])
    if cluster.kind is not kind or kind not in (*_VALUES, *_ONE_SIDED):
        return NoRule("no rule can say it")
    pairs = [pair for one in found if (pair := numbers_of(one)) is not None]
    if kind in (Kind.VALUE, Kind.TOLERANCE_EXCEEDED) and len(pairs) == len(found):
        return _tolerance([*pairs, *examples.numbers])
    return _ignored(cluster, kind, found)


def _same(kind: Kind, found: Sequence[Divergence]) -> Mapping[str, str] | None:
    """What says that both values mean the same; None where they do not."""
    if kind is Kind.ZONE:
        return {"zones": '"any"'}
    if kind is Kind.ORDER and all(type(one.legacy) is list for one in found):
        return {"order": '"any"'}
    if kind is Kind.TYPE and all(_is_one_number(one.legacy, one.candidate) for one in found):
        return {"types": '"numeric"'}
    if kind is Kind.TYPE and all(_is_one_text(one.legacy, one.candidate) for one in found):
        return {"types": '"loose"'}
    if kind is Kind.VALUE and all(_is_name(one.legacy) and _is_name(one.candidate) for one in found):
        pairs = {(str(one.legacy), str(one.candidate)) for one in found}
        if len({old for old, _ in pairs}) == len({new for _, new in pairs}) == len(pairs):
            return {"same_as": '"bijection"'}
    return None


def _is_name(value: Any) -> bool:
    """Whether it was minted by the path itself: a UUID, or a text of letters and digits."""
    if type(value) is TypedText:
        return value.type == "UUID"
    return type(value) is str and any(map(str.isdigit, value)) and is_identifier(value)


def _is_one_number(legacy: Any, candidate: Any) -> bool:
    numbers = number_in(legacy), number_in(candidate)
    return numbers[0] is not None and numbers[0] == numbers[1]


def _is_one_text(legacy: Any, candidate: Any) -> bool:
    """Whether one is a text and the other what that text writes: a number, a day."""
    sides = (legacy, candidate)
    texts = [side for side in sides if type(side) is str]
    others = [side for side in sides if type(side) is not str]
    if len(texts) != 1:
        return False
    try:
        numbers = number_in(others[0]), Decimal(texts[0])
    except ArithmeticError:
        return (
            type(others[0]) is TypedText and others[0].type in ("date", "UUID") and others[0].text == texts[0]
        )
    return numbers[0] is not None and numbers[0] == numbers[1]


def _tolerance(pairs: Iterable[tuple[Decimal, Decimal]]) -> Mapping[str, str] | NoRule:
    text = f"{max(abs_difference(*pair) for pair in pairs):f}"
    return {"abs": f'"{text}"'} if len(text) <= _EXACT_MAX else NoRule("the numbers are too far apart")


_EXACT_MAX = 100


def _ignored(cluster: StoredCluster, kind: Kind, found: Sequence[Divergence]) -> Mapping[str, str] | NoRule:
    names = segments(cluster.place)
    if len(names) < 2 and without_items(names[0]) == names[0]:
        return NoRule("a rule would hide the whole answer")
    said = {"ignore": "true"}
    types = {_type(side) for one in found for side in (one.legacy, one.candidate)}
    if kind not in _ONE_SIDED and len(types) == 1 and (name := types.pop()) is not None:
        said["must_be"] = f'"{name}"'
    return said


def _type(value: Any) -> str | None:
    """As `must_be` names it."""
    if type(value) is TypedText:
        return _MUST_BE.get(value.type)
    if value is None or value is ABSENT:
        return None
    return {bool: "bool", int: "int", str: "str", list: "list"}.get(type(value))
