"""One run of a seam while two paths are compared: record, answer, replay, compare, hand on.

`experiment` tells it from top to bottom, once for sync and async seams. It is a coroutine; for a sync seam
nothing in it ever waits, so that `completed_now` runs it to its end without an event loop.
"""

from __future__ import annotations

from dataclasses import replace

from changeover.record.run import NotPaired
from changeover.record.tape import Tape
from changeover.rollout.test_override import active_override
from changeover.seam.calling import Calling
from changeover.seam.judge import RunDraft
from changeover.seam.recording import Call, Recording
from changeover.seam.seam import Seam
from changeover.values.observation import Side
from changeover.values.outcome import Outcome, Raised
from changeover.values.pins import Pins
from changeover.values.stage import BUCKETS, Stage, bucket


async def experiment(call: Call, calling: Calling) -> Outcome:
    """Answer one call whose run is pinned, and compare it. The outcome is the answering path's, unchanged."""
    recording = Recording(call)
    outcome = await recording.answer(calling)
    if _falls_back(call, recording, outcome):
        fallen, recording = recording, Recording(replace(call, answering=Side.LEGACY, path=call.fallback))
        outcome = await recording.answer(calling)
        recording.fallen_from(fallen)
    for due in _due(call, recording):
        due.forget_arguments()
        if not due.runtime.defer(due):
            due.runtime.hand_on(await due.compare(calling))
    return outcome


def is_sampled(seam: Seam, pins: Pins) -> bool:
    """Whether this run is among those that are compared; in tests and comparisons all are."""
    share = seam.sample
    return (
        share >= 1.0
        or seam.runtime.is_comparison
        or active_override() is not None
        or bucket(f"sample {seam.phase}", pins.correlation_id) < share * BUCKETS
    )


def sampled_out(seam: Seam, pins: Pins, answering: Side) -> None:
    """Count a run that was not to be compared; nothing of it was kept."""
    runtime = seam.runtime
    draft = RunDraft(seam.name, seam.phase, runtime.population, pins, answering, arguments={}, tape=Tape())
    runtime.hand_on(draft.unpaired(NotPaired.SAMPLED_OUT))


def _falls_back(call: Call, recording: Recording, outcome: Outcome) -> bool:
    """Whether the candidate gave up in `live` before it attempted or changed anything."""
    return (
        call.seam.fallback
        and call.answering is Side.CANDIDATE
        and call.pins.setting(call.seam.phase).stage is Stage.LIVE
        and isinstance(outcome, Raised)
        and isinstance(outcome.error, Exception)
        and not recording.recorder.attempted
        and not recording.mutated
        and call.seam.path_of(Side.LEGACY) is not None
    )


def _due(call: Call, recording: Recording) -> list[Recording]:
    """What may be replayed now: nothing, while a run around this one has still to answer."""
    due: list[Recording] = [*recording.recorder.deferred, recording]
    if recording.interrupted:
        for one in due:
            one.runtime.hand_on(one.unpaired(NotPaired.INTERRUPTED))
        return []
    if not recording.fell_back and not is_sampled(call.seam, call.pins):
        due.pop()
        recording.runtime.hand_on(recording.unpaired(NotPaired.SAMPLED_OUT))
    if recording.outer is None:
        return due
    recording.outer.deferred.extend(due)
    return []
