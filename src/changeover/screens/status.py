"""The screen of `changeover status`: problems first, then where every phase stands and what was shown."""

from __future__ import annotations

from dataclasses import dataclass

from changeover.plan.stages import SEAM_STAGES, Setting, Stage
from changeover.screens.layout import WIDTH, Ink, count, cut, wrapped

_STAGES = tuple(str(stage) for stage in SEAM_STAGES)


@dataclass(frozen=True, slots=True)
class PhaseStatus:
    """One phase; `shown` says what comparisons on this code and these rules found, latest of each source.

    `worlds` counts the distinct ones; `verdict` is `match`, `diverged`, `inconclusive`, or empty where there
    was no comparison on this code, or nothing to compare.
    """

    number: int
    name: str
    setting: Setting
    answers: str
    worlds: int
    verdict: str
    shown: str


@dataclass(frozen=True, slots=True)
class Status:
    """Everything that the screen says."""

    identity: str
    problems: tuple[str, ...]
    phases: tuple[PhaseStatus, ...]
    flags: str
    last: str

    @property
    def exit_code(self) -> int:
        """1 where something is wrong or differs, 3 where a phase with two paths was not compared, else 0."""
        verdicts = {phase.verdict for phase in self.phases if phase.setting.stage in SEAM_STAGES[:-1]}
        if self.problems or "diverged" in verdicts:
            return 1
        return 3 if verdicts - {"match"} else 0


def status_screen(status: Status, ink: Ink) -> str:
    """The whole screen."""
    lines = [line for problem in status.problems for line in wrapped(f"! {problem}", WIDTH, "  ")]
    lines += [*([""] if lines else []), status.identity, "", _heading()]
    lines += [_row(phase) for phase in status.phases]
    open_ = [phase for phase in status.phases if phase.setting.stage in SEAM_STAGES[:-1]]
    if open_:
        lines.append("")
    for phase in open_:
        word = phase.verdict or "inconclusive"
        label = f"{phase.number:<3} {cut(phase.name, 22):<22} "
        padding = " " * (14 - len(word))
        lines.append(cut(f"{label}{word}{padding}{phase.shown}", WIDTH).replace(word, ink(word), 1))
        if word != "match":
            lines.append(f"{'':<27}do            changeover compare {phase.name}")
    lines += [
        "",
        f"{'flags':<12}{cut(status.flags, WIDTH - 12)}",
        f"{'last':<12}{cut(status.last, WIDTH - 12)}",
    ]
    return "\n".join(lines) + "\n"


def _heading() -> str:
    stages = "".join(f"{stage:>{len(stage) + 2}}" for stage in _STAGES)
    return f"    {'phase':<18} {'answers':<11}{stages}   runs on this code"


def _row(phase: PhaseStatus) -> str:
    stage = phase.setting.stage
    if stage in SEAM_STAGES:
        marks = "".join(_mark(name, phase.setting) for name in _STAGES)
        worlds = f"{count(phase.worlds)} distinct" if phase.worlds else "-"
    else:
        width = sum(len(name) + 2 for name in _STAGES)
        marks, worlds = f"  {stage}".ljust(width), "-"
    return f"{phase.number:<3} {cut(phase.name, 18):<18} {phase.answers:<11}{marks}   {worlds}".rstrip()


def _mark(name: str, setting: Setting) -> str:
    here = name == setting.stage
    mark = "·" if not here else f"{setting.percent:g}%" if setting.stage is Stage.RAMP else "*"
    return f"{mark:>{len(name) + 2}}"
