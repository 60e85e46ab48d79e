"""What a screen says first: which migration, which code, which rules, what was compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from changeover.evidence.code_digest import DIGITS_SHOWN
from changeover.values.observation import Side

if TYPE_CHECKING:
    from changeover.rollout.waivers import WaiverUse


Stopped = Literal["interrupted", "fail-fast"]
"""Why a comparison ended before its source did."""


@dataclass(frozen=True, slots=True)
class Heading:
    """`phases` gives number and name of each phase with seams, in the order of the plan.

    `code` is None where the plan names no packages. `copied` names the ports whose copies the other path
    acted on. `noise` says that the answering path was replayed itself, `stored` that the cases are tapes and
    nothing ran for real. `other_sources` are declared beside this one. `waivers` are all there
    are, used or not.
    """

    migration: str
    code: str | None
    rules: str
    source: str
    unit: str = "cases"
    answer: Side = Side.LEGACY
    copied: tuple[str, ...] = ()
    noise: bool = False
    stored: bool = False
    other_sources: tuple[str, ...] = ()
    phases: Mapping[str, int] = field(default_factory=dict)
    waivers: tuple[WaiverUse, ...] = ()
    stopped: Stopped | None = None

    def stopped_after(self, cases: int) -> str:
        """Why nothing is known of what comes later; empty where it came to its end."""
        after = f"after {self.counted(cases)}: what comes later is not shown."
        if self.stopped == "interrupted":
            return f"Interrupted {after}"
        return f"Stopped at the first difference, {after}" if self.stopped else ""

    @property
    def identity(self) -> str:
        """The first line without what follows the digests."""
        return identity(self.migration, self.code, self.rules)

    def named(self, number: int) -> str:
        """What so many cases are called."""
        return self.unit.removesuffix("s") if number == 1 else self.unit

    def counted(self, number: int) -> str:
        """So many cases."""
        return f"{number:,} {self.named(number)}"

    @property
    def sentence(self) -> str:
        """Who ran for real, and against what the other was replayed."""
        answering, other = self.answer, self.answer if self.noise else self.answer.other
        each = f"each {self.named(1)}'s"
        if self.copied:
            copies = f"copies of {', '.join(self.copied)}, else on the tape"
            return f"{answering} ran for real; {other} acted on {copies}"
        if self.noise:
            return f"{answering} ran for real and replayed its own tapes: what differs is nondeterminism"
        if self.stored:
            return f"nothing ran for real: both paths replayed {each} tape"
        return f"{answering} ran for real; {other} replayed {each} tape"


def identity(migration: str, code: str | None, rules: str) -> str:
    """Which migration, on which code, by which rules."""
    return f"{migration:<31} {digits(code, rules)}"


def digits(code: str | None, rules: str) -> str:
    """The digests, as far as anybody reads them."""
    shown = code[:DIGITS_SHOWN] if code else "-"
    return f"code {shown}   rules {rules[:DIGITS_SHOWN]}"
