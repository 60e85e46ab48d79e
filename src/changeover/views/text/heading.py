"""What a screen says first: which migration, which code, which rules, what was compared."""

from __future__ import annotations

from changeover.evidence.code_digest import DIGITS_SHOWN
from changeover.evidence.comparison_info import ComparisonInfo, Stopped


def identity(migration: str, code: str | None, rules: str) -> str:
    """Which migration, on which code, by which rules."""
    return f"{migration:<29}   {digits(code, rules)}"


def digits(code: str | None, rules: str) -> str:
    """The digests, as far as anybody reads them."""
    shown = code[:DIGITS_SHOWN] if code else "-"
    return f"code {shown}   rules {rules[:DIGITS_SHOWN]}"


def unit(info: ComparisonInfo, number: int) -> str:
    """What so many cases are called."""
    return info.unit.removesuffix("s") if number == 1 else info.unit


def counted(info: ComparisonInfo, number: int) -> str:
    """So many cases."""
    return f"{number:,} {unit(info, number)}"


def stopped_after(info: ComparisonInfo, cases: int) -> str:
    """Why nothing is known of what comes later; empty where it came to its end."""
    after = f"after {counted(info, cases)}: what comes later is not shown."
    if info.stopped is Stopped.INTERRUPTED:
        return f"Interrupted {after}"
    return f"Stopped at the first difference, {after}" if info.stopped else ""


def who_ran(info: ComparisonInfo) -> str:
    """Who ran for real, and against what the other was replayed."""
    answering, other = info.answer, info.answer if info.noise else info.answer.other
    each = f"each {unit(info, 1)}'s"
    if info.copied:
        copies = f"copies of {', '.join(info.copied)}, else on the tape"
        return f"{answering} ran for real; {other} acted on {copies}"
    if info.noise:
        return f"{answering} ran for real and replayed its own tapes: what differs is nondeterminism"
    if info.stored:
        return f"nothing ran for real: both paths replayed {each} tape"
    return f"{answering} ran for real; {other} replayed {each} tape"
