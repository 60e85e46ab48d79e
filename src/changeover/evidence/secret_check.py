"""Which recorded runs may leave their machine unsealed: those in which no secret is known to be.

A run is read as a worker would read it, by a process that has the program. One that cannot be read stays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from changeover.errors import ConfigurationError
from changeover.evidence.store.queue import HeldBack, RecordedFrame
from changeover.evidence.store.records import StoredRun
from changeover.record.codec import Codec
from changeover.record.recorded_run import Passage, RecordedRun
from changeover.record.recorded_run_reading import is_open, read_passage, read_recorded
from changeover.record.run import Elsewhere, NotPaired, Run
from changeover.record.tape import Tape
from changeover.redaction.redactor import Redactor
from changeover.seam.judge import RunDraft
from changeover.seam.runtime import Runtime
from changeover.seam.seam import Seam
from changeover.spool.frame import FrameKind
from changeover.values.pins import Pins
from changeover.values.verdict import Verdict

RowOf = Callable[[Run], StoredRun | None]


class KnownSecrets:
    """Looks for the secrets of one program in its recorded runs.

    Args:
        runtime: whose ports the runs called.
        seams: that the program has declared, by name.
        codec: reads the values.
        redactor: knows the secrets; asked for when the first run is looked at.
        row_of: makes the evidence of a run, None where none is kept.
    """

    def __init__(
        self,
        runtime: Runtime,
        seams: Callable[[], Mapping[str, Seam]],
        codec: Codec,
        redactor: Callable[[], Redactor],
        row_of: RowOf,
    ) -> None:
        self._runtime, self._seams, self._codec = runtime, seams, codec
        self._ask_redactor, self._row_of = redactor, row_of
        self._redactor: Redactor | None = None

    def held_back(self, frame: RecordedFrame) -> HeldBack | None:
        """The run as one that was not compared; None where no known secret is in it.

        What is said of a run that went before follows it in any case, if nothing secret is in that.
        """
        try:
            holds_secret = self._holds_secret(frame)
        except Exception:  # noqa: BLE001  what cannot be read may be a secret, whatever is wrong with it
            holds_secret = True
        return HeldBack(self._row(frame), is_run=frame.is_run) if holds_secret else None

    def _holds_secret(self, frame: RecordedFrame) -> bool:
        redactor = self._redactor = self._redactor or self._ask_redactor()
        text = frame.payload.decode("utf-8", "surrogatepass")
        if redactor.text(text) != text:
            return True
        passage = read_passage(frame.payload)
        if frame.kind is not FrameKind.RECORDED or is_open(frame.payload):
            run = _draft(passage, {}, Tape()).failed("its values are in no frame")
            return redactor.run(run) is not run
        recorded = read_recorded(frame.payload, self._codec, self._runtime.book)
        run = self._read(recorded)
        return redactor.run(run) is not run

    def _read(self, recorded: RecordedRun) -> Run:
        seam = self._seams()[recorded.passage.seam]
        arguments = seam.named[1 if seam.owners else 0](recorded.args, recorded.kwargs)
        draft = _draft(recorded.passage, arguments, recorded.tape)
        return draft.answered(recorded.observation(), Verdict.UNPAIRED)

    def _row(self, frame: RecordedFrame) -> StoredRun | None:
        if not frame.is_run:
            return None
        try:
            passage = read_passage(frame.payload)
        except ConfigurationError:
            return None
        at = Elsewhere(passage.at, passage.answering_code, is_renewed=False, flags=passage.flags)
        return self._row_of(replace(self._unpaired(frame.payload, passage), elsewhere=at))

    def _unpaired(self, payload: bytes, passage: Passage) -> Run:
        """With its values, from which its redaction learns what is secret; else with none of its words."""
        why = NotPaired.HELD_BACK
        try:
            run = self._read(read_recorded(payload, self._codec, self._runtime.book))
        except Exception:  # noqa: BLE001  what cannot be read leaves nothing but its name
            bare = passage._replace(tags=(), pins=Pins(passage.pins.settings, None, passage.id))
            return _draft(bare, {}, Tape()).unpaired(why)
        return replace(run, reason=str(why), not_paired=why)


def _draft(passage: Passage, arguments: dict[str, object], tape: Tape) -> RunDraft:
    return RunDraft(
        seam=passage.seam,
        phase=passage.phase,
        population=passage.population,
        pins=Pins(passage.pins.settings, passage.pins.key, passage.pins.correlation_id),
        answered_by=passage.answered_by,
        arguments=arguments,
        tape=tape,
        tags=passage.tags,
        id=passage.id,
    )
