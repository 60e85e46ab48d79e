"""The screen of `changeover rules check`: everything that is wrong with the rules, or how many there are."""

from __future__ import annotations

from collections.abc import Sequence

from changeover.compare.rules import Rules
from changeover.compare.rules_check import RuleProblem
from changeover.evidence.code_digest import DIGITS_SHOWN
from changeover.views.layout import INDENT, Screen, plural, wrapped


def rules_screen(file: str, rules: Rules | None, problems: Sequence[RuleProblem], screen: Screen) -> str:
    """One problem after the other, each with its line in the file."""
    lines: list[str] = []
    for problem in problems:
        line = f" line {problem.line}" if problem.line is not None else ""
        lines += wrapped(f"{file}{line}: {problem.text}", screen.prose, INDENT)
    if not problems and rules is not None:
        number = len(rules.rules)
        digest = rules.digest[:DIGITS_SHOWN]
        lines = [f"{plural(number, 'rule')}, sound, digest {digest}" if number else "no rule: strict"]
    return "".join(f"{line}\n" for line in lines)
