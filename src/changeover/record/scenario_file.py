"""Scenario files: recorded runs as JSON lines, each an input and a tape that can be replayed again."""

from __future__ import annotations

import json
from collections.abc import Iterable
from copy import copy
from pathlib import Path
from typing import Any

from changeover.errors import ConfigurationError, describe_os_error
from changeover.quick_dataclass import dataclass
from changeover.record.call_inputs import ARGUMENTS
from changeover.record.codec import Codec, CodecError
from changeover.record.port import PortBook
from changeover.record.run import Run
from changeover.record.stored_tape import add_tape, read_outcome, read_tape
from changeover.record.tape import Entry, Tape, near
from changeover.values.atomic_file import write_file
from changeover.values.observation import Outcome, Raised, Side
from changeover.values.toml_table import Table, parse_json
from changeover.values.verdict import Verdict

SCHEMA_VERSION = 1
LINE_BYTES_MAX = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Scenario:
    """One recorded run as an input: what the seam was called with, and what the answering path met.

    `answer` is how the answering path ended, as it is compared: through its view; None where it is not known.
    `correlation_id` is that of the whole run ("history/2011-08-09"), by which an app finds its case again.
    `code` is the digest of the code that answered, None where it is not known; `renewed` has a line for each
    time that the recording was made anew, with the reason. `schedule` says in which order the candidate is
    given its events (`replay.schedule`); empty as its bus would. `changed` has the arguments that the
    answering path had changed when it answered, as they were then; None where that is not known.
    """

    id: str
    seam: str
    answered_by: Side
    key: str | None
    tags: tuple[str, ...]
    arguments: dict[str, Any]
    tape: Tape
    answer: Outcome | None = None
    correlation_id: str = ""
    code: str | None = None
    renewed: tuple[str, ...] = ()
    schedule: str = ""
    changed: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class DamagedLine:
    """A line that could not be read; lines count from 1."""

    file: Path
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.reason}"


@dataclass(frozen=True, slots=True)
class ScenarioFile:
    """What was read from one file; damaged lines are named, and the rest is there."""

    scenarios: tuple[Scenario, ...]
    damaged: tuple[DamagedLine, ...]


def scenario_of(run: Run, code: str | None = None) -> Scenario:
    """The run as an input for later ones; `code` is the digest of the code that answered.

    One whose inputs or answer could not be kept has a tape that may not be replayed.
    """
    tape = run.tape
    if run.answered is None and run.verdict is Verdict.FAILED and tape.problem is None:
        tape = copy(tape)
        tape.problem = run.reason
    left = None if run.answered is None else run.answered.changed
    return Scenario(
        run.id,
        run.seam,
        run.answered_by,
        run.key,
        run.tags,
        run.arguments,
        tape,
        None if run.answered is None else run.answered.outcome,
        run.correlation_id,
        code,
        changed=None if left is None else dict(left.get(ARGUMENTS, {})),
    )


def to_line(scenario: Scenario, codec: Codec) -> str:
    """One line of JSON; raises CodecError naming the place of the first value that would not survive it.

    An answer that would not survive is left out: the line can still be replayed by both paths.
    """
    problem = scenario.tape.problem or codec.problem_of(scenario.arguments, "arguments")
    if problem is not None:
        raise CodecError(problem)
    head: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "id": scenario.id,
        "seam": scenario.seam,
        "answered_by": str(scenario.answered_by),
        "key": scenario.key,
        "tags": list(scenario.tags),
        "correlation_id": scenario.correlation_id or None,
        "arguments": codec.encode(scenario.arguments, "arguments"),
        "answer": _answer(scenario, codec),
        **_changed(scenario, codec),
        "supplements": scenario.tape.supplements,
        "calls": [_call(entry, codec) for entry in scenario.tape.entries],
    }
    add_tape(head, scenario.tape, codec.encode)
    if scenario.code is not None:
        head["code"] = scenario.code
    if scenario.renewed:
        head["renewed"] = list(scenario.renewed)
    if scenario.schedule:
        head["schedule"] = scenario.schedule
    line = json.dumps(head, ensure_ascii=False, separators=(",", ":"))
    try:
        line.encode()
    except UnicodeEncodeError:  # half of a pair of surrogates is no UTF-8, and JSON has a form for it
        return json.dumps(head, separators=(",", ":"))
    return line


def _answer(scenario: Scenario, codec: Codec) -> dict[str, Any] | None:
    try:
        return None if scenario.answer is None else _written(named_outcome(scenario.answer), "answer", codec)
    except CodecError:
        return None


