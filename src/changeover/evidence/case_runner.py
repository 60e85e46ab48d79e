"""Runs the cases of a source through both paths, here and now, and changes no stage.

Every case runs with pins of its own: the phases that are compared are in `shadow` (in `live` where the
candidate is to answer), all others `off`. Whatever flags, environment and kill switch say stays as it is.
"""

from __future__ import annotations

import signal
from collections.abc import AsyncIterable, Callable, Coroutine, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import field, replace
from traceback import walk_tb
from typing import Any

from changeover.compare.rules import Rules
from changeover.errors import ConfigurationError, asking_the_program, describe_end, ends_the_process
from changeover.evidence.case_loop import CaseLoop, LoopIsRunning
from changeover.evidence.code_digest import answering_code
from changeover.evidence.program_interface import Program, comparison_runtime
from changeover.evidence.replays_elsewhere import ReplaysElsewhere
from changeover.evidence.run_record import RunRecord
from changeover.evidence.sent_runs import SentRuns
from changeover.evidence.sources import Case, Source, SourceOptions
from changeover.quick_dataclass import dataclass
from changeover.record.program_streams import streams_of_a_case
from changeover.record.run import Run
from changeover.record.scenario_file import Scenario, scenario_of
from changeover.seam.judge import Waived
from changeover.seam.runtime import AnswerSeen
from changeover.values.error_text import class_and_message
from changeover.values.observation import Raised, Side
from changeover.values.pins import Pins, resumed
from changeover.values.stage import SEAM_STAGES, Setting, Stage


@dataclass(frozen=True, slots=True)
class Selection:
    """Phases to compare, and of them the seams that are looked at."""

    phases: frozenset[str]
    seams: tuple[str, ...]


@dataclass(slots=True)
class CaseDone:
    """One case with the runs it led to; `raised` says what came out of it, where something did: `error`.

    The answer of a path may be an exception: that is compared like any other answer. `ended` says that the
    program asked for the end of the process: such a case shows nothing. `parts` are all of its runs, also
    those that another process compares; `records` is what they add to the comparison, once that is known.
    """

    name: str
    tags: tuple[str, ...]
    runs: list[Run] = field(default_factory=list)
    parts: list[Run | SentRuns] = field(default_factory=list)
    records: list[RunRecord] = field(default_factory=list)
    raised: str | None = None
    error: BaseException | None = None
    ended: str | None = None


def select(program: Program, names: Sequence[str]) -> Selection:
    """Phases and seams by their names, everything where none is named; raises ConfigurationError."""
    phase_of = {seam.name: seam.phase for seam in program.seams.values()}
    phases = set(phase_of.values())
    for name in names:
        if name not in phases and name not in phase_of:
            known = dict.fromkeys([*phase_of.values(), *phase_of])
            problem = "is no phase with seams and no seam"
            raise ConfigurationError.unknown(name, problem, name, known, none="none is declared")
    seams = tuple(seam for seam, phase in phase_of.items() if not names or seam in names or phase in names)
    if not seams:
        raise ConfigurationError("the app", "no seam is declared, so that there is nothing to compare")
    return Selection(frozenset(phase_of[seam] for seam in seams), seams)


def compared_cases(
    program: Program,
    source: Source,
    options: SourceOptions,
    selection: Selection,
    *,
    rules: Rules | None,
    noise: bool,
    waived: Waived | None = None,
    answer_seen: AnswerSeen | None = None,
    elsewhere: ReplaysElsewhere[Any] | None = None,
    for_scenarios: bool = False,
) -> Generator[CaseDone, None, None]:
    """Yield every compared case when it is done; raises ConfigurationError where the source is wrong.

    With `elsewhere` other processes may still be comparing its runs then. With `for_scenarios` packs keep
    what a replay without their world needs.
    """
    is_legacy = options.answer is Side.LEGACY
    compared, alone = (Stage.SHADOW, Stage.OFF) if is_legacy else (Stage.LIVE, Stage.COMPLETE)
    settings = _settings(program, selection, compared)
    collected: list[Run | SentRuns] = []
    runtime = comparison_runtime(
        program,
        rules,
        waived,
        sink=collected.append,
        population=source.population,
        copies_ports=options.world == "copy",
        on_itself=options.answer if noise else None,
        answer_seen=answer_seen,
        elsewhere=None if elsewhere is None else elsewhere.take,
        for_scenarios=for_scenarios,
    )

    def counts(run: Run) -> bool:
        return run.seam in selection.seams and not _ended(run)

    if elsewhere is not None:
        elsewhere.begin(collected, counts)
    loop = CaseLoop()
    with program.runtime.replaced_by(runtime), closing(loop):
        for case in _cases(source, options, loop):
            collected.clear()
            wanted = options.only is None or case.name == options.only
            pinned = settings if wanted else _settings(program, selection, alone)
            name = f"{source.name}/{case.name}"
            if elsewhere is not None and wanted:
                elsewhere.begin_case(name, case.tags)
            done = _run(name, case, program, pinned, loop)
            if wanted:
                done.parts = [one for one in collected if isinstance(one, SentRuns) or counts(one)]
                done.runs = [one for one in done.parts if isinstance(one, Run)]
                if elsewhere is not None:
                    elsewhere.end_case()
                yield done
            if wanted and options.only is not None:
                return
    if options.only is not None:
        raise ConfigurationError(f'source "{source.name}"', f"has no case {options.only!r}")


