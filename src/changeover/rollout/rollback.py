"""Roll phases back: one to where it came from, or all to `off`; also from flags that are refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from changeover.errors import ConfigurationError
from changeover.rollout.commit import Cause, Change, commit
from changeover.rollout.flags_file import FlagsState, read_flags
from changeover.rollout.history import (
    HistoryEntry,
    HistoryLine,
    entries_of,
    links_of,
    read_lines,
    settings_by,
)
from changeover.rollout.migration_files import Place
from changeover.rollout.move import MovedMeanwhileError
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
            known = ", ".join(trusted) or "none that can be read"
            raise ConfigurationError("PHASE", f"{phase!r} is unknown, allowed: {known}; or --all")
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


def read_flags_and_history(place: Place, stages: Stages | None) -> tuple[FlagsState, list[HistoryLine]]:
    """Read what a rollback starts from."""
    return read_flags(place.flags, stages), read_lines(place.history)


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
    if flags_state.problem is None or flags_state.sealed:
        missing_after_moves = flags_state.missing and bool(links_of(lines))
        if not missing_after_moves:
            return flags_state.every_setting(stages), set()
    written = settings_by(links_of(lines), "")
    names = _names(stages, flags_state.settings, written)
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


def _names(stages: Stages | None, *found: Iterable[str]) -> list[str]:
    """With a plan, its phases alone: a file that names others would be refused again."""
    return list(stages) if stages is not None else list(dict.fromkeys(name for one in found for name in one))
