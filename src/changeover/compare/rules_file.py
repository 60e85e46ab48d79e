"""Reads `rules.toml`. Whatever is wrong with it becomes one error: where, what, what is allowed."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from changeover.compare.leaves import MUST_BE
from changeover.compare.paths import PathError, parse_path
from changeover.compare.rule import Rule
from changeover.compare.rules import Rules
from changeover.compare.rules_check import RuleProblem, check_rules
from changeover.errors import ConfigurationError

RULES_BYTES_MAX = 1_000_000
RULES_MAX = 500
MATCH_BY_NAMES_MAX = 20

_TYPES = ("strict", "numeric", "loose")
_KEYS = (
    *("path", "reason", "seam", "until"),
    *("abs", "rel", "types", "match_by", "order", "same_as", "ignore", "must_be"),
)
_SETTINGS = _KEYS[4:]
_LISTS = ("match_by", "order", "same_as")
_EXACT = re.compile(r"\d{1,100}(\.\d{1,100})?([eE][+-]?\d{1,3})?", re.ASCII)
_SEAM = re.compile(r"[\w.*:/-]{1,200}")


class RulesError(ConfigurationError):
    """The rules cannot be used."""


class _Refused(Exception):
    """One value of a rule is not what it may be."""

    def __init__(self, key: str, text: str) -> None:
        super().__init__(text)
        self.key = key


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
        text = _read(path)
        data = _parse(text)
    except _Refused as refused:
        return None, [RuleProblem(None, str(refused))]
    return _rules(data, text, today)


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(RULES_BYTES_MAX + 1)
    except OSError as error:
        raise _Refused("", f"cannot be read: {error.strerror or type(error).__name__}") from None
    if len(content) > RULES_BYTES_MAX:
        raise _Refused("", f"is larger than RULES_BYTES_MAX, allowed: {RULES_BYTES_MAX:,} bytes")
    if not content.strip():
        raise _Refused("", "is empty, allowed: [defaults] and [[rule]] tables, or a comment that says none")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _Refused("", f"is not UTF-8 at byte {error.start}") from None


def _parse(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _Refused("", f"is not TOML: {error}") from None
    except RecursionError:
        raise _Refused("", "is nested too deeply, allowed: tables with plain values and lists") from None


def _rules(data: Mapping[str, Any], text: str, today: date) -> tuple[Rules | None, list[RuleProblem]]:
    problems: list[RuleProblem] = []
    for name in data.keys() - {"defaults", "rule"}:
        problems.append(_unknown(name, ("defaults", "rule"), _line_of_table(text, name)))
    types: Any = "strict"
    defaults = data.get("defaults", {})
    if not isinstance(defaults, dict):
        problems.append(RuleProblem(None, f"defaults: found {_shown(defaults)}, allowed: a table"))
    else:
        line = _line_of_table(text, "defaults")
        problems += [_unknown(f"defaults.{key}", ("types",), line) for key in defaults.keys() - {"types"}]
        types = defaults.get("types", "strict")
        if types not in _TYPES:
            found = _shown(types)
            problems.append(RuleProblem(line, f"defaults.types: found {found}, allowed: {', '.join(_TYPES)}"))
    tables = data.get("rule", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        problems.append(RuleProblem(None, "rule: found a single value, allowed: [[rule]] tables"))
        tables = []
    if len(tables) > RULES_MAX:
        problems.append(RuleProblem(None, f"has {len(tables):,} rules, allowed (RULES_MAX): {RULES_MAX}"))
        tables = []
    lines = _RuleLines(text, len(tables))
    rules: list[Rule] = []
    for number, table in enumerate(tables, start=1):
        try:
            rules.append(_rule(table, number, lines.of(number)))
        except _Refused as refused:
            line = lines.of(number, refused.key)
            problems.append(RuleProblem(line, f"rule {number}{_named(table)}: {refused}"))
    problems += check_rules(rules, today)
    return (None if problems else Rules(tuple(rules), types)), problems


def _rule(table: Mapping[str, Any], number: int, line: int | None) -> Rule:
    for key in table:
        if key not in _KEYS:
            raise _Refused(key, f'unknown key "{key}", allowed: {", ".join(_KEYS)}')
    for key in ("path", "reason"):
        if key not in table:
            raise _Refused("", f"has no {key}; every rule has a path and a reason")
    if not any(key in table for key in _SETTINGS):
        raise _Refused("path", f"says nothing, allowed: {', '.join(_SETTINGS)}")
    _refuse_contradictions(table)
    try:
        path = parse_path(_text(table, "path"))
    except PathError as error:
        raise _Refused("path", str(error)) from None
    return Rule(
        path=path,
        reason=_text(table, "reason"),
        number=number,
        seam=_one(table, "seam", _seam),
        types=_one(table, "types", lambda value: _choice("types", value, _TYPES)),
        absolute=_one(table, "abs", lambda value: _decimal("abs", value)),
        relative=_one(table, "rel", lambda value: _decimal("rel", value)),
        match_by=_one(table, "match_by", _names),
        any_order="order" in table and _choice("order", table["order"], ("any",)) == "any",
        bijection="same_as" in table and _choice("same_as", table["same_as"], ("bijection",)) == "bijection",
        ignore=_one(table, "ignore", _bool),
        must_be=_one(table, "must_be", lambda value: _choice("must_be", value, tuple(MUST_BE))),
        until=_one(table, "until", _date),
        line=line,
    )


def _refuse_contradictions(table: Mapping[str, Any]) -> None:
    for key in _SETTINGS:
        if table.get("ignore") is True and key in table and key not in ("ignore", "must_be"):
            raise _Refused(key, f"ignores the place and gives {key}; allowed: one of them")
    if "must_be" in table and table.get("ignore") is not True:
        raise _Refused("must_be", "must_be goes with ignore = true")
    lists = [key for key in _LISTS if key in table]
    if len(lists) > 1:
        raise _Refused(lists[1], f"gives {' and '.join(lists)}; allowed: one of them")
    if "same_as" in table and ("abs" in table or "rel" in table):
        raise _Refused("same_as", "gives a tolerance and same_as; allowed: one of them")


def _one(table: Mapping[str, Any], key: str, read: Callable[[Any], Any]) -> Any:
    return read(table[key]) if key in table else None


def _text(table: Mapping[str, Any], key: str) -> str:
    value = table[key]
    if not isinstance(value, str) or not value.strip():
        raise _Refused(key, f"{key}: found {_shown(value)}, allowed: text")
    return value


def _choice(key: str, value: Any, allowed: tuple[str, ...]) -> Any:
    if value not in allowed:
        raise _Refused(key, f"{key}: found {_shown(value)}, allowed: {', '.join(allowed)}")
    return value


def _seam(value: Any) -> str:
    if not isinstance(value, str) or not _SEAM.fullmatch(value):
        raise _Refused("seam", f"seam: found {_shown(value)}, allowed: a seam's name, * for any part of it")
    return value


def _decimal(key: str, value: Any) -> Decimal:
    if not isinstance(value, str) or not _EXACT.fullmatch(value):
        raise _Refused(key, f'{key}: found {_shown(value)}, allowed: an exact decimal as text ("0.01")')
    try:
        return Decimal(value)
    except InvalidOperation:
        raise _Refused(key, f"{key}: found {_shown(value)}, allowed: an exact decimal as text") from None


def _names(value: Any) -> tuple[str, ...]:
    fits = isinstance(value, list) and 0 < len(value) <= MATCH_BY_NAMES_MAX
    if not fits or not all(isinstance(name, str) and name for name in value) or len(set(value)) < len(value):
        raise _Refused("match_by", f"match_by: found {_shown(value)}, allowed: a list of different names")
    return tuple(value)


def _bool(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _Refused("ignore", f"ignore: found {_shown(value)}, allowed: true, false")
    return value


def _date(value: Any) -> date:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise _Refused("until", f"until: found {_shown(value)}, allowed: a date without quotes (2027-03-31)")
    return value


def _shown(value: Any) -> str:
    text = str(value)
    text = text if len(text) <= 80 else f"{text[:79]}…"
    return f'"{text}"' if isinstance(value, str) else f"{type(value).__name__} {text}"


def _named(table: Mapping[str, Any]) -> str:
    path = table.get("path")
    return f' "{path}"' if isinstance(path, str) and len(path) <= 200 else ""


def _unknown(name: str, allowed: tuple[str, ...], line: int | None) -> RuleProblem:
    return RuleProblem(line, f'unknown key "{name}", allowed: {", ".join(allowed)}')


def _line_of_table(text: str, name: str) -> int | None:
    pattern = re.compile(rf"\s*(\[+\s*)?{re.escape(name)}\b")
    return next((n for n, line in enumerate(text.splitlines(), start=1) if pattern.match(line)), None)


class _RuleLines:
    """Where the rules of a file stand: TOML readers keep no lines, so they are counted by their headings."""

    _HEADING = re.compile(r"\s*\[\[\s*rule\s*\]\]")

    def __init__(self, text: str, expected: int) -> None:
        self._lines = text.splitlines()
        found = [n for n, line in enumerate(self._lines, start=1) if self._HEADING.match(line)]
        # A heading inside a longer text, or rules written in another way: better no line than a wrong one.
        self._starts = found if len(found) == expected else []

    def of(self, number: int, key: str = "") -> int | None:
        """The line of a rule, or of one of its keys where it can be seen."""
        if not self._starts:
            return None
        start = self._starts[number - 1]
        end = self._starts[number] - 1 if number < len(self._starts) else len(self._lines)
        if key:
            wanted = re.compile(rf'\s*"?{re.escape(key)}"?\s*=')
            for line in range(start, end):
                if wanted.match(self._lines[line]):
                    return line + 1
        return start
