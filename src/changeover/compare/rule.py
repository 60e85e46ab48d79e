"""One rule of rules.toml: where it holds and what it says."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from fnmatch import translate
from typing import Any

from changeover.compare.paths import PathPattern, Specificity
from changeover.quick_dataclass import dataclass
from changeover.values.scalars import Types

INHERITED = ("types", "zones", "absolute", "relative", "ignore")
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
    zones: str | None = None  # "any"
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


def rule_says(rule: Rule) -> str:
    """What a rule accepts, as it stands in its file."""
    said = (
        ("abs", rule.absolute),
        ("rel", rule.relative),
        ("types", rule.types),
        ("zones", rule.zones),
        ("match_by", ", ".join(rule.match_by or ())),
        ("order", "any" if rule.any_order else None),
        ("same_as", "bijection" if rule.bijection else None),
        ("ignore", rule.must_be or "any value" if rule.ignore else None),
    )
    return "  ".join(f"{name} {value}" for name, value in said if value)