def _settings(program: Program, selection: Selection, stage: Stage) -> dict[str, Setting]:
    known: dict[str, tuple[Stage, ...]] = {seam.phase: SEAM_STAGES for seam in program.seams.values()}
    if program.plan is not None:
        known |= {name: phase.stages for name, phase in program.plan.phases.items()}
    return {
        phase: Setting(stage if phase in selection.phases else stages[0]) for phase, stages in known.items()
    }


def _cases(source: Source, options: SourceOptions, loop: CaseLoop) -> Iterator[Case]:
    names: set[str] = set()
    where = f'source "{source.name}"'
    cases: Iterator[Case] = iter(())
    try:
        with asking_the_program(where):
            yielded = source.cases(options)
            cases = loop.all(aiter(yielded), where) if isinstance(yielded, AsyncIterable) else iter(yielded)
            for case in cases:
                if not isinstance(case, Case):
                    raise ConfigurationError(where, f"yielded a {type(case).__name__}, allowed: Case")
                if case.name in names:
                    raise ConfigurationError(where, f"yielded the case {case.name!r} twice")
                names.add(case.name)
                yield case
                if options.limit is not None and len(names) >= options.limit:
                    return
    finally:
        if isinstance(cases, Generator):  # it may hold files open, or a database
            cases.close()


def _run(
    name: str, case: Case, program: Program, settings: Mapping[str, Setting], loop: CaseLoop
) -> CaseDone:
    done = CaseDone(name, case.tags)
    with resumed(Pins(settings, case.key, name), program.runtime), streams_of_a_case():
        try:
            result = case.run()
            if isinstance(result, Coroutine):
                loop.run(result, f"case {name!r}")
        except LoopIsRunning:
            raise
        except Exception as error:  # noqa: BLE001  the answer of a path may be an exception
            done.raised, done.error = class_and_message(error), error
        except BaseException as error:
            if not ends_the_process(error) or _is_of_a_signal(error):
                raise
            done.ended = done.raised = describe_end(error)
            done.error = error
    return done


def _ended(run: Run) -> bool:
    """Whether its answering path asked for the end of the process, which is no answer to compare with."""
    outcome = None if run.answered is None else run.answered.outcome
    return isinstance(outcome, Raised) and ends_the_process(outcome.error)


def _is_of_a_signal(error: BaseException) -> bool:
    """Whether a signal handler of the program raised it: then somebody wants the process to end."""
    handlers = {getattr(signal.getsignal(number), "__code__", None) for number in signal.valid_signals()}
    frames = walk_tb(error.__traceback__)
    return any(frame.f_code in handlers for frame, _ in frames)


def recorded(
    program: Program,
    source: str,
    options: SourceOptions,
    seams: tuple[str, ...],
    redact: Callable[[Run], Run],
    left_out: Callable[[CaseDone], None] | None = None,
) -> Iterator[Scenario]:
    """Of each case the last run of each seam (none named: all), named SOURCE/CASE/SEAM; no stage is changed.

    `redact` takes out what must not be written; `left_out` hears of a case that has ended the process. Raises
    DeclarationError for an unknown source, ConfigurationError for an unknown seam or case.
    """
    chosen = program.sources.named(source)
    selection = select(program, seams)
    for done in compared_cases(
        program, chosen, options, selection, rules=None, noise=False, for_scenarios=True
    ):
        if done.ended:
            if left_out is not None:
                left_out(done)
            continue
        last_of_seam = {run.seam: run for run in done.runs}
        for run in last_of_seam.values():
            scenario = scenario_of(redact(run), answering_code(program.plan, run.answered_by))
            tags = tuple(dict.fromkeys((*done.tags, *scenario.tags)))
            yield replace(scenario, id=f"{done.name}/{run.seam}", tags=tags)
