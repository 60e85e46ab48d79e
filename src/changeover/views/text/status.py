"""The screens of `status` and `doctor`: problems first, then how everything stands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from changeover.quick_dataclass import dataclass
from changeover.values.gate_verdict import Answer, Criterion, CriterionKind, GateVerdict
from changeover.values.safe_text import beginning, columns_of, visible
from changeover.values.stage import SEAM_STAGES, Setting, Stage
from changeover.views.layout import GAP, ZERO, Screen, count, cut, flowed, labelled, padded, plural, wrapped
from changeover.views.text.gate import WORDS, detail_of
from changeover.views.text.recorded import RecordedStatus

BLOCKERS_SHOWN = 2
PRODUCTION_SHOWN = 4
_STAGES = tuple(str(stage) for stage in SEAM_STAGES)
_LABEL = 12
_WORD_AT, _WORD = 29, 15
_WIDE, _NARROW = 94, 80
_NAME = 14
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

    @property
    def evidence(self) -> str:
        """What evidence there is, in a few words."""
        if self.checks is not None:
            return f"{self.checks[0]} {'check' if self.checks[0] == 1 else 'checks'} of {self.checks[1]}"
        worlds = self.corpus_worlds + self.production_worlds
        return f"{worlds:,} distinct" if worlds else "-"


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
    recorded: RecordedStatus | None = None

    @property
    def exit_code(self) -> int:
        """1 where something is wrong or a gate fails, 3 where one could not tell, else 0."""
        asked = {step.verdict.answer for step in self.steps if not step.only_waits}
        if self.problems or Answer.FAIL in asked:
            return 1
        return 3 if Answer.INCONCLUSIVE in asked else 0


def status_screen(status: Status, screen: Screen) -> str:
    """The whole screen; a narrow one has fewer columns, and commands have lines of their own."""
    titles = [_title(step) for step in status.steps]
    longest = max(map(columns_of, titles), default=0) + 5
    page = _Page(screen, min(max(_WORD_AT, longest), _WORD_AT + screen.spare // 2))
    lines = [] if status.recorded is None else flowed(str(status.recorded), screen.width, "  ")
    lines += _problems(map(visible, (*status.problems, *status.notices)), screen)
    lines += [*flowed(visible(status.identity), screen.width, ""), "", *page.table(status.phases)]
    if status.steps:
        lines.append("")
    for step in status.steps:
        lines += page.step(step)
    lines += ["", *page.production(status)]
    for label, text in (("flags", status.flags), ("soon", status.soon), ("go back", status.back)):
        lines += page.labelled(label, text)
    return "\n".join(line.rstrip() for line in lines) + "\n"


def doctor_screen(facts: Mapping[str, str], problems: Sequence[str], not_seen: str, screen: Screen) -> str:
    """What is wrong, what is in effect, and what the tool cannot see; the first alone where it is all."""
    lines = _problems(problems, screen)
    lines += [line for label, value in facts.items() for line in labelled(label, value, screen.width, _LABEL)]
    lines += ["", *wrapped(not_seen, screen.prose, "")] if facts else []
    return "\n".join(lines) + "\n"


def _problems(problems: Iterable[str], screen: Screen) -> list[str]:
    """With a blank line below them."""
    lines = [line for problem in problems for line in wrapped(f"! {problem}", screen.prose, "  ")]
    return [*lines, ""] if lines else []


@dataclass(frozen=True, slots=True)
class _Page:
    """The lines of one screen."""

    screen: Screen
    word_at: int

    @property
    def _is_wide(self) -> bool:
        return self.screen.width >= _WIDE

    def table(self, phases: Sequence[PhaseStatus]) -> list[str]:
        """Where every phase stands: a column for every stage, or on a narrow screen one for all of them."""
        longest = max((columns_of(visible(phase.name)) for phase in phases), default=0)
        others = 80 if self._is_wide else 55 if self.screen.width >= _NARROW else 46
        width = min(max(_NAME, longest), self.screen.width - others)
        stages = _in_columns(_STAGES) if self._is_wide else "stage"
        lines = [self._row("", "phase", width, "answers", stages, "runs on this code", "next")]
        for phase in phases:
            stage = _in_columns(_marks(phase)) if self._is_wide else _stage(phase)
            following = phase.following if phase.setting.stage in SEAM_STAGES else None
            cells = (phase.answers, stage, phase.evidence, str(following or "-"))
            lines.append(self._row(f"{phase.number}", phase.name, width, *cells))
        return lines

    def _row(self, number: str, name: str, width: int, *cells: str) -> str:
        answers, stage, evidence, following = cells
        start = f"{number:<4}{padded(name, width)} {answers:<10}"
        if self.screen.width < _NARROW:
            return f"{start}{stage:<13}{evidence}"
        return f"{start}{stage:<{38 if self._is_wide else 13}}{evidence:<19}{following}"

    def step(self, step: NextStep) -> Iterator[str]:
        """What a phase may do next: one line, or what blocks it and the first thing to do."""
        verdict, paint, width = step.verdict, self.screen.paint, self.screen.width
        head = padded(f"{verdict.number:<3} {cut(_title(step), self.word_at - 5)}", self.word_at)
        word = "waits" if step.only_waits else WORDS[verdict.answer]
        begin = f"{head}{paint(word)}{' ' * (_WORD - len(word))}"
        indent = self.word_at + _WORD
        if step.only_waits or verdict.answer is Answer.PASS:
            command = f'changeover flip {verdict.phase} {verdict.new} --reason "..."'
            text = visible(step.waits if step.only_waits else command)
            if columns_of(text) <= width - indent:
                yield begin + text
            else:
                yield from (begin, *labelled("", text, width, 4))
            return
        if not self._is_wide:
            yield begin
            indent, begin = 4, " " * 4
        for text in _blockers(step, width - indent):
            yield f"{begin}{text}"
            begin = " " * indent
        if step.do_first is not None:
            before = f"{'':<{self.word_at}}{'do':<{_WORD}}" if self._is_wide else "    do  "
            yield from labelled(before, visible(step.do_first), width, len(before))

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
        parts = (f"last run {last:%Y-%m-%d %H:%M:%SZ}", aside, more)
        yield from self.labelled("", GAP.join(filter(None, parts)))

    def labelled(self, label: str, text: str, gap: str = GAP) -> Iterator[str]:
        """Below the table: what does not fit goes on in the next line, from one gap in the text on."""
        room = self.screen.width - _LABEL
        lines = [""]
        for part in visible(text).split(gap):
            longer = f"{lines[-1]}{gap}{part}" if lines[-1] else part
            if lines[-1] and columns_of(longer) > room:
                lines.append(part)
            else:
                lines[-1] = longer
        for line in lines:
            yield from labelled(label, line, self.screen.width, _LABEL)
            label = ""


def _title(step: NextStep) -> str:
    verdict = step.verdict
    return visible(verdict.phase if verdict.new.stage is Stage.DONE else f"{verdict.phase} -> {verdict.new}")


def _in_columns(cells: Sequence[str]) -> str:
    return "".join(f"{cell:>{len(stage) + 2}}" for cell, stage in zip(cells, _STAGES, strict=True))


def _marks(phase: PhaseStatus) -> list[str]:
    """Under the stage of a phase a star, or how much of its keys ramps."""
    stage = phase.setting.stage
    if stage not in SEAM_STAGES:
        # Such a phase is open or done, which is the first and the last of the stages.
        stage = SEAM_STAGES[0] if stage is Stage.OPEN else SEAM_STAGES[-1]
    mark = f"{phase.setting.percent:g}%" if stage is Stage.RAMP else "*"
    return [mark if one is stage else ZERO for one in SEAM_STAGES]


def _stage(phase: PhaseStatus) -> str:
    stage = phase.setting.stage
    return f"ramp {phase.setting.percent:g}%" if stage is Stage.RAMP else str(stage)


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
    return whole if columns_of(whole) <= room else f"{beginning(whole, room - 1).rstrip()}…"


def _production_line(found: ProductionStatus) -> str:
    """Zero is left out, but for what must not be overlooked when it is not."""
    rest = ("tolerated", "diverged", "waived", "vacuous")
    parts = [f"{count(getattr(found, word))} {word}" for word in rest if getattr(found, word)]
    parts.insert(0, f"{count(found.match)} match")
    runs = plural(found.runs, "run")
    return (
        f"{found.phase}: {runs} since {found.since:%Y-%m-%d}, {', '.join(parts)}; "
        f"dropped {count(found.dropped)}, not compared {count(found.not_compared)}"
    )
