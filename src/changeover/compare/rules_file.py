"""Reads `rules.toml`. Whatever is wrong with it becomes one error: where, what, what is allowed."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TypeVar

from changeover.compare.findings import MUST_BE
from changeover.compare.paths import PathError, PathPattern, parse_path
from changeover.compare.rule import Rule
from changeover.compare.rules import Rules
from changeover.compare.rules_check import RuleProblem, check_rules
from changeover.errors import ConfigurationError
from changeover.values.scalars import Types
from changeover.values.toml_table import Table, TableError, parse_toml, read_text, shown

RULES_MAX = 500
MATCH_BY_NAMES_MAX = 20
PATH_SHOWN_MAX = 200

_EMPTY = "[defaults] and [[rule]] tables, or a comment that says none"
_TYPES = ("strict", "numeric", "loose")
_SETTINGS = ("abs", "rel", "types", "zones", "match_by", "order", "same_as", "ignore", "must_be")
_LISTS = ("match_by", "order", "same_as")
_EXACT = re.compile(r"\d{1,100}(\.\d{1,100})?([eE][+-]?\d{1,3})?", re.ASCII)
_SEAM = re.compile(r"[\w.*:/-]{1,200}")
_T = TypeVar("_T")


class RulesError(ConfigurationError):
    """The rules cannot be used."""


def load_rules(path: Path, *, today: date) -> Rules:
    """The rules in a file; raises `RulesError` at the first thing that is wrong, and counts the others."""
    rules, problems = check_rules_file(path, today=today)
    if problems or rules is None:
        first = problems[0]
        line = f" line {first.line}" if first.line is not None else ""
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise RulesError(f"{path.name}{line}", f"{first.text}{more}")
    return rules


def check_rules_file(path: Path, *, today: date) -> tuple[Rules | None, list[RuleProblem]]:
    """What `rules check` shows: every problem of a file; the rules where there is none."""
    try:
        text = read_text(path)
        if not text.strip():
            raise ConfigurationError("", f"was empty, allowed: {_EMPTY}")
    except ConfigurationError as error:
        return None, [RuleProblem(None, error.problem)]
    return _checked(text, path.name, today)


def rules_problems(text: str, *, today: date, name: str = "rules.toml") -> list[RuleProblem]:
    """Everything that would be wrong with a file of this text; empty where it could be used."""
    return _checked(text, name, today)[1]


def _checked(text: str, name: str, today: date) -> tuple[Rules | None, list[RuleProblem]]:
    try:
        top = Table(parse_toml(text, name), name)
    except ConfigurationError as error:
        return None, [RuleProblem(None, error.problem)]
    problems: list[RuleProblem] = []
    types = _noted(problems, lambda: _default_types(top)) or "strict"
    rules = []
    for number, table in enumerate(_noted(problems, lambda: _rule_tables(top)) or (), start=1):
        rule = _noted(problems, partial(_rule, table, number))
        rules += [] if rule is None else [rule]
    problems = [*map(_problem, top.unknown_keys()), *problems, *check_rules(rules, today)]
    return (None if problems else Rules(tuple(rules), types)), problems


def _noted(problems: list[RuleProblem], read: Callable[[], _T]) -> _T | None:
    try:
        return read()
    except TableError as error:
        problems.append(_problem(error))
        return None


def _problem(error: TableError) -> RuleProblem:
    return RuleProblem(error.line, f"{error.place}: {error.problem}" if error.place else error.problem)


def _default_types(top: Table) -> Types:
    defaults = top.table("defaults")
    if defaults is None:
        return "strict"
    types: Types = defaults.text("types", "strict", among=_TYPES)
    defaults.done()
    return types


def _rule_tables(top: Table) -> list[Table]:
    tables = top.tables("rule")
    if len(tables) > RULES_MAX:
        raise top.error("rule", f"stands there {len(tables):,} times, allowed (RULES_MAX): {RULES_MAX}")
    return tables


def _rule(table: Table, number: int) -> Rule:
    line = table.error("", "").line
    path = table.raw("path")
    is_short = isinstance(path, str) and len(path) <= PATH_SHOWN_MAX
    table.key = f'rule {number} "{path}"' if is_short else f"rule {number}"
    rule = Rule(
        path=_path(table),
        reason=table.text("reason"),
        number=number,
        seam=_seam(table),
        types=table.text("types", None, among=_TYPES),
        zones=table.text("zones", None, among=("any",)),
        absolute=_decimal(table, "abs"),
        relative=_decimal(table, "rel"),
        match_by=_names(table, "match_by"),
        any_order=table.text("order", None, among=("any",)) is not None,
        bijection=table.text("same_as", None, among=("bijection",)) is not None,
        ignore=table.flag("ignore", None),
        must_be=table.text("must_be", None, among=tuple(MUST_BE)),
        until=table.day("until", None),
        line=line,
    )
    table.done()
    if not any(map(table.has, _SETTINGS)):
        raise table.error("path", f"says nothing, allowed: {', '.join(_SETTINGS)}")
    _refuse_contradictions(table)
    return rule


def _refuse_contradictions(table: Table) -> None:
    ignores = table.raw("ignore") is True
    for key in _SETTINGS:
        if ignores and table.has(key) and key not in ("ignore", "must_be"):
            raise table.error(key, f"ignores the place and gives {key}; allowed: one of them")
    if table.has("must_be") and not ignores:
        raise table.error("must_be", "must_be goes with ignore = true")
    lists = [key for key in _LISTS if table.has(key)]
    if len(lists) > 1:
        raise table.error(lists[1], f"gives {' and '.join(lists)}; allowed: one of them")
    if table.has("same_as") and (table.has("abs") or table.has("rel")):
        raise table.error("same_as", "gives a tolerance and same_as; allowed: one of them")


def _path(table: Table) -> PathPattern:
    try:
        return parse_path(table.text("path"))
    except PathError as error:
        raise table.error("path", str(error)) from None


def _seam(table: Table) -> str | None:
    seam: str | None = table.text("seam", None)
    if seam is not None and not _SEAM.fullmatch(seam):
        raise table.error("seam", f"was {shown(seam)}, allowed: a seam's name, * for any part of it")
    return seam


def _decimal(table: Table, key: str) -> Decimal | None:
    value = table.raw(key)
    if not table.has(key):
        return None
    if not isinstance(value, str) or not _EXACT.fullmatch(value):
        raise table.error(key, f'was {shown(value)}, allowed: an exact decimal as text ("0.01")')
    return Decimal(value)


def _names(table: Table, key: str) -> tuple[str, ...] | None:
    names = table.texts(key)
    if not table.has(key):
        return None
    if not 0 < len(names) <= MATCH_BY_NAMES_MAX:
        raise table.error(key, f"has {len(names)} names, allowed: 1 to {MATCH_BY_NAMES_MAX}")
    return names
