"""What one comparison is about: which migration, code, rules and source, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from typing import TYPE_CHECKING

from changeover.quick_dataclass import dataclass
from changeover.values.observation import Side
from changeover.values.source_line import NO_LINES, SourceLines

if TYPE_CHECKING:
    from changeover.rollout.waivers import WaiverUse


class Stopped(StrEnum):
    """Why a comparison ended before its source did."""

    INTERRUPTED = "interrupted"
    FAIL_FAST = "fail-fast"


@dataclass(frozen=True, slots=True)
class ComparisonInfo:
    """`phases` gives number and name of each phase with seams, in the order of the plan.

    `code` is None where the plan names no packages. `copied` names the ports whose copies the other path
    acted on; `offer_copies` all ports that could give one. `noise` says that the answering path was replayed
    itself, `stored` that the cases are tapes and nothing ran for real. `other_sources` are declared beside
    this one. `waivers` are all there are, used or not. `paths` says where the two paths of each seam are
    defined, `files` what short names of files are called from the folder of the project.
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
    offer_copies: tuple[str, ...] = ()
    other_sources: tuple[str, ...] = ()
    phases: Mapping[str, int] = field(default_factory=dict)
    waivers: tuple[WaiverUse, ...] = ()
    stopped: Stopped | None = None
    paths: Mapping[str, SourceLines] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)

    def lines_of(self, seam: str, lines: SourceLines = NO_LINES) -> SourceLines:
        """Where both paths did something, as files of the project; else where the paths are defined."""
        return lines.or_else(self.paths.get(seam, NO_LINES)).located(self.files)
