"""`history.jsonl` is read line by line: what is damaged is named, and everything else still counts."""

import json
from pathlib import Path

import pytest

from changeover.rollout.history import GateOutcome, HistoryEntry, encoded, read_history
from changeover.values.gate_verdict import Answer
from tests.changeover.support.migration_folder import NOW

ENTRY = HistoryEntry(15, "flip", NOW, "anna", "why", "sha256:a", "sha256:b", "portfolio", "live", "ramp:12.5")
DATA = json.loads(encoded([ENTRY]))


def test_a_line_says_it_in_words_that_other_tools_can_read() -> None:
    assert encoded([ENTRY]).decode() == (
        '{"revision": 15, "action": "flip", "at": "2026-11-20T20:45:03Z", "who": "anna", '
        '"phase": "portfolio", "from": "live", "to": "ramp:12.5", "reason": "why", '
        '"before": "sha256:a", "after": "sha256:b"}\n'
    )


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    full = HistoryEntry(2, "trip", NOW, "x", "y", None, "b", "p", None, "off", "pass", "e", "c", "r")
    kill = HistoryEntry(2, "kill", NOW, "x", "y", "b", "b")
    (tmp_path / "history.jsonl").write_bytes(encoded([ENTRY, full, kill]))
    assert read_history(tmp_path) == ([ENTRY, full, kill], [])


def test_a_folder_without_a_history_has_none(tmp_path: Path) -> None:
    assert read_history(tmp_path) == ([], [])


def test_a_key_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "history.jsonl").write_text(json.dumps({**DATA, "ticket": "OPS-1"}) + "\n")
    assert read_history(tmp_path) == ([ENTRY], [])


DAMAGED = {
    "torn": (json.dumps(DATA)[:-9], "not valid JSON"),
    "a list": ("[]", "allowed: a table"),
    "no revision": (json.dumps({**DATA, "revision": None}), "revision: was None"),
    "unknown action": (
        json.dumps({**DATA, "action": "flop"}),
        "action: was 'flop', did you mean \"flip\"? allowed: flip, kill",
    ),
    "unknown stage": (json.dumps({**DATA, "to": "shaddow"}), "to: stage was 'shaddow'"),
    "time without zone": (json.dumps({**DATA, "at": "2026-11-20T20:45:03"}), "a time with its zone"),
    "no time": (json.dumps({**DATA, "at": "yesterday"}), "a time with its zone"),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_a_damaged_line_is_named_and_the_others_count(tmp_path: Path, case: str) -> None:
    line, problem = DAMAGED[case]
    (tmp_path / "history.jsonl").write_bytes(encoded([ENTRY]) + line.encode() + b"\n\n" + encoded([ENTRY]))
    entries, problems = read_history(tmp_path)
    assert entries == [ENTRY, ENTRY]
    assert problems[0].startswith("history.jsonl line 2")
    assert problem in problems[0]


def test_a_damaged_line_is_named_no_more_once_a_repair_has_answered_it(tmp_path: Path) -> None:
    repair = HistoryEntry(15, "repair", NOW, "ben", "line 1", "sha256:b", "sha256:b")
    path = tmp_path / "history.jsonl"
    path.write_bytes(b"{\n" + encoded([ENTRY, repair]))
    assert read_history(tmp_path) == ([ENTRY, repair], [])
    path.write_bytes(path.read_bytes() + b"{\n")
    assert len(read_history(tmp_path)[1]) == 1


def test_bytes_that_are_no_text_are_named(tmp_path: Path) -> None:
    (tmp_path / "history.jsonl").write_bytes(b"\xff\n" + encoded([ENTRY]))
    assert read_history(tmp_path) == ([ENTRY], ["history.jsonl line 1: was not UTF-8 at byte 0"])


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("pass", GateOutcome(Answer.PASS)),
        ("forced: fail", GateOutcome(Answer.FAIL, forced=True)),
        ("forced: no verdict", GateOutcome(forced=True, note="no verdict")),
        ("forced: by hand", GateOutcome(forced=True, note="by hand")),
        ("forced by a newer version", GateOutcome(note="forced by a newer version")),
        ("forced: ", GateOutcome(note="forced: ")),
    ],
)
def test_what_a_gate_said_is_read_into_fields_and_written_as_it_was(text: str, outcome: GateOutcome) -> None:
    assert GateOutcome.parse(text) == outcome
    assert str(outcome) == text
