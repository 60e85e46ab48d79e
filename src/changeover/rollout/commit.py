"""A change of the flags: how it is written, to flags and history, and how those written are read back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from changeover.errors import describe_os_error
from changeover.quick_dataclass import dataclass
from changeover.rollout.flags_file import FlagsState, flags_content
from changeover.rollout.history import MOVING, REFUSED, Cause, HistoryEntry, HistoryLine, NotWrittenError
from changeover.rollout.migration_files import Place
from changeover.rollout.tripwire_state import Trips
from changeover.values.stage import ALL_STAGES, Setting, earlier, earliest_like, parse_setting


@dataclass(frozen=True, slots=True)
class Change:
    """One phase goes from `old` (None where it is unknown) to `new`."""

    phase: str
    old: Setting | None
    new: Setting

    @property
    def is_forward(self) -> bool:
        """Whether `new` is further than `old`, however many stages lie between."""
        old = self.old or earliest_like(self.new)
        return old != self.new and earlier(old, self.new) == old


@dataclass(frozen=True, slots=True)
class Link:
    """One change of flags.json: all lines that were written for it at once. `line` is the first of them."""

    line: int
    entries: tuple[HistoryEntry, ...]

    @property
    def first(self) -> HistoryEntry:
        """What all its lines have in common stands in each."""
        return self.entries[0]

    @property
    def summary(self) -> str:
        """What moved where, for messages."""
        moved = [f"{entry.phase} {entry.old or '?'} -> {entry.new}" for entry in self.entries if entry.phase]
        return ", ".join(moved) or self.first.action


def links_of(lines: Iterable[HistoryLine]) -> list[Link]:
    """Every change that was written down, in the order of the file."""
    links: list[Link] = []
    last = -1
    for line in lines:
        entry = line.entry
        if entry is None or entry.action not in MOVING:
            continue
        # Lines of one change were written at once, so that nothing lies between them.
        if line.number == last + 1 and _change(links[-1].entries[0]) == _change(entry):
            links[-1] = replace(links[-1], entries=(*links[-1].entries, entry))
        else:
            links.append(Link(line.number, (entry,)))
        last = line.number
    return links


def _change(entry: HistoryEntry) -> tuple[object, ...]:
    return entry.revision, entry.action, entry.at, entry.before, entry.after


def was_abandoned(links: Sequence[Link], at: int, digest: str | None) -> bool:
    """Whether a change was written down and never carried out: what came next began where it had begun.

    `digest` is that of flags.json now, which is what comes after the last one.
    """
    change = links[at].first
    following = links[at + 1].first if at + 1 < len(links) else None
    if following is not None and following.action == "repair":
        return False  # a repair says itself what became of the phases
    if change.before == REFUSED or (change.before is None and following and following.action != "flip"):
        return False  # refused or missing again: something else has happened since
    begun_from = digest if following is None else following.before
    return begun_from == change.before and change.before != change.after


def settings_by(links: Sequence[Link], digest: str | None) -> dict[str, Setting]:
    """Where the phases stand by what was written down and carried out; only those that ever moved."""
    settings = {}
    for at, link in enumerate(links):
        if was_abandoned(links, at, digest):
            continue
        for entry in link.entries:
            if entry.phase is not None and entry.new is not None:
                settings[entry.phase] = parse_setting(entry.new, ALL_STAGES)
    return settings


def entries_for(entry: HistoryEntry, changes: Sequence[Change]) -> list[HistoryEntry]:
    """An entry for each change, or the one without a phase where nothing moves."""
    moved = [
        replace(entry, phase=one.phase, old=None if one.old is None else str(one.old), new=str(one.new))
        for one in changes
    ]
    return moved or [entry]


def moved_since(links: Sequence[Link], settings: Mapping[str, Setting]) -> list[Change]:
    """What has moved since the last thing that was written down, carried out or not."""
    written = settings_by(links, "")
    changes = [Change(p, written.get(p, earliest_like(setting)), setting) for p, setting in settings.items()]
    return [one for one in changes if one.old != one.new]


def commit(
    place: Place,
    flags_state: FlagsState,
    settings: Mapping[str, Setting],
    changes: Sequence[Change],
    cause: Cause,
    *,
    forward: bool,
) -> list[HistoryEntry]:
    """Write flags and history; the caller holds the lock. Raises NotWrittenError.

    A step forward writes the history first: without its line it is not taken. A step back writes the flags
    first: it does not wait for the history, and `changeover history --verify` names a line that is missing.
    """
    asked = {change.phase for change in changes}
    others = {phase: setting for phase, setting in settings.items() if phase not in asked}
    held = tripped_changes(place, others, flags_state.revision)
    for phase, (change, why) in held.items():
        place.warn(f"the tripwire holds {phase} at {change.new} ({why}); flags.json says so from now on")
    settings = {**settings, **{phase: change.new for phase, (change, _) in held.items()}}
    changes = [*changes, *(change for change, _ in held.values())]
    revision = max(flags_state.revision, place.last_revision()) + 1
    content = flags_content(settings, revision=revision)
    before = flags_state.digest if flags_state.problem is None else REFUSED
    entries = entries_for(cause.entry(revision, before, content["metadata"]["digest"]), changes)
    entries = [entry.held_back() if entry.phase in held else entry for entry in entries]
    if forward:
        _commit_forward(place, content, entries)
    else:
        _commit_back(place, content, entries)
    return entries


def _commit_forward(place: Place, content: Mapping[str, object], entries: Sequence[HistoryEntry]) -> None:
    beside = None
    written_down = False
    try:
        beside = place.files.write_beside(place.flags, _text(content))
        place.write_down(entries)
        written_down = True
        place.files.replace(beside, place.flags)
    except OSError as error:
        if beside is not None:
            place.files.forget(beside)
        after = (
            f"revision {entries[0].revision} stands in the history and was not carried out: "
            "changeover history --verify"
            if written_down
            else "nothing was changed"
        )
        raise NotWrittenError(place.flags, error, then=f"; {after}") from error


def _commit_back(place: Place, content: Mapping[str, object], entries: Sequence[HistoryEntry]) -> None:
    try:
        beside = place.files.write_beside(place.flags, _text(content))
        place.files.replace(beside, place.flags)
    except OSError as error:
        place.warn(
            f"{place.flags}: no new file can be written ({describe_os_error(error)}); "
            "writing over the old one"
        )
        _overwrite(place, content)
    try:
        place.write_down(entries)
    except OSError as error:
        place.warn(
            f"{place.history}: could not be written ({describe_os_error(error)}); the move is done and not "
            "written down: when there is room again, changeover history --repair"
        )


def _overwrite(place: Place, content: Mapping[str, object]) -> None:
    """The last way on a full disk: the digest ignores white space, so the file can keep its size.

    A reader in the middle of it finds a wrong digest, and keeps its last good stages, or legacy.
    """
    compact = json.dumps(content, separators=(",", ":")).encode()
    try:
        place.files.overwrite(place.flags, compact.ljust(place.flags.stat().st_size))
    except OSError as error:
        raise NotWrittenError(place.flags, error, "could not be written over either") from error


def _text(content: Mapping[str, object]) -> bytes:
    return (json.dumps(content, indent=2) + "\n").encode()


def tripped_changes(
    place: Place, settings: Mapping[str, Setting], revision: int
) -> dict[str, tuple[Change, str]]:
    """Phases that trips.json holds back at `shadow`, each with its change and the reason.

    A trip ends with the next revision, so the next move writes its outcome into flags.json.
    """
    trips = Trips(place.trips)
    trips.look()
    held = {}
    for phase, setting in settings.items():
        at, why = trips.apply(phase, setting, revision)
        if why is not None:
            held[phase] = Change(phase, setting, at), why
    return held
