"""The pattern of a change, never its values: two runs whose values change alike belong together.

A pattern is a `Change` with what it is about: `Decimal became float` is TYPE with the parts `Decimal` and
`float`. It is kept and shown as its text, which is part of a cluster's fingerprint; `read_pattern` reads the
text of a stored cluster back.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cache


class Change(StrEnum):
    """How a value changes; each is the text of its pattern, with `{}` for every part."""

    PERMUTATION = "permutation"
    NOT_COMPARABLE = "not comparable"
    ONLY_LEGACY = "only in legacy"
    ONLY_CANDIDATE = "only in candidate"
    NONE_TO_VALUE = "none became value"
    VALUE_TO_NONE = "value became none"
    ZERO_TO_NUMBER = "0 became non-zero"
    NUMBER_TO_ZERO = "non-zero became 0"
    SAME_NUMBER = "same number"
    OTHER_SIGN = "other sign"
    OTHER_SIGN_AND_SIZE = "other sign and size"
    ONE_MORE = "+1"
    ONE_LESS = "-1"
    POWER_OF_TEN = "ratio 10^{}"
    ROUNDED = "rounded to {} places"
    NO_LONGER_ROUNDED = "no longer rounded to {} places"
    LARGER = "larger"
    SMALLER = "smaller"
    CASE = "case"
    SPACE = "space"
    EMPTY_TO_TEXT = "empty became text"
    TEXT_TO_EMPTY = "text became empty"
    TEXT = "text"
    NAIVE_TO_AWARE = "naive became aware"
    AWARE_TO_NAIVE = "aware became naive"
    OFFSET = "offset {} h"
    NEXT_DAY = "+1 day"
    DAY_BEFORE = "-1 day"
    LATER = "later"
    EARLIER = "earlier"
    CHANGED = "changed"
    TYPE = "{} became {}"
    OTHER = "{}"

    @property
    def is_one_sided(self) -> bool:
        """Whether one side has no value at all, which the kind of its divergence says as well."""
        return self in (Change.ONLY_LEGACY, Change.ONLY_CANDIDATE)


@dataclass(frozen=True, slots=True)
class ChangePattern:
    """`parts` are what the change is about: numbers, or the names of both types."""

    change: Change
    parts: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.change.format(*self.parts)


def read_pattern(text: str) -> ChangePattern:
    """The pattern that has this text; OTHER with the text as its part for one that nobody writes any more."""
    for change, form in _forms():
        if found := form.fullmatch(text):
            return ChangePattern(change, found.groups())
    return ChangePattern(Change.OTHER, (text,))


@cache
def _forms() -> list[tuple[Change, re.Pattern[str]]]:
    """TYPE comes last: other patterns have its form too."""
    return [
        (change, re.compile("(.+)".join(map(re.escape, change.split("{}"))), re.DOTALL))
        for change in Change
        if change is not Change.OTHER
    ]
