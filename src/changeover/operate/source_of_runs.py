"""Which source of runs a worker has: the queue of a database, or the spools beside a file."""

from __future__ import annotations

import os
from pathlib import Path

from changeover.evidence.fleet_mode import RecordingProgram
from changeover.evidence.store.place import Database, StorePlace
from changeover.evidence.store.postgres_connections import check_package
from changeover.evidence.store.queue import Queue
from changeover.evidence.store.sealing import seal_of
from changeover.evidence.worker_watch import Pulse
from changeover.evidence.writer import EvidenceWriter
from changeover.migration import Migration
from changeover.operate.queue_source import QueueSource
from changeover.operate.run_source import RunSource, Say, SpoolSource
from changeover.operate.worker import SourceFor
from changeover.rollout.tripwire import Tripwire
from changeover.wiring import root_around


def run_source_of(migration: Migration, store: StorePlace, folder: Path) -> SourceFor:
    """What makes the source of a worker of this program.

    Raises ConfigurationError for a key that is none, and MissingPackageError.

    Args:
        migration: of the program, whose evidence goes where the runs came from.
        store: where the evidence is.
        folder: where the programs of this machine record.
    """
    if not isinstance(store, Database):
        return lambda pulse, say: SpoolSource(folder, store, migration.write_evidence, say)
    check_package()
    queue = Queue(store, seal_of(os.environ))
    writer = migration.runtime.sink
    directory = migration.directory

    def made(pulse: Pulse, say: Say) -> RunSource:
        check = None
        if isinstance(writer, EvidenceWriter) and directory is not None:
            program = RecordingProgram(
                migration.runtime,
                migration.codec,
                migration.plan,
                root_around(directory),
                os.environ,
                writer,
            )
            check = program.secrets()
        source = QueueSource(queue, folder, check, pulse, say)
        if isinstance(writer, EvidenceWriter):
            writer.taken_by = source.take_row
        if isinstance(migration.runtime.tripwire, Tripwire):
            migration.runtime.tripwire.tell = source.trips.append
        return source

    return made
