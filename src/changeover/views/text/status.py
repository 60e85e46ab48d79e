"""The screen of `changeover status`: problems first, then phases, what each may do next, and the way back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from changeover.values.gate_verdict import Answer, Criterion, CriterionKind, GateVerdict
from changeover.values.safe_text import visible
from changeover.values.stage import SEAM_STAGES, Setting, Stage
from changeover.views.layout import WIDTH, Ink, count, cut, plural, wrapped
from changeover.views.text.gate import WORDS, detail_of

BLOCKERS_SHOWN = 2
PRODUCTION_SHOWN = 4
_STAGES = tuple(str(stage) for stage in SEAM_STAGES)
_NAME = 14
_LABEL = 12
_WORD_AT, _WORD = 29, 15
_WIDE, _NARROW = 94, 80
GAP = "   "
_SAID_ABOVE = frozenset({CriterionKind.KILL_SWITCH, CriterionKind.FLAGS})


@dataclass(frozen=True, slots=True)
class PhaseStatus:
    """One phase. Distinct worlds are those compared on this code: of corpora, and in production.

    `checks` are how many passed of how many, None where there is none to pass.
    """

    number: int
    name: str
    setting: Setting
    answers: str
    corpus_worlds: int = 0
    production_worlds: int = 0
    checks: tuple[int, int] | None = None
    following: Setting | None = None

    def evidence(self, unit: str = "") -> str:
        """What evidence there is, in a few words; distinct inputs are counted with this unit."""
        if self.checks is not None:
            return f"{self.checks[0]} {'check' if self.checks[0] == 1 else 'checks'} of {self.checks[1]}"
        worlds = self.corpus_worlds + self.production_worlds
        return f"{worlds:,}{unit}" if worlds else "-"


@dataclass(frozen=True, slots=True)
class NextStep:
    """What a phase may do next. `waits` says for which phases it waits, empty where it waits for none."""

    verdict: GateVerdict
    waits: str = ""

    @property
    def blockers(self) -> list[Criterion]:
        """What fails, then what could not tell; without what the screen has said of all phases already."""
        found = [
            criterion
            for answer in (Answer.FAIL, Answer.INCONCLUSIVE)
            for criterion in self.verdict.criteria
            if criterion.answer is answer and not (self.waits and criterion.kind is CriterionKind.REQUIRES)
        ]
        return [criterion for criterion in found if criterion.kind not in _SAID_ABOVE] or found

    @property
    def do_first(self) -> str | None:
        """The first thing to do about these."""
        return next((one.do for one in self.blockers if one.do is not None), self.verdict.do_first)

    @property
    def only_waits(self) -> bool:
        """Whether nothing of its own fails: what could not tell yet has time."""
        return bool(self.waits) and all(one.answer is not Answer.FAIL for one in self.blockers)


@dataclass(frozen=True, slots=True)
class ProductionStatus:
    """The runs of one phase in production on this code: runs is the sum of the other counts."""

    phase: str
    runs: int
    match: int
    tolerated: int
    diverged: int
    waived: int
    vacuous: int
    dropped: int
    not_compared: int
    since: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class Status:
    """Everything that the screen says. `notices` stand with the problems and fail no check."""

    identity: str
    problems: tuple[str, ...]
    notices: tuple[str, ...]
    phases: tuple[PhaseStatus, ...]
    steps: tuple[NextStep, ...]
    production: tuple[ProductionStatus, ...]
    other_code: int
    flags: str
    soon: str
    back: str

    @property
    def exit_code(self) -> int:
        """1 where something is wrong or a gate fails, 3 where one could not tell, else 0."""
        asked = {step.verdict.answer for step in self.steps if not step.only_waits}
        if self.problems or Answer.FAIL in asked:
            return 1
        return 3 if Answer.INCONCLUSIVE in asked else 0


def status_screen(status: Status, ink: Ink, width: int = WIDTH) -> str:
    """The whole screen; a narrow one drops columns from the right, and commands have lines of their own."""
    page = _Page(ink, min(width, WIDTH))
    lines = [
        line
        for problem in (*status.problems, *status.notices)
        for line in wrapped(f"! {visible(problem)}", page.width, "  ")
    ]
    lines += [*([""] if lines else []), cut(visible(status.identity), page.width), "", page.heading()]
    lines += [page.row(phase) for phase in status.phases]
    if status.steps:
        lines.append("")
    for step in status.steps:
        lines += page.step(step)
    lines += [
        "",
        *page.production(status),
        *page.labelled("flags", status.flags),
        *page.labelled("soon", status.soon),
        *page.labelled("go back", status.back),
    ]
    return "\n".join(line.rstrip() for line in lines) + "\n"


@dataclass(frozen=True, slots=True)
class _Page:
    """The lines of the screen, in so many columns."""

    ink: Ink
    width: int

    @property
    def _wide(self) -> bool:
        return self.width >= _WIDE

    @property
    def _counts(self) -> bool:
        return self.width >= _NARROW

    def heading(self) -> str:
        """Above the table."""
        stages = "".join(f"{stage:>{len(stage) + 2}}" for stage in _STAGES)
        rest = f"{'runs on this code':<19}next" if self._wide else "distinct" if self._counts else ""
        return f"    {'phase':<{_NAME}} {'answers':<10}{stages}   {rest}"

    def row(self, phase: PhaseStatus) -> str:
        """One phase."""
        if phase.setting.stage in SEAM_STAGES:
            at, following = str(phase.setting.stage), phase.following
        else:
            # Such a phase is open or done, which is the first and the last of the stages.
            at, following = _STAGES[0] if phase.setting.stage is Stage.OPEN else _STAGES[-1], None
        marks = "".join(f"{_mark(name == at, phase.setting):>{len(name) + 2}}" for name in _STAGES)
        name = f"{phase.number:<3} {cut(visible(phase.name), _NAME):<{_NAME}}"
        rest = f"{phase.evidence(' distinct'):<19}{following or '-'}" if self._wide else ""
        if self._counts and not self._wide:
            rest = phase.evidence()
        return f"{name} {phase.answers:<10}{marks}   {rest}"

    def step(self, step: NextStep) -> Iterator[str]:
        """What a phase may do next: one line, or what blocks it and the first thing to do."""
        verdict = step.verdict
        title = verdict.phase if verdict.new.stage is Stage.DONE else f"{verdict.phase} -> {verdict.new}"
        head = f"{verdict.number:<3} {cut(visible(title), _WORD_AT - 5)}".ljust(_WORD_AT)
        word = "waits" if step.only_waits else WORDS[verdict.answer]
        begin = f"{head}{self.ink(word)}{' ' * (_WORD - len(word))}"
        indent, room = _WORD_AT + _WORD, self.width - _WORD_AT - _WORD
        if step.only_waits:
            yield begin + cut(visible(step.waits), room)
            return
        if verdict.answer is Answer.PASS:
            command = f'changeover flip {verdict.phase} {verdict.new} --reason "..."'
            yield from [begin + command] if len(command) <= room else [begin, f"    {command}"]
            return
        if not self._wide:
            yield begin
            indent, room, begin = 4, self.width - 4, " " * 4
        for number, text in enumerate(_blockers(step, room)):
            yield f"{begin if number == 0 else ' ' * indent}{text}"
        if step.do_first is not None:
            yield from self._do(visible(step.do_first))

    def _do(self, text: str) -> Iterator[str]:
        """A command is never cut: what does not fit goes on in the next line."""
        before = f"{'':<{_WORD_AT}}{'do':<{_WORD}}" if self._wide else "    do  "
        for number, line in enumerate(wrapped(text, self.width - len(before), "")):
            yield f"{before if number == 0 else ' ' * len(before)}{line}"

    def production(self, status: Status) -> Iterator[str]:
        """What production has shown, phase by phase, and when it ran last."""
        other = status.other_code
        aside = f"{plural(other, 'run')} on other code or by other rules" if other else ""
        if not status.production:
            yield from self.labelled("production", GAP.join(filter(None, ("no run on this code", aside))))
            return
        for number, found in enumerate(status.production[:PRODUCTION_SHOWN]):
            yield from self.labelled("production" if number == 0 else "", _production_line(found), "; ")
        last = max(found.last for found in status.production)
        hidden = len(status.production) - PRODUCTION_SHOWN
        more = f"{plural(hidden, 'phase')} more" if hidden > 0 else ""
        told = (f"last run {last:%Y-%m-%d %H:%M:%SZ}", aside, more)
        yield from self.labelled("", GAP.join(filter(None, told)))

    def labelled(self, label: str, text: str, gap: str = GAP) -> Iterator[str]:
        """Below the table: what does not fit goes on in the next line, from one gap in the text on."""
        lines = [""]
        for part in visible(text).split(gap):
            longer = f"{lines[-1]}{gap}{part}" if lines[-1] else part
            if lines[-1] and len(longer) > self.width - _LABEL:
                lines.append(part)
            else:
                lines[-1] = longer
        for number, line in enumerate(lines):
            yield f"{label if number == 0 else '':<{_LABEL}}{cut(line, self.width - _LABEL)}"


def _mark(here: bool, setting: Setting) -> str:
    if not here:
        return "·"
    return f"{setting.percent:g}%" if setting.stage is Stage.RAMP else "*"


def _blockers(step: NextStep, room: int) -> list[str]:
    blockers = step.blockers
    left_out = len(blockers) - BLOCKERS_SHOWN
    more = f" (and {left_out} more)" if left_out > 0 else ""
    *first, last = blockers[:BLOCKERS_SHOWN]
    return [*(_blocker(criterion, room) for criterion in first), _blocker(last, room - len(more)) + more]


def _blocker(criterion: Criterion, room: int) -> str:
    """As much of it as there is room for, from its beginning on."""
    found = visible(f"{criterion.name}: {criterion.found}")
    detail = detail_of(criterion)
    whole = f"{found}: {visible(detail)}" if detail else found
    return whole if len(whole) <= room else f"{whole[: room - 1].rstrip()}…"


def _production_line(found: ProductionStatus) -> str:
    """Zero is left out, but for what must not be overlooked when it is not."""
    parts = [f"{count(found.match)} match"]
    rest = (
        ("tolerated", found.tolerated),
        ("diverged", found.diverged),
        ("waived", found.waived),
        ("vacuous", found.vacuous),
    )
    parts += [f"{count(number)} {word}" for word, number in rest if number]
    runs = plural(found.runs, "run")
    return (
        f"{found.phase}: {runs} since {found.since:%Y-%m-%d}, {', '.join(parts)}; "
        f"dropped {count(found.dropped)}, not compared {count(found.not_compared)}"
    )
