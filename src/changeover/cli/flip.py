"""`changeover flip`: move a phase; forward only where its gate passes, and written down either way."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import click

from changeover.cli.move_options import (
    dry_run_option,
    place_for,
    reason_option,
    warn,
    warn_of_overrides,
    who_moves,
    who_option,
)
from changeover.cli.output import format_option, quiet, say, show, show_json
from changeover.errors import ChangeoverError, ConfigurationError
from changeover.project import Project, find_project
from changeover.rollout.flags_file import read_flags
from changeover.rollout.history import HistoryEntry, entry_data
from changeover.rollout.migration_files import stages_of
from changeover.rollout.move import check_unmoved, is_forward, move
from changeover.rollout.plan_file import Phase, Plan
from changeover.settings import PLAN_FILE
from changeover.values.gate_verdict import Answer, GateVerdict
from changeover.values.stage import Setting, Stage, parse_setting, ramp
from changeover.views.layout import screen_for
from changeover.views.text.history import Moved, moved_screen

Judge = Callable[[Project, str, Setting], GateVerdict]


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants to be done."""

    phase: str
    new: Setting
    who: str
    reason: str
    force: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of it: no entry where the gate refused, and no verdict where nobody had to be asked.

    `problem` says why the gate could not be asked; only `--force` gets past that.
    """

    revision: int
    old: Setting
    entry: HistoryEntry | None = None
    verdict: GateVerdict | None = None
    problem: str | None = None

    @property
    def exit_code(self) -> int:
        """0 moved; else that of the gate."""
        return 0 if self.entry is not None or self.verdict is None else self.verdict.exit_code


@click.command("flip")
@click.argument("phase")
@click.argument("stage")
@click.option("--percent", metavar="P", help="of the keys, for the stage ramp; or say ramp:P")
@reason_option
@who_option
@click.option("--force", is_flag=True, help="go forward although the gate does not pass; it is written down")
@dry_run_option
@format_option
def command(
    phase: str,
    stage: str,
    percent: str | None,
    reason: str,
    who: str | None,
    force: bool,
    dry_run: bool,
    format_: str,
) -> None:
    """Move a phase to a stage. Forward the gate has to pass; back it is not asked.

    Exits as the gate does where that refuses: 1 fail, 3 inconclusive.

    For example: changeover flip portfolio shadow --reason "first week of comparison"
    """
    quiet()
    project = find_project(Path.cwd(), os.environ)
    plan = project.plan()
    if plan is None:
        raise ConfigurationError(str(project.directory / PLAN_FILE), "is missing: changeover init writes one")
    new = _setting(_phase(plan, phase), stage, percent)
    asked = Asked(phase, new, who_moves(who), reason, force, dry_run)
    answered = flip(project, plan, asked, ask_gate, datetime.now(UTC))
    _show(asked, answered, format_)
    if answered.entry is not None:
        warn_of_overrides(project.directory, [phase])
    raise click.exceptions.Exit(answered.exit_code)


def flip(project: Project, plan: Plan, asked: Asked, judge: Judge, now: datetime) -> Answered:
    """Ask the gate where it has to be asked, then move on the very revision that it was asked about."""
    place, stages = place_for(project.directory, dry_run=asked.dry_run), stages_of(plan)
    flags_state = read_flags(place.flags, stages)
    check_unmoved(place, flags_state, None)
    old = flags_state.setting(asked.phase, stages)
    if old == asked.new:
        return Answered(flags_state.revision, old)
    verdict, problem = None, None
    if is_forward(asked.phase, old, asked.new):
        try:
            verdict = judge(project, asked.phase, asked.new)
        except ChangeoverError as error:
            if not asked.force:
                raise
            problem = str(error)
        passed = verdict is not None and verdict.answer is Answer.PASS
        if not passed and not asked.force:
            return Answered(flags_state.revision, old, None, verdict)
    entry = move(
        project.directory,
        asked.phase,
        old,
        asked.new,
        plan=plan,
        action="flip",
        who=asked.who,
        reason=asked.reason,
        now=now,
        expected_revision=flags_state.revision,
        gate_verdict=verdict,
        forced=asked.force and (verdict is None or verdict.answer is not Answer.PASS),
        place=place,
    )
    return Answered(flags_state.revision, old, entry, verdict, problem)


def ask_gate(project: Project, phase: str, new: Setting) -> GateVerdict:
    """What `changeover gate` answers, checks and all."""
    from changeover.gate.collect import collect
    from changeover.gate.decision import decide

    return decide(collect(project, phase, new, run_checks=True, say=say))


def _phase(plan: Plan, name: str) -> Phase:
    found = plan.phases.get(name)
    if found is None:
        raise ConfigurationError("PHASE", f"{name!r} is unknown, allowed: {', '.join(plan.phases) or 'none'}")
    return found


def _setting(phase: Phase, stage: str, percent: str | None) -> Setting:
    try:
        if percent is None:
            return parse_setting(stage, phase.stages)
        if stage != Stage.RAMP or Stage.RAMP not in phase.stages:
            raise ValueError(f"--percent is for the stage ramp, not for {stage}")
        return ramp(percent)
    except ValueError as error:
        raise ConfigurationError("STAGE", str(error)) from None


def _show(asked: Asked, answered: Answered, format_: str) -> None:
    entry, verdict = answered.entry, answered.verdict
    undo = f"changeover rollback {asked.phase} --to {answered.old}"
    if format_ == "json":
        show_json("flip", _as_json(asked, answered, undo))
    elif entry is not None:
        moved = Moved((entry,), answered.revision, (_undo(asked, answered, undo),))
        show(moved_screen(moved, screen_for(sys.stdout)))
    elif verdict is None:
        show(f"{asked.phase} is at {answered.old} already; nothing was changed\n")
    else:
        from changeover.views.text.gate import gate_screen

        show(gate_screen(verdict, screen_for(sys.stdout)))
    if answered.problem is not None:
        warn(f"the gate could not be asked: {answered.problem}")
    if entry is None and verdict is not None:
        say("nothing was changed; --force moves all the same, and the history will say that it was forced")
    outcome = None if entry is None else entry.gate_outcome
    if outcome is not None and outcome.forced:
        done = "would go" if asked.dry_run else "went"
        warn(f"FORCED: {asked.phase} {done} forward WITHOUT A PASSED GATE ({outcome}); it is written down")
    if asked.dry_run and entry is not None:
        say("dry run: nothing was changed; without --dry-run exactly this is done")


def _undo(asked: Asked, answered: Answered, back: str) -> str:
    if answered.entry is not None and answered.entry.gate is None:  # it went back itself
        return f'changeover flip {asked.phase} {answered.old} --reason "..."'
    return back


def _as_json(asked: Asked, answered: Answered, undo: str) -> dict[str, object]:
    from changeover.views.json import gate_json

    verdict, entry = answered.verdict, answered.entry
    return {
        "phase": asked.phase,
        "from": str(answered.old),
        "to": str(asked.new),
        "dry_run": asked.dry_run,
        "moved": None if entry is None else entry_data(entry),
        "revision_before": answered.revision,
        "gate": None if verdict is None else gate_json(verdict),
        "undo": None if entry is None else _undo(asked, answered, undo),
    }
