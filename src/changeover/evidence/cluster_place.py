"""Runs on their way to a cluster: written down when they have answered, as nothing else of them travels."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any

from changeover.evidence.child_processes import Work
from changeover.evidence.replay_places import OnCluster, why_not_sent
from changeover.evidence.sent_runs import Given, SentRuns
from changeover.quick_dataclass import dataclass
from changeover.record.codec import Codec, CodecError
from changeover.record.recorded_run import written
from changeover.replay.event_loop import runs_a_loop
from changeover.replay.handled_error import handled_here
from changeover.seam.recording import Recording
from changeover.seam.runs_for_workers import why_not_elsewhere
from changeover.values.error_text import class_and_message
from changeover.values.verdict import Verdict

RUNS, TRIAL = "runs", "trial"


@dataclass(frozen=True, slots=True)
class ClusterPlace(OnCluster):
    """The processes of a cluster, for the runs of a comparison; `codec` writes the values of the program."""

    codec: Codec

    def refuses(self, sent: SentRuns) -> str | None:
        """Why they cannot be replayed there; writes them down where they can."""
        reason = self.cluster.why_not() or _why_not_here() or why_not_sent(sent.due)
        for one in () if reason is not None else sent.due:
            reason = reason or _why_not_there(one)
        if reason is not None:
            return reason
        try:
            sent.written = [self._written(one) for one in sent.due]
        except CodecError as error:
            return f"they cannot be written down: {error}"
        except Exception as error:  # noqa: BLE001  a value that cannot be written breaks no comparison
            return f"they cannot be written down: {class_and_message(error)}"
        return None

    def _written(self, recording: Recording) -> bytes:
        passage = recording.passage(None, None, None)
        return written(recording.recorded(passage, inside_loop=runs_a_loop()), self.codec)

    def start(self, sent: Sequence[SentRuns], work: Work, *, trial: bool = False) -> Given | None:
        """Send what was written down."""
        cases = [described(one) for one in sent]
        body = b"".join(payload for one in sent for payload in one.written)
        return self.cluster.start({TRIAL if trial else RUNS: cases}, body)

    def poll(self) -> None:
        """Take what has come."""
        self.cluster.poll()


def described(sent: SentRuns) -> dict[str, Any]:
    """The runs as JSON, without what was written down of each: its size, and one number for each call.

    A call that is on the tapes of two runs has the same number in both.
    """
    numbers: dict[int, int] = {}
    runs = [
        {
            "size": len(payload),
            "calls": [numbers.setdefault(id(entry), len(numbers)) for entry in one.recorder.tape.entries],
            "counts": sent.counts(one.draft().answered(one.observation(), Verdict.MATCH)),
        }
        for one, payload in zip(sent.due, sent.written, strict=True)
    ]
    return {"case": list(sent.case), "runs": runs}


def taken_apart(described: Sequence[Mapping[str, Any]], body: bytes) -> list[list[bytes]]:
    """What was written down of each run, case by case."""
    found, place = [], 0
    for one in described:
        payloads = []
        for run in one["runs"]:
            payloads.append(body[place : place + run["size"]])
            place += run["size"]
        found.append(payloads)
    return found


def _why_not_here() -> str | None:
    if threading.current_thread() is not threading.main_thread():
        return "it runs in a thread"
    return None if handled_here() is None else "an error was being handled where they were called"


def _why_not_there(recording: Recording) -> str | None:
    """Why this run needs what only this process has."""
    seam = recording.call.seam
    if recording.problem is not None or recording.fallen is not None:
        return "they failed before there was anything to replay"
    if recording.has_changed_answers:
        return "what a port had given was changed"
    if seam.bound.of_paths:
        return "a path of theirs comes with an object of this process"
    if recording.on_object and seam.owner_of is None:
        return why_not_elsewhere(seam, copies_ports=False)
    return None
