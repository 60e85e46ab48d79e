"""A process beside a Dask worker: it imports the program once, and replays what it is given, run by run.

It is of one command. Its answers are data; where it ends, so does what it was at, and nothing else.
"""

from __future__ import annotations

import select
import socket
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from changeover.errors import ChangeoverError, ConfigurationError
from changeover.evidence.cluster_comparison import ToldComparison, ToldSearch
from changeover.evidence.cluster_place import RUNS, TRIAL, taken_apart
from changeover.evidence.program_interface import Program, ProjectFiles
from changeover.evidence.replay_trial import HERE, what_it_shows
from changeover.evidence.replays_elsewhere import runs_sent
from changeover.evidence.scenario_replay import codec_of
from changeover.evidence.sent_runs import NumberedCase
from changeover.evidence.stored_replays import NOT_WRITTEN, STORED, stored_parts
from changeover.evidence.told_by_children import Telling
from changeover.operate.cluster_terms import why_not_alike
from changeover.operate.judging import judged
from changeover.operate.messages import receive, send
from changeover.operate.recorded_replay import replayed
from changeover.project import Project, open_project
from changeover.record.codec import CodecError
from changeover.record.recorded_run import RecordedRun
from changeover.record.recorded_run_reading import read_recorded
from changeover.record.replay_problems import ProblemKind
from changeover.record.run import Run
from changeover.record.tape import Entry
from changeover.replay.runner import Replayed
from changeover.values.error_text import class_and_message

IDLE_S = 60.0
"""Without anything to do for so long it ends: whoever compared has gone without a word."""
NOT_READ = "they cannot be read where they were sent"
UNDECLARED = "their replay met an effect that is not declared"


class LeftToThem(Exception):
    """A replay that only the process which sent it can make; says why."""


class ClusterReplays:
    """The replays of one comparison in this process."""

    def __init__(self, project: ProjectFiles, program: Program, told: Mapping[str, Any]) -> None:
        made = ToldSearch if "alike_max" in told else ToldComparison
        self._comparison: ToldComparison | ToldSearch = made(project, program, told)
        self._program, self._codec = program, codec_of(program)
        self._runtime = self._comparison.runtime()

    def parts(self, share: Mapping[str, Any], body: bytes) -> Iterator[dict[str, Any] | list[Any]]:
        """What is known of each run of a share, in order."""
        with self._program.runtime.replaced_by(self._runtime):
            if STORED in share:
                yield from self._stored(share[STORED], body)
            else:
                is_trial = TRIAL in share
                yield from self._recorded(share[TRIAL if is_trial else RUNS], body, is_trial=is_trial)

    def _recorded(
        self, cases: list[dict[str, Any]], body: bytes, *, is_trial: bool
    ) -> Iterator[dict[str, Any] | list[Any]]:
        kind = self._comparison.kind()
        telling = Telling(self._runtime)
        for case, payloads in zip(cases, taken_apart(cases, body), strict=True):
            try:
                runs = self._compared(case, payloads)
            except LeftToThem as why:
                yield {HERE: str(why)}
                continue
            if is_trial:
                yield [what_it_shows(run) for run in runs]
                continue
            name, number, tags = case["case"]
            places = [place for place, one in enumerate(case["runs"]) if one["counts"]]
            yield {**runs_sent(kind, NumberedCase(name, number, tuple(tags)), runs, places), **telling.data()}
            self._comparison.forget()

    def _compared(self, case: Mapping[str, Any], payloads: list[bytes]) -> list[Run]:
        known: dict[int, Entry] = {}
        return [
            self._run(payload, one["calls"], known)
            for one, payload in zip(case["runs"], payloads, strict=True)
        ]

    def _run(self, payload: bytes, calls: list[int], known: dict[int, Entry]) -> Run:
        recorded = self._read(payload)
        tape, on_itself = recorded.tape, self._comparison.on_itself
        # A call that is on the tapes of two runs is one call.
        tape.entries[:] = [known.setdefault(n, entry) for n, entry in zip(calls, tape.entries, strict=True)]
        seam, side = self._program.seams[recorded.passage.seam], recorded.passage.answered_by.other
        made, problems = replayed(self._program, seam, recorded, side, path_of=on_itself)
        if any(one.kind is ProblemKind.UNDECLARED_EFFECT for one in problems.all):
            raise LeftToThem(UNDECLARED)
        observation = made.tape.observation(
            side,
            made.outcome,
            made.own_time_s,
            changed=made.changed,
            logged=made.logged,
            events=made.events or (),
        )
        return judged(self._program, seam, recorded, Replayed(observation, problems), made.args)

    def _read(self, payload: bytes) -> RecordedRun:
        try:
            return read_recorded(payload, self._codec, self._program.runtime.book)
        except (CodecError, ConfigurationError) as error:
            raise LeftToThem(f"{NOT_READ}: {error}") from error

    def _stored(self, stored: list[list[int]], body: bytes) -> Iterator[dict[str, Any]]:
        if isinstance(self._comparison, ToldSearch):
            raise ConfigurationError("the share", "was of stored runs, allowed in a search: runs")
        kind, place = self._comparison.stored, 0
        for number, size in stored:
            payload, place = body[place : place + size], place + size
            if payload == NOT_WRITTEN:
                yield {HERE: "they cannot be written down"}
                continue
            try:
                item = kind.read(payload)
            except (CodecError, ConfigurationError) as error:
                yield {HERE: f"{NOT_READ}: {error}"}
                continue
            yield from stored_parts([(number, item)], kind, self._runtime)
            self._comparison.forget()


def main(arguments: list[str]) -> int:
    """Answer what comes through the socket of this number, until nothing does any more."""
    control = socket.socket(fileno=int(arguments[0]))
    program: Program | None = None
    replays: ClusterReplays | None = None
    comparison = None
    while select.select([control], [], [], IDLE_S)[0]:
        try:
            message = receive(control)
            if message is None:
                return 0
            told = message.head["comparison"]
            project = open_project(Path.cwd())
            program = program or _begun(told, project)
            if replays is None or told["id"] != comparison:
                replays, comparison = ClusterReplays(project, program, told), told["id"]
            for part in replays.parts(message.head["share"], message.body):
                send(control, {"part": part})
            send(control, {"done": True})
        except ConfigurationError as error:
            send(control, {"refused": [error.where, error.problem]})
        except ChangeoverError as error:
            send(control, {"refused": ["the program", str(error)]})
        except OSError:
            return 0
    return 0


def _begun(told: Mapping[str, Any], project: Project) -> Program:
    """The program of the folder in which the worker was started; raises ConfigurationError."""
    wrong = why_not_alike(told["terms"], project)
    if wrong is not None:
        raise ConfigurationError(*wrong)
    return project.migration()


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Exception as error:  # noqa: BLE001  said in one line, as whoever reads it knows no code of ours
        sys.exit(f"changeover: a process of replays ended: {class_and_message(error)}")