def _changed(scenario: Scenario, codec: Codec) -> dict[str, Any]:
    """What stands in a line of changed arguments: nothing where they are not known, or would not survive."""
    changed = scenario.changed
    if changed is None or codec.problem_of(changed, "changed") is not None:
        return {}
    return {"changed": codec.encode(changed, "changed")}


def _call(entry: Entry, codec: Codec) -> dict[str, Any]:
    given = {"args": list(entry.args), "kwargs": entry.kwargs}
    parts = {key: value for key, value in given.items() if value} | named_outcome(entry.outcome)
    if entry.left is not None:
        parts["left"] = [[*entry.left[0]], entry.left[1]]
    written = _written(parts, entry.method.full_name, codec)
    data: dict[str, Any] = {"port": entry.method.port, "method": entry.method.name, **written}
    if entry.outcome is None:
        data["digest"] = entry.answer_digest
    if entry.site is not None:
        data["site"] = list(near(entry.site))
    if entry.owner is not None:
        data["object"] = {**entry.owner.texts}
    if entry.method.hook.gives_coroutine:
        data["awaited"] = True
    return data


def named_outcome(outcome: Outcome | None) -> dict[str, Any]:
    """How a call ended, as a table says it."""
    if outcome is None:
        return {}
    return {"raised": outcome.error} if isinstance(outcome, Raised) else {"returned": outcome.value}


def _written(parts: dict[str, Any], place: str, codec: Codec) -> dict[str, Any]:
    for key, value in parts.items():
        problem = codec.problem_of(value, f"{place} {key}")
        if problem is not None:
            raise CodecError(problem)
    return {key: codec.encode(value) for key, value in parts.items()}


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """Write a file anew, with its folder; raises ConfigurationError where it cannot be written."""
    try:
        write_file(path, "".join(f"{line}\n" for line in lines).encode())
    except OSError as error:
        raise ConfigurationError(str(path), f"could not be written: {describe_os_error(error)}") from error


def read_scenarios(path: Path, codec: Codec, book: PortBook) -> ScenarioFile:
    """Read a file line by line; only a file that cannot be opened at all raises ConfigurationError."""
    scenarios: list[Scenario] = []
    damaged: list[DamagedLine] = []
    try:
        with path.open("rb") as file:
            number = 0
            while line := file.readline(LINE_BYTES_MAX + 1):
                number += 1
                try:
                    if line.strip():
                        scenarios.append(from_line(line, codec, book))
                except (CodecError, ConfigurationError) as error:
                    damaged.append(DamagedLine(path, number, str(error)))
                while len(line) > LINE_BYTES_MAX and not line.endswith(b"\n"):
                    line = file.readline(LINE_BYTES_MAX + 1)
    except OSError as error:
        raise ConfigurationError(str(path), f"could not be read: {describe_os_error(error)}") from error
    return ScenarioFile(tuple(scenarios), tuple(damaged))


def from_line(line: bytes, codec: Codec, book: PortBook) -> Scenario:
    """The inverse of `to_line`; raises CodecError, or ConfigurationError where the program changed since."""
    if len(line) > LINE_BYTES_MAX:
        raise ConfigurationError("line", f"was longer than {LINE_BYTES_MAX} bytes")
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ConfigurationError("line", f"was not UTF-8 at byte {error.start}") from error
    top = Table(parse_json(text, "line"), "line")
    version = top.whole("schema_version")
    if version != SCHEMA_VERSION:
        raise top.error("schema_version", f"was {version}, allowed: {SCHEMA_VERSION}")
    tape = read_tape(top, codec, book)
    tape.is_of_elsewhere = True
    arguments = codec.decode(top.raw("arguments"), "arguments")
    if not isinstance(arguments, dict):
        raise top.error("arguments", "was no table")
    changed = codec.decode(top.raw("changed"), "changed") if top.has("changed") else None
    if changed is not None and not isinstance(changed, dict):
        raise top.error("changed", "was no table")
    answer = None if top.raw("answer") is None else top.table("answer")
    scenario = Scenario(
        id=top.text("id"),
        seam=top.text("seam"),
        answered_by=Side(top.text("answered_by", among=list(Side))),
        key=None if top.raw("key") is None else top.text("key"),
        tags=top.texts("tags"),
        arguments=arguments,
        tape=tape,
        answer=None if answer is None else read_outcome(answer, codec, "answer"),
        correlation_id="" if top.raw("correlation_id") is None else top.text("correlation_id"),
        code=top.text("code", None),
        renewed=top.texts("renewed"),
        schedule=top.text("schedule", ""),
        changed=changed,
    )
    top.done()
    return scenario
