"""Move phases under a lock: forward with a passed gate, back to where one came from, or all to `off`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from changeover.errors import ConfigurationError
from changeover.quick_dataclass import dataclass
from changeover.rollout.commit import Change, commit, links_of, settings_by, tripped_changes
from changeover.rollout.flags_file import FlagsState, read_flags
from changeover.rollout.history import Cause, HistoryEntry, HistoryLine, entries_of, last_revision
from changeover.rollout.migration_files import Place
from changeover.settings import PLAN_FILE
from changeover.values.gate_verdict import Answer, GateVerdict
from changeover.values.stage import (
    ALL_STAGES,
    SEAM_STAGES,
    Setting,
    Stage,
    Stages,
    Step,
    earlier,
    earliest,
    earliest_like,
    parse_setting,
    step,
)


class MovedMeanwhileError(ConfigurationError):
    """Another process moved first; look again before deciding."""


class NotAllowedError(ConfigurationError):
    """A step forward without a passed gate."""


def move(
    place: Place,
    phase: str,
    old: Setting,
    new: Setting,
    cause: Cause,
    *,
    stages: Stages | None,
    expected_revision: int | None = None,
    verdict: GateVerdict | None = None,
) -> HistoryEntry:
    """Move one phase from `old` to `new`, durably; returns the entry of the history.

    A step forward needs a passed verdict about this very step, or a cause that forces it. `expected_revision`
    is the revision on which the decision was made. Raises LockHeldError, MovedMeanwhileError,
    NotAllowedError, NotWrittenError, or ConfigurationError where the flags are refused; nothing has changed
    then.
    """
    forward = is_forward(phase, old, new)
    if forward and not (cause.gate is not None and cause.gate.forced):
        _demand_pass(phase, old, new, verdict)
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
    lines = place.lines() if flags_state.missing else []
    if any(entry.before is not None for entry in entries_of(lines)):
        raise ConfigurationError(
            str(place.flags),
            f"is missing, and the history knows revision {last_revision(lines)}; put it back, or begin at "
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


_BEFORE = {
    Stage.SHADOW: Stage.OFF,
    Stage.RAMP: Stage.SHADOW,
    Stage.LIVE: Stage.SHADOW,
    Stage.COMPLETE: Stage.LIVE,
    Stage.DONE: Stage.OPEN,
}


@dataclass(frozen=True, slots=True)
class RollbackPlan:
    """Where every phase will stand, and which of them move; `lost` are phases whose stage is unknown.

    It `is_needed` also where no phase moves but there is no good file.
    """

    flags_state: FlagsState
    settings: Mapping[str, Setting]
    changes: tuple[Change, ...]
    lost: tuple[str, ...] = ()
    is_needed: bool = True


def previous_setting(phase: str, current: Setting, entries: Sequence[HistoryEntry]) -> Setting:
    """The setting from which the last step led forward to `current`; without one, the stage before it."""
    for entry in reversed(entries):
        if entry.phase == phase and entry.new == str(current) and entry.old is not None:
            old = parse_setting(entry.old, ALL_STAGES)
            if _is_back(current, old):
                return old
    return Setting(_BEFORE.get(current.stage, current.stage))


def plan_rollback(
    flags_state: FlagsState,
    lines: Sequence[HistoryLine],
    stages: Stages | None,
    asked: Mapping[str, Setting | None] | None,
) -> RollbackPlan:
    """Work out a rollback. `asked` maps phases to stages (None: where it came from); None means all phases.

    Where flags are refused, a phase gets the earlier of what file and history say, and `off` where one of
    them cannot tell. Raises ConfigurationError for a step that does not lead back. Pure.
    """
    trusted, lost = _trusted(flags_state, lines, stages)
    if asked is None:
        asked = {p: earliest_like(s) for p, s in trusted.items() if s.stage in SEAM_STAGES}
    settings = dict(trusted)
    for phase, wanted in asked.items():
        if phase not in trusted:
            raise ConfigurationError.unknown(
                *("PHASE", f"{phase!r} is unknown", phase, trusted),
                none="none that can be read",
                more="; or --all",
            )
        settings[phase] = _target(phase, trusted[phase], wanted, lines, is_lost=phase in lost)
    changes = [Change(p, None if p in lost else trusted[p], s) for p, s in settings.items()]
    moving = tuple(one for one in changes if one.old != one.new)
    vanished = flags_state.missing and bool(links_of(lines))
    needed = bool(moving) or flags_state.problem is not None or vanished
    return RollbackPlan(flags_state, settings, moving, tuple(sorted(lost)), needed)


def roll_back(place: Place, stages: Stages | None, way: RollbackPlan, cause: Cause) -> list[HistoryEntry]:
    """Carry the rollback out; raises LockHeldError, MovedMeanwhileError or NotWrittenError."""
    with place.lock():
        if read_flags(place.flags, stages) != way.flags_state:
            raise MovedMeanwhileError(str(place.flags), "somebody else moved first; look again")
        return commit(place, way.flags_state, way.settings, way.changes, cause, forward=False)


def _is_back(current: Setting, old: Setting) -> bool:
    try:
        return step(current, old) is Step.BACK
    except ValueError:
        return False


def _target(
    phase: str, current: Setting, wanted: Setting | None, lines: Sequence[HistoryLine], *, is_lost: bool
) -> Setting:
    if is_lost:
        return current
    if wanted is None:
        return previous_setting(phase, current, entries_of(lines))
    try:
        kind = step(current, wanted)
    except ValueError as error:
        raise ConfigurationError("--to", str(error)) from None
    if kind is Step.FORWARD:
        forward = f"changeover flip {phase} {wanted} --reason ..."
        raise ConfigurationError("--to", f"{phase} is at {current} and {wanted} lies ahead; {forward}")
    return wanted


def _trusted(
    flags_state: FlagsState, lines: Sequence[HistoryLine], stages: Stages | None
) -> tuple[dict[str, Setting], set[str]]:
    links = links_of(lines)
    has_vanished = flags_state.missing and bool(links)
    if (flags_state.problem is None or flags_state.sealed) and not has_vanished:
        return flags_state.every_setting(stages), set()
    written = settings_by(links, "")
    # With a plan its phases alone: a file that names others would be refused again.
    names = dict.fromkeys((*flags_state.settings, *written)) if stages is None else stages
    trusted, lost = {}, set()
    for name in names:
        seen, told = flags_state.settings.get(name), written.get(name)
        if seen is not None and told is not None:
            trusted[name] = earlier(seen, told)
        else:
            known = seen or told
            first = earliest_like(known) if known else earliest((stages or {}).get(name, SEAM_STAGES))
            trusted[name] = first
            if known is None or known != first:
                lost.add(name)
    return trusted, lost
