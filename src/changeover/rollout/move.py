"""Move a phase: under a lock, by compare-and-swap on the revision, forward only with a passed gate."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from changeover.errors import ConfigurationError
from changeover.rollout.commit import Change, cause_of, commit, tripped_changes
from changeover.rollout.flags_file import FlagsState, read_flags
from changeover.rollout.history import HistoryEntry, entries_of, last_revision, read_lines
from changeover.rollout.migration_files import Place, place_of, stages_of
from changeover.rollout.plan_file import Plan
from changeover.settings import PLAN_FILE
from changeover.values.gate_verdict import Answer, GateVerdict
from changeover.values.stage import Setting, Step, earliest, earliest_like, step


class MovedMeanwhileError(ConfigurationError):
    """Another process moved first; look again before deciding."""


class NotAllowedError(ConfigurationError):
    """A step forward without a passed gate."""


def move(
    directory: Path,
    phase: str,
    old: Setting,
    new: Setting,
    *,
    plan: Plan | None,
    action: str,
    who: str,
    reason: str,
    now: datetime,
    expected_revision: int | None = None,
    gate_verdict: GateVerdict | None = None,
    forced: bool = False,
    place: Place | None = None,
) -> HistoryEntry:
    """Move one phase from `old` to `new`, durably; returns the entry of the history.

    A step forward needs a passed verdict about this very step, or `forced`. `expected_revision` is the
    revision on which the decision was made. Raises LockHeldError, MovedMeanwhileError, NotAllowedError,
    NotWrittenError, or ConfigurationError where the flags are refused; nothing has changed then.
    """
    forward = is_forward(phase, old, new)
    if forward and not forced:
        _demand_pass(phase, old, new, gate_verdict)
    cause = cause_of(action, who, reason, now, gate_verdict, forced=forced and forward)
    place = place or place_of(directory)
    stages = stages_of(plan)
    if stages is not None and phase not in stages:
        raise ConfigurationError(
            PLAN_FILE, f"phase {phase!r} is unknown, allowed: {', '.join(stages) or 'none'}"
        )
    with place.lock():
        flags_state = read_flags(place.flags, stages)
        check_unmoved(place, flags_state, expected_revision)
        if forward:
            _check_not_lost(place, flags_state)
            _check_not_tripped(place, flags_state, phase)
        unmoved = earliest_like(old) if stages is None else earliest(stages[phase])
        found = flags_state.settings.get(phase, unmoved)
        if found != old:
            raise MovedMeanwhileError(str(place.flags), f"{phase} was {old}, is {found}; look again")
        settings = {**flags_state.every_setting(stages), phase: new}
        return commit(place, flags_state, settings, [Change(phase, old, new)], cause, forward=forward)[0]


def is_forward(phase: str, old: Setting, new: Setting) -> bool:
    """Whether a step needs a gate; raises ConfigurationError for one that is none or skips a stage."""
    try:
        kind = step(old, new)
    except ValueError as error:
        raise ConfigurationError(f"phase {phase!r}", str(error)) from None
    if kind is Step.NONE:
        raise ConfigurationError(f"phase {phase!r}", f"is at {new} already, nothing was changed")
    return kind is Step.FORWARD


def _demand_pass(phase: str, old: Setting, new: Setting, verdict: GateVerdict | None) -> None:
    place = f"phase {phase!r}"
    if verdict is None or (verdict.phase, verdict.old, verdict.new) != (phase, old, new):
        raise NotAllowedError(place, f"{old} -> {new} goes forward and no gate was asked about it")
    if verdict.answer is not Answer.PASS:
        raise NotAllowedError(place, f"{old} -> {new} goes forward and the gate answered {verdict.answer}")


def check_unmoved(place: Place, flags_state: FlagsState, expected_revision: int | None) -> None:
    """Refuse to move on flags that are refused, or that have another revision than expected."""
    if flags_state.problem is not None:
        raise ConfigurationError(flags_state.problem.where, flags_state.problem.problem)
    if expected_revision is not None and flags_state.revision != expected_revision:
        raise MovedMeanwhileError(
            str(place.flags),
            f"somebody else moved first: revision was {expected_revision}, is {flags_state.revision}; "
            "look again",
        )


def _check_not_lost(place: Place, flags_state: FlagsState) -> None:
    entries = entries_of(read_lines(place.history)) if flags_state.missing else []
    if any(entry.before is not None for entry in entries):
        raise ConfigurationError(
            str(place.flags),
            f"is missing, and the history knows revision {last_revision(entries)}; put it back, or begin at "
            "off: changeover rollback --all",
        )


def _check_not_tripped(place: Place, flags_state: FlagsState, phase: str) -> None:
    held = tripped_changes(place, flags_state.settings, flags_state.revision).get(phase)
    if held is not None:
        change, why = held
        raise ConfigurationError(
            f"phase {phase!r}",
            f"the tripwire holds it at {change.new} ({why}); nothing was changed; go forward from there: "
            f"changeover rollback {phase} --to {change.new}",
        )
