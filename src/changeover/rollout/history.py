"""`history.jsonl`: lines are only ever added, never changed or removed; and who adds one, and why."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from changeover.errors import ConfigurationError, describe_os_error
from changeover.quick_dataclass import dataclass
from changeover.settings import HISTORY_FILE, WHO_VARIABLE
from changeover.values.gate_verdict import Answer, GateVerdict
from changeover.values.stage import ALL_STAGES, parse_setting
from changeover.values.toml_table import Table, parse_json, shown, without_waiting

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

    def held_back(self) -> HistoryEntry:
        """The same line for a phase that the tripwire holds: no gate was asked about that."""
        reason = one_paragraph(f"held back by the tripwire; written down with: {self.reason}")
        return replace(self, reason=reason, gate=None, evidence=None, code=None, rules=None)


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
_MOVED, _SHOWN = ("phase", "old", "new"), ("gate", "evidence", "code", "rules", "before", "after")
_IN_ORDER = ("revision", "action", "at", "who", *_MOVED, "reason", *_SHOWN)


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
        with open(path, "rb", opener=without_waiting) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return [HistoryLine(0, problem=f"{path}: was not a regular file")]
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


def last_revision(lines: Iterable[HistoryLine]) -> int:
    """The highest that was ever written down; a line that was not carried out has used its number up."""
    return max((entry.revision for entry in entries_of(lines)), default=0)


def encoded(entries: Sequence[HistoryEntry]) -> bytes:
    """Whole lines, one for each entry."""
    return b"".join(json.dumps(entry_data(entry), ensure_ascii=False).encode() + b"\n" for entry in entries)


def entry_data(entry: HistoryEntry) -> dict[str, Any]:
    """The content of a line; what does not apply is left out."""
    data = {_KEYS.get(name, name): getattr(entry, name) for name in _IN_ORDER}
    data["at"] = entry.at.astimezone(UTC).isoformat().replace("+00:00", "Z")
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
    optional = {name: table.text(_KEYS.get(name, name), None) for name in (*_MOVED, *_SHOWN)}
    for name in ("old", "new"):
        try:
            _ = optional[name] is None or parse_setting(optional[name], ALL_STAGES)
        except ValueError as error:
            raise table.error(_KEYS[name], str(error)) from None
    return HistoryEntry(
        revision=table.whole("revision"),
        action=table.text("action", among=_ACTIONS),
        at=_moment(table),
        who=table.text("who"),
        reason=table.text("reason"),
        **optional,
    )


def _moment(table: Table) -> datetime:
    text, at = table.text("at"), None
    with suppress(ValueError):
        at = datetime.fromisoformat(text)
    if at is None or at.tzinfo is None:
        raise table.error("at", f"was {shown(text)}, allowed: a time with its zone, as 2026-11-20T20:45:03Z")
    return at.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Cause:
    """Who moves, why, when, and on which evidence."""

    action: str
    who: str
    reason: str
    now: datetime
    gate: GateOutcome | None = None
    evidence: str | None = None
    code: str | None = None
    rules: str | None = None

    def entry(self, revision: int, before: str | None, after: str | None) -> HistoryEntry:
        """The line of the history for a change of flags.json between these digests, without a phase yet."""
        gate = None if self.gate is None else str(self.gate)
        made = HistoryEntry(revision, self.action, self.now, self.who, self.reason, before, after)
        return replace(made, gate=gate, evidence=self.evidence, code=self.code, rules=self.rules)


def cause_of(
    action: str,
    who: str,
    reason: str,
    now: datetime,
    verdict: GateVerdict | None = None,
    *,
    forced: bool = False,
) -> Cause:
    """Put together what the history says about a move; raises ConfigurationError without a reason."""
    if not one_paragraph(reason):
        raise ConfigurationError("--reason", "was empty, needed: why, for those who read the history later")
    if now.tzinfo is None:
        raise ValueError("the moment of a move needs a zone")
    gate = None
    if verdict is not None:
        gate = GateOutcome(verdict.answer, forced)
    elif forced:
        gate = GateOutcome(forced=True, note="no verdict")
    on = () if verdict is None else (verdict.evidence or None, verdict.code, verdict.rules or None)
    who = one_paragraph(who) or "unknown"
    return Cause(action, who, one_paragraph(reason), now.astimezone(UTC), gate, *on)


class NotWrittenError(ConfigurationError):
    """A file could not be written."""

    def __init__(
        self, path: Path, error: OSError, what: str = "could not be written", then: str = ""
    ) -> None:
        super().__init__(str(path), f"{what}: {describe_os_error(error)}{then}")


def mover(named: str | None) -> str:
    """A name for the history; never asks and never fails."""
    given = named or os.environ.get(WHO_VARIABLE, "").strip()
    if given:
        return given
    import platform
    from getpass import getuser

    try:
        user = getuser()
    except (OSError, KeyError, ImportError):  # a container may run under a number that nobody named
        user = "unknown"
    return f"{user}@{platform.node() or 'unknown'}"
