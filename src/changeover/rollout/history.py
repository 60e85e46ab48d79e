"""`history.jsonl`: lines are added to it, and none is ever changed or removed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from changeover.errors import ConfigurationError
from changeover.flips.entry import MOVING, SWITCHING, HistoryEntry
from changeover.flips.place import HISTORY_FILE
from changeover.values.pins import ALL_STAGES
from changeover.values.stage import parse_setting
from changeover.values.toml_table import Table, parse_json, shown

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
        return [HistoryLine(0, problem=f"{path}: could not be read: {error.strerror or error}")]
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


def said(text: str) -> str:
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
