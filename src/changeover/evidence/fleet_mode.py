"""What a program has beside its spool where the store is a database: a thread that ships what is recorded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from changeover.evidence.fleet_thread import FleetThread, Spool
from changeover.evidence.fleet_watch import FleetWatching
from changeover.evidence.secret_check import KnownSecrets
from changeover.evidence.store.place import Database
from changeover.evidence.store.records import StoredRun
from changeover.evidence.worker_watch import WorkerWatch
from changeover.evidence.writer import EvidenceWriter
from changeover.quick_dataclass import dataclass
from changeover.record.codec import Codec
from changeover.record.run import Run
from changeover.redaction.redactor import Redactor
from changeover.rollout.demotion import Demotions
from changeover.rollout.plan_file import Plan, redact_paths_of
from changeover.rollout.resolver import Resolver
from changeover.rollout.tripwire_state import Trip
from changeover.seam.runtime import Runtime
from changeover.settings import RECORDED_FOLDER, SPOOL_KEY_VARIABLE

WHO = "fleet"


@dataclass(frozen=True, slots=True)
class RecordingProgram:
    """A program in the mode `worker`; `evidence` is None where it keeps none."""

    runtime: Runtime
    codec: Codec
    plan: Plan | None
    root: Path
    environment: Mapping[str, str]
    evidence: EvidenceWriter | None

    def secrets(self) -> KnownSecrets:
        """Those that its redaction knows."""
        paths = redact_paths_of(self.plan)
        return KnownSecrets(
            self.runtime,
            lambda: self.runtime.declared,
            self.codec,
            lambda: Redactor.for_project(paths, self.root, self.environment),
            self._row_of,
        )

    def _row_of(self, run: Run) -> StoredRun | None:
        return None if self.evidence is None else self.evidence.row_of(run)


def fleet_of(
    place: Database, spool: Spool, program: RecordingProgram, directory: Path, resolver: Resolver
) -> tuple[FleetThread, Callable[[], WorkerWatch]]:
    """The thread, and what is known of the workers without a question to the database."""
    watching = FleetWatching(place, place.parent / RECORDED_FOLDER)
    thread = FleetThread(
        place,
        spool,
        partial(program.environment.get, SPOOL_KEY_VARIABLE),
        program.secrets(),
        _holder(program, directory, resolver),
        watching,
    )
    return thread, partial(watching.known, counting=False)


def _holder(program: RecordingProgram, directory: Path, resolver: Resolver) -> Callable[[Trip], str | None]:
    """Without a plan no phase is known, and none is held."""
    if program.plan is None:
        return lambda trip: None
    return Demotions(program.plan, directory, resolver, program.environment, WHO).hold
