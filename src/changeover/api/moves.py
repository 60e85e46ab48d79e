"""`flip`: a phase moves; `history`: who moved what; `seal_flags`: an edit by hand is taken on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from changeover.api.arguments import Told, check_positive, ignore, setting_of
from changeover.api.going_back import Warnings, overrides_of, stages_to_go_back_by
from changeover.errors import ChangeoverError, ConfigurationError
from changeover.project import Project, find_folder, open_project
from changeover.quick_dataclass import dataclass
from changeover.rollout.flags_file import read_flags
from changeover.rollout.history import HistoryEntry, cause_of, entries_of, mover
from changeover.rollout.migration_files import Place, other_folders, place_for, stages_of
from changeover.rollout.move import check_unmoved, is_forward, move
from changeover.rollout.plan_file import Plan
from changeover.rollout.verify import Agreement, HandEdit, agreement, read_edit, seal
from changeover.rollout.verify import repair as repair_history
from changeover.values.gate_verdict import Answer, GateVerdict
from changeover.values.stage import Setting

Judge = Callable[[Project, str, Setting], GateVerdict]


@dataclass(frozen=True, slots=True)
class FlipRequest:
    """What somebody wants to be done."""

    phase: str
    new: Setting
    who: str
    reason: str
    force: bool = False


@dataclass(frozen=True, slots=True)
class Flip:
    """What came of it: no entry where the gate refused, and no verdict where nobody had to be asked.

    `gate_problem` says why the gate could not be asked; only `force` gets past that. `caveats` say what keeps
    the move from being seen.
    """

    request: FlipRequest
    revision_before: int
    old: Setting
    entry: HistoryEntry | None = None
    verdict: GateVerdict | None = None
    gate_problem: str | None = None
    warnings: tuple[str, ...] = ()
    caveats: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """0 moved, or at that stage already; else that of the gate."""
        return 0 if self.entry is not None or self.verdict is None else self.verdict.exit_code


def flip(
    phase: str,
    stage: str,
    *,
    reason: str,
    who: str | None = None,
    force: bool = False,
    dry_run: bool = False,
    project: str | Path | Project = ".",
    warn: Told | None = None,
    progress: Told = ignore,
) -> Flip:
    """Move a phase to a stage. Forward its gate has to pass; back it is not asked.

    Args:
        phase: the phase.
        stage: `off`, `shadow`, `ramp:P`, `live`, `complete`; `open` or `done` of a phase without seams.
        reason: why, for those who read the history later.
        who: who does it; else CHANGEOVER_WHO, else user@host.
        force: go forward although the gate does not pass; it is written down.
        dry_run: work everything out and change nothing.
        project: a folder of the project, or the project.
        warn: hears what must not be overlooked; the result has it too.
        progress: is told which check command of the gate runs.

    Raises:
        ConfigurationError: a file of the project or an argument is wrong, or somebody else moved meanwhile.

    Example:
        done = changeover.flip("portfolio", "shadow", reason="first week of comparison")
        assert done.exit_code == 0, done.verdict.criteria
    """
    found, warnings = open_project(project), Warnings(warn)
    plan = found.needed_plan()
    if phase not in plan.phases:
        raise ConfigurationError.unknown("PHASE", f"{phase!r} is unknown", phase, plan.phases)
    new = setting_of("STAGE", stage, plan.phases[phase].stages)
    request = FlipRequest(phase, new, mover(who), reason, force)
    place = place_for(found.directory, warnings, dry_run=dry_run)
    for problem in other_folders(found.directory, datetime.now(UTC)):
        warnings(problem)
    done = flip_as_judged(
        found, plan, request, partial(_ask_gate, progress=progress), datetime.now(UTC), place
    )
    caveats = () if done.entry is None else tuple(overrides_of(found.directory, [phase]))
    return replace(done, warnings=tuple(warnings), caveats=caveats)


def flip_as_judged(
    project: Project, plan: Plan, request: FlipRequest, judge: Judge, now: datetime, place: Place
) -> Flip:
    """Ask the gate where it has to be asked, then move on the very revision that it was asked about."""
    stages = stages_of(plan)
    flags_state = read_flags(place.flags, stages)
    check_unmoved(place, flags_state, None)
    old = flags_state.setting(request.phase, stages)
    if old == request.new:
        return Flip(request, flags_state.revision, old)
    verdict, problem, forced = None, None, False
    if is_forward(request.phase, old, request.new):
        try:
            verdict = judge(project, request.phase, request.new)
        except ChangeoverError as error:
            if not request.force:
                raise
            problem = str(error)
        forced = verdict is None or verdict.answer is not Answer.PASS
        if forced and not request.force:
            return Flip(request, flags_state.revision, old, None, verdict)
    entry = move(
        place,
        request.phase,
        old,
        request.new,
        cause_of("flip", request.who, request.reason, now, verdict, forced=forced),
        stages=stages,
        expected_revision=flags_state.revision,
        verdict=verdict,
    )
    return Flip(request, flags_state.revision, old, entry, verdict, problem)


def _ask_gate(project: Project, phase: str, new: Setting, *, progress: Told) -> GateVerdict:
    """What `gate` answers, checks and all."""
    from changeover.gate.collect import collect
    from changeover.gate.decision import decide

    return decide(collect(project, phase, new, run_checks=True, say=progress))


LAST = 50


@dataclass(frozen=True, slots=True)
class History:
    """The latest lines of history.jsonl, and what they say of flags.json.

    `left_out` earlier lines are not here, `damaged` ones could not be read. `repaired` is how many lines were
    added. `is_verified` says whether the answer was wanted as well.
    """

    file: Path
    entries: tuple[HistoryEntry, ...]
    left_out: int
    damaged: tuple[str, ...]
    agreement: Agreement
    is_verified: bool
    repaired: int = 0
    warnings: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """1 where it was verified and does not agree with the flags."""
        return 1 if self.is_verified and not self.agreement.agrees else 0


def history(
    *,
    last: int = LAST,
    verify: bool = False,
    repair: bool = False,
    who: str | None = None,
    project: str | Path | Project = ".",
    warn: Told | None = None,
) -> History:
    """Who moved what, when, why, and on which evidence.

    Args:
        last: so many lines, the latest.
        verify: let the exit code say whether flags.json and history.jsonl agree.
        repair: add the lines that the history lacks, then verify.
        who: who repairs; else CHANGEOVER_WHO, else user@host.
        project: a folder of the project, or the project; its pyproject.toml may be broken.
        warn: hears what must not be overlooked; the result has it too.

    Raises:
        ConfigurationError: there is no migration folder, or the history cannot be written.

    Example:
        assert changeover.history(verify=True).exit_code == 0
    """
    check_positive("last", last)
    warnings = Warnings(warn)
    directory = find_folder(project, warnings)
    place, stages = place_for(directory, warnings), stages_to_go_back_by(directory, warnings)
    added = repair_history(place, stages, mover(who), datetime.now(UTC)) if repair else 0
    lines = place.lines()
    entries = entries_of(lines)
    return History(
        place.history,
        tuple(entries[-last:]),
        max(0, len(entries) - last),
        tuple(line.problem for line in lines if line.entry is None),
        agreement(read_flags(place.flags, stages), lines),
        verify or repair,
        added,
        tuple(warnings),
    )


@dataclass(frozen=True, slots=True)
class Sealed:
    """What an edit by hand has moved, by lines of the history; none where the file was sealed already.

    `edit.forward` is what it moved forward without a gate.
    """

    edit: HandEdit
    entries: tuple[HistoryEntry, ...]
    warnings: tuple[str, ...] = ()

    @property
    def was_sealed(self) -> bool:
        """Whether there was nothing to do."""
        return self.edit.sealed and not self.edit.changes


def seal_flags(
    *,
    reason: str,
    who: str | None = None,
    dry_run: bool = False,
    project: str | Path | Project = ".",
    warn: Told | None = None,
) -> Sealed:
    """Check a hand edit of flags.json against the plan, give it a revision and a digest, and journal it.

    Args:
        reason: why, for those who read the history later.
        who: who does it; else CHANGEOVER_WHO, else user@host.
        dry_run: work everything out and change nothing.
        project: a folder of the project, or the project.
        warn: hears what must not be overlooked; the result has it too.

    Raises:
        ConfigurationError: plan or flags are no sound ones, or cannot be written.

    Example:
        changeover.seal_flags(reason="edited on the host while the console was down")
    """
    found, warnings = open_project(project), Warnings(warn)
    stages = stages_of(found.plan())
    place = place_for(found.directory, warnings, dry_run=dry_run)
    edit = read_edit(place, stages)
    if edit.sealed and not edit.changes:
        return Sealed(edit, (), tuple(warnings))
    entries = seal(place, stages, edit, cause_of("seal", mover(who), reason, datetime.now(UTC)))
    return Sealed(edit, tuple(entries), tuple(warnings))
