"""All rules of a migration."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256

from changeover.compare.rule import AT_THE_PLACE, INHERITED, Rule
from changeover.compare.rule_matcher import Matcher
from changeover.values.scalars import Types

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
