"""`history.jsonl`: lines are only ever added, never changed or removed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from changeover.errors import ConfigurationError, describe_os_error
from changeover.settings import HISTORY_FILE
from changeover.values.gate_verdict import Answer
from changeover.values.stage import ALL_STAGES, Setting, parse_setting
from changeover.values.toml_table import Table, parse_json, shown

MOVING = frozenset({"flip", "rollback", "trip", "seal", "repair"})  # actions that say what flags.json became
REFUSED = "refused"  # stands for the digest of a file whose content nobody may trust
SWITCHING = frozenset({"kill", "unkill"})


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """`action` is flip, rollback, trip, seal, repair, kill or unkill; `before` and `after` are digests.

    The digests are those of flags.json; `before` is None where it was missing, `refused` where it was that.
    A move of several phases at once has one entry for each, with the same revision. For kill and unkill, and
    for a seal or repair that changes no stage, `phase`, `old` and `new` are None; `old` alone is None where
    nobody can tell. `gate` is the text of `gate_outcome`, None for a step that asked no gate. `at` is in UTC.
    """

    revision: int
    action: str
    at: datetime
    who: str
    reason: str
    before: str | None
    after: str | None
    phase: str | None = None
    old: str | None = None
    new: str | None = None
    gate: str | None = None
    evidence: str | None = None
    code: str | None = None
    rules: str | None = None

    @property
    def gate_outcome(self) -> GateOutcome | None:
        """What the gate answered; None for a step that asked no gate."""
        return None if self.gate is None else GateOutcome.parse(self.gate)


_FORCED = "forced"


@dataclass(frozen=True, slots=True)
class GateOutcome:
    """What a gate said to a step forward, and whether it was taken all the same (`forced`).

    `answer` is None where no gate answered; `note` then says why, or is what another version wrote.
    """

    answer: Answer | None = None
    forced: bool = False
    note: str = ""

    def __str__(self) -> str:
        word = self.note if self.answer is None else str(self.answer)
        return f"{_FORCED}: {word}" if self.forced else word

    @classmethod
    def parse(cls, text: str) -> GateOutcome:
        """Read the text of the history; `str` gives any text back as it was."""
        first, _, rest = text.partition(": ")
        forced = first == _FORCED and bool(rest)
        word = rest if forced else text
        answer = next((one for one in Answer if one == word), None)
        return cls(answer, forced, "" if answer else word)


HISTORY_BYTES_MAX = 64 * 1024 * 1024
TEXT_CHARACTERS_MAX = 1_000
_ACTIONS = sorted(MOVING | SWITCHING)
_KEYS = {"old": "from", "new": "to"}  # field -> key in the file, where they differ
_OPTIONAL = ("before", "after", "phase", "old", "new", "gate", "evidence", "code", "rules")


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One line as it was read: an entry, or what is wrong. Numbers begin at 1; 0 is the whole file."""

    number: int
    entry: HistoryEntry | None = None
    problem: str = ""


def read_history(directory: Path) -> tuple[list[HistoryEntry], list[str]]:
    """The entries, oldest first, and what is wrong with lines that are none; never raises.

    A damaged line stays for ever. It is named until a repair has written down what came of it.
    """
    lines = read_lines(directory / HISTORY_FILE)
    repaired = max((line.number for line in lines if line.entry and line.entry.action == "repair"), default=0)
    open_ = (line for line in lines if line.number == 0 or line.number > repaired)
    return entries_of(lines), [line.problem for line in open_ if line.entry is None]


def read_lines(path: Path) -> list[HistoryLine]:
    """Every line of the file, good or not; a missing file has none. Never raises."""
    try:
        with path.open("rb") as file:
            data = file.read(HISTORY_BYTES_MAX + 1)
    except FileNotFoundError:
        return []
    except OSError as error:
        return [HistoryLine(0, problem=f"{path}: could not be read: {describe_os_error(error)}")]
    if len(data) > HISTORY_BYTES_MAX:
        return [HistoryLine(0, problem=f"{path}: is longer than {HISTORY_BYTES_MAX} bytes, move it away")]
    numbered = enumerate(data.split(b"\n"), start=1)
    return [_line(f"{path.name} line {number}", number, line) for number, line in numbered if line.strip()]


def entries_of(lines: Iterable[HistoryLine]) -> list[HistoryEntry]:
    """Those that are good."""
    return [line.entry for line in lines if line.entry is not None]


def last_revision(entries: Iterable[HistoryEntry]) -> int:
    """The highest that was ever written down; a line that was not carried out has used its number up."""
    return max((entry.revision for entry in entries), default=0)


def encoded(entries: Sequence[HistoryEntry]) -> bytes:
    """Whole lines, one for each entry."""
    return b"".join(json.dumps(entry_data(entry), ensure_ascii=False).encode() + b"\n" for entry in entries)


def entry_data(entry: HistoryEntry) -> dict[str, Any]:
    """The content of a line; what does not apply is left out."""
    at = entry.at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    data: dict[str, Any] = {"revision": entry.revision, "action": entry.action, "at": at, "who": entry.who}
    for name in ("phase", "old", "new"):
        data[_KEYS.get(name, name)] = getattr(entry, name)
    data["reason"] = entry.reason
    for name in ("gate", "evidence", "code", "rules", "before", "after"):
        data[name] = getattr(entry, name)
    return {key: value for key, value in data.items() if value is not None}


def one_paragraph(text: str) -> str:
    """A name or a reason as it is written down: one paragraph of bounded length that is valid UTF-8."""
    plain = " ".join(text.encode("utf-8", "backslashreplace").decode().split())
    return plain if len(plain) <= TEXT_CHARACTERS_MAX else plain[: TEXT_CHARACTERS_MAX - 1] + "…"


def _line(where: str, number: int, line: bytes) -> HistoryLine:
    try:
        return HistoryLine(number, _entry(Table(parse_json(line.decode(), where), where)))
    except UnicodeDecodeError as error:
        return HistoryLine(number, problem=f"{where}: was not UTF-8 at byte {error.start}")
    except ConfigurationError as error:
        return HistoryLine(number, problem=str(error))


def _entry(table: Table) -> HistoryEntry:
    """Keys that nobody knows are left alone: a newer version may have added them."""
    optional = {name: table.text(_KEYS.get(name, name), None) for name in _OPTIONAL}
    for name in ("old", "new"):
        _check_stage(table, _KEYS[name], optional[name])
    return HistoryEntry(
        revision=table.whole("revision"),
        action=table.text("action", among=_ACTIONS),
        at=_moment(table),
        who=table.text("who"),
        reason=table.text("reason"),
        **optional,
    )


def _check_stage(table: Table, key: str, text: str | None) -> None:
    try:
        _ = None if text is None else parse_setting(text, ALL_STAGES)
    except ValueError as error:
        raise table.error(key, str(error)) from None


def _moment(table: Table) -> datetime:
    text = table.text("at")
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise table.error("at", f"was {shown(text)}, allowed: a time with its zone, as 2026-11-20T20:45:03Z")
    return at.astimezone(UTC)


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
