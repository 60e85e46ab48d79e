"""All rules of a migration."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fnmatch import translate
from functools import cached_property
from hashlib import sha256
from typing import Any

from changeover.compare.paths import PathPattern, Specificity
from changeover.compare.rule_matcher import Matcher
from changeover.values.scalars import Types

INHERITED = ("types", "absolute", "relative", "ignore")
"""Settings that hold for the subtree as well."""

AT_THE_PLACE = ("match_by", "any_order", "bijection")
"""Settings that hold at the place alone."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; None (False for `any_order` and `bijection`) means that it says nothing about a setting.

    `number` counts the rules of a file from 1; `line` is where it begins, where that is known. `must_be`
    belongs to `ignore`: the type that an ignored value must still have on both sides.
    """

    path: PathPattern
    reason: str
    number: int
    seam: str | None = None
    types: Types | None = None
    absolute: Decimal | None = None
    relative: Decimal | None = None
    match_by: tuple[str, ...] | None = None
    any_order: bool = False
    bijection: bool = False
    ignore: bool | None = None
    must_be: str | None = None
    until: date | None = None
    line: int | None = None

    @property
    def rank(self) -> tuple[Specificity, int]:
        """How specific: by path first, then by how much of the seam's name is spelled out."""
        return self.path.specificity, len(self.seam.replace("*", "")) if self.seam else 0

    def covers(self, seam: str) -> bool:
        """Whether the rule holds in this seam."""
        return self.seam is None or re.fullmatch(translate(self.seam), seam) is not None

    def says(self, setting: str) -> Any:
        """The rule's word on a setting, None where it says nothing."""
        if setting == "ignore":
            return None if self.ignore is None else (self.ignore, self.must_be)
        return getattr(self, setting) or None if setting in AT_THE_PLACE else getattr(self, setting)


MATCHERS_KEPT_MAX = 1_000


@dataclass(frozen=True)
class Rules:
    """All rules of a migration. `types` is what holds where no rule says otherwise."""

    rules: tuple[Rule, ...] = ()
    types: Types = "strict"
    _matchers: dict[str, Matcher] = field(default_factory=dict, init=False, repr=False, compare=False)

    def for_seam(self, seam: str) -> Matcher:
        """The rules that hold in a seam, ready to be walked with; made once per seam."""
        found = self._matchers.get(seam)
        if found is None:
            if len(self._matchers) >= MATCHERS_KEPT_MAX:
                self._matchers.clear()
            found = Matcher(tuple(rule for rule in self.rules if rule.covers(seam)), self.types)
            self._matchers[seam] = found
        return found

    @cached_property
    def digest(self) -> str:
        """Of what the rules say, whatever the layout of their file: evidence is about one digest."""
        said = [self.types, *(repr((rule.path.text, rule.seam, _said(rule))) for rule in self.rules)]
        return sha256("\n".join(said).encode()).hexdigest()


STRICT = Rules()
"""No rule: everything is compared strictly."""


def _said(rule: Rule) -> list[tuple[str, str]]:
    return [
        (setting, str(rule.says(setting)))
        for setting in (*INHERITED, *AT_THE_PLACE)
        if rule.says(setting) is not None
    ]
