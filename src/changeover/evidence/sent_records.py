"""Records of runs on their way from a process that replays to the one that counts: as JSON, and back."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from changeover.compare.change_pattern import Change, ChangePattern
from changeover.compare.clusters import Fingerprint, RunFound
from changeover.compare.effects import EffectTally
from changeover.compare.findings import Accepted
from changeover.compare.provenance import Sighting
from changeover.compare.rule import Rule
from changeover.evidence.reasons_not_compared import NotCompared
from changeover.evidence.run_record import RunRecord, SmallestRun
from changeover.evidence.sent_values import value_received, value_sent
from changeover.evidence.store.records import StoredRun
from changeover.evidence.unanswered_reads import Advice, Way
from changeover.values.divergence import Divergence, Kind
from changeover.values.log_line import LogLine
from changeover.values.observation import LoggedBy, PortCall, Returned, Side
from changeover.values.source_line import SourceLines
from changeover.values.verdict import Verdict

RulesByNumber = Mapping[int, Rule]
_ROW = tuple(one.name for one in fields(StoredRun) if one.name not in ("at", "renewed_at", "tape"))
_TUPLES = frozenset({"clusters", "tags", "unsafe"})


def record_sent(record: RunRecord) -> dict[str, Any]:
    """The record as JSON, without the run itself."""
    return {
        "seam": record.seam,
        "phase": record.phase,
        "answered_by": record.answered_by,
        "verdict": record.verdict,
        "calls": record.calls,
        "differs": record.differs,
        "own_times": record.own_times,
        "gave_nothing": record.gave_nothing,
        "reads": record.reads,
        "tags": record.tags,
        "effects": [asdict(one) for one in record.effects],
        "refused": record.refused,
        "world": record.world,
        "accepted": [
            [one.rule.number, one.hits, None if one.largest is None else str(one.largest), one.differs]
            for one in record.accepted
        ],
        "found": None if record.found is None else _found_sent(record.found),
        "smallest": [
            [_fingerprint_sent(of), one.size, one.sighting and asdict(one.sighting), _logged_sent(one.logged)]
            for of, one in record.smallest.items()
        ],
        "not_compared": None if record.not_compared is None else _reason_sent(record.not_compared),
        "row": None if record.row is None else _row_sent(record.row),
        "is_seen": record.seen is not None,
    }


def record_received(data: Mapping[str, Any], rules: RulesByNumber) -> tuple[RunRecord, bool]:
    """The record, and whether its run was compared, so that its inputs are to be looked at."""
    times = data["own_times"]
    record = RunRecord(
        data["seam"],
        data["phase"],
        Side(data["answered_by"]),
        Verdict(data["verdict"]),
        calls=tuple(data["calls"]),
        differs=data["differs"],
        own_times=None if times is None else (times[0], times[1]),
        gave_nothing=data["gave_nothing"],
        reads={Side(side): tuple(methods) for side, methods in data["reads"].items()},
        tags=tuple(data["tags"]),
        effects=tuple(EffectTally(**one) for one in data["effects"]),
        refused=tuple(data["refused"]),
        world=data["world"],
        accepted=tuple(
            Accepted(rules[number], hits, None if largest is None else Decimal(largest), differs)
            for number, hits, largest, differs in data["accepted"]
        ),
        found=None if data["found"] is None else _found_received(data["found"]),
        smallest={
            _fingerprint_received(one): SmallestRun(
                size, sighting and Sighting(**sighting), _logged_received(logged)
            )
            for one, size, sighting, logged in data["smallest"]
        },
        not_compared=None if data["not_compared"] is None else _reason_received(data["not_compared"]),
        row=None if data["row"] is None else _row_received(data["row"]),
    )
    return record, data["is_seen"]


def _found_sent(found: RunFound) -> dict[str, Any]:
    return {
        "run": found.run,
        "seam": found.seam,
        "divergences": [_divergence_sent(one) for one in found.divergences],
        "fingerprints": [_fingerprint_sent(one) for one in found.fingerprints],
        "size": found.size,
        "reached": sorted(found.reached),
        "lines": [[one.legacy, one.candidate] for one in found.lines],
    }


def _found_received(data: Mapping[str, Any]) -> RunFound:
    return RunFound(
        data["run"],
        data["seam"],
        tuple(map(_divergence_received, data["divergences"])),
        None,
        data["size"],
        frozenset(data["reached"]),
        None,
        tuple(map(_fingerprint_received, data["fingerprints"])),
        tuple(SourceLines(*one) for one in data["lines"]),
    )


def _divergence_sent(found: Divergence) -> dict[str, Any]:
    data = {one.name: getattr(found, one.name) for one in fields(found)}
    return {**data, "legacy": value_sent(found.legacy), "candidate": value_sent(found.candidate)}


def _divergence_received(data: Mapping[str, Any]) -> Divergence:
    sides = {side: value_received(data[side]) for side in ("legacy", "candidate")}
    detail = None if data["detail"] is None else Kind(data["detail"])
    return Divergence(**{**data, **sides, "kind": Kind(data["kind"]), "detail": detail})


def _fingerprint_sent(one: Fingerprint) -> list[Any]:
    return [one.seam, one.place, one.kind, one.pattern.change, one.pattern.parts]


def _fingerprint_received(data: list[Any]) -> Fingerprint:
    seam, place, kind, change, parts = data
    return Fingerprint(seam, place, Kind(kind), ChangePattern(Change(change), tuple(parts)))


def _logged_sent(logged: tuple[LoggedBy, ...]) -> list[Any]:
    return [[side, line.level, line.source, line.text] for side, line in logged]


def _logged_received(data: list[Any]) -> tuple[LoggedBy, ...]:
    return tuple((Side(side), LogLine(level, source, text)) for side, level, source, text in data)


def _reason_sent(reason: NotCompared) -> dict[str, Any]:
    names = ("seam", "reason", "place", "detail", "example", "asked_by", "runs", "differing")
    return {
        **{name: getattr(reason, name) for name in names},
        "asked": _call_sent(reason.asked),
        "recorded": _call_sent(reason.recorded),
        "advice": reason.advice and [reason.advice.way, reason.advice.line],
        "logged": _logged_sent(reason.logged),
    }


def _reason_received(data: Mapping[str, Any]) -> NotCompared:
    advice = data["advice"]
    known = {
        "asked_by": Side(data["asked_by"]),
        "asked": _call_received(data["asked"]),
        "recorded": _call_received(data["recorded"]),
        "advice": None if advice is None else Advice(Way(advice[0]), advice[1]),
        "logged": _logged_received(data["logged"]),
        "differing": tuple(data["differing"]),
    }
    return NotCompared(**{**data, **known})


def _call_sent(call: PortCall | None) -> list[Any] | None:
    if call is None:
        return None
    arguments = [[name, value_sent(value)] for name, value in call.arguments.items()]
    return [call.port, call.method, arguments, call.position, call.asked_at]


def _call_received(data: list[Any] | None) -> PortCall | None:
    if data is None:
        return None
    port, method, arguments, position, asked_at = data
    values = {name: value_received(value) for name, value in arguments}
    return PortCall(port, method, None, values, Returned(None), position, asked_at)


def _row_sent(row: StoredRun) -> dict[str, Any]:
    times = {
        name: value and value.isoformat() for name, value in (("at", row.at), ("renewed", row.renewed_at))
    }
    return {**times, **{name: getattr(row, name) for name in _ROW}}


def _row_received(data: Mapping[str, Any]) -> StoredRun:
    """The row, but for a tape, which stays as it is where there is one."""
    known: dict[str, Any] = {name: tuple(data[name]) if name in _TUPLES else data[name] for name in _ROW}
    known |= {"answered_by": Side(data["answered_by"]), "verdict": Verdict(data["verdict"])}
    renewed = data["renewed"]
    return StoredRun(
        at=datetime.fromisoformat(data["at"]),
        renewed_at=None if renewed is None else datetime.fromisoformat(renewed),
        **known,
    )


def row_in_bytes(row: StoredRun) -> bytes:
    """The row with its tape, for another machine."""
    tape = None if row.tape is None else b64encode(row.tape).decode()
    return json.dumps({**_row_sent(row), "tape": tape}).encode()


def row_from_bytes(data: bytes) -> StoredRun:
    """The row again."""
    known = json.loads(data)
    tape = known["tape"]
    return replace(_row_received(known), tape=None if tape is None else b64decode(tape))
