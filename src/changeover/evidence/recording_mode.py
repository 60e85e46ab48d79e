"""What a program needs that only records: a spool, the digests of its code, and an eye on the workers."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from changeover.errors import ConfigurationError
from changeover.evidence.code_digest import answering_code, judged_code
from changeover.evidence.spool_place import handed_over, recorded_folder
from changeover.evidence.store.place import Database, StorePlace, store_path
from changeover.evidence.worker_watch import WorkerWatch, watch
from changeover.evidence.worker_watcher import WorkerWatcher
from changeover.evidence.writer import EvidenceWriter
from changeover.record.codec import Codec
from changeover.rollout.plan_file import Plan
from changeover.rollout.resolver import Resolver
from changeover.rollout.unwatched_ramp import UnwatchedRamp
from changeover.seam.runs_for_workers import Beside, Digests, ElsewhereRuns
from changeover.seam.runtime import Runtime
from changeover.spool.writer import SpoolWriter
from changeover.values.observation import Side


def runs_for_workers(
    runtime: Runtime,
    resolver: Resolver,
    codec: Codec,
    plan: Plan | None,
    directory: Path,
    root: Path,
    environment: Mapping[str, str],
    evidence: EvidenceWriter | None,
) -> ElsewhereRuns:
    """What takes the runs of a program in the mode `worker`.

    The digests of the code are worked out now, while the program starts, and not when the first caller waits.
    """
    code = None
    try:
        code = judged_code(plan, root)
    except ConfigurationError as error:
        runtime.note(f"the code has no digest, so that no run counts for it: {error}")
    digests = Digests(code, {side: answering_code(plan, side) for side in Side})
    folder = recorded_folder(root, environment)
    spool = SpoolWriter(folder, describe=lambda: handed_over(os.environ))
    look: Callable[[], WorkerWatch] = partial(watch, folder, counting=False)
    beside: list[Beside] = []
    place = _store(root, environment)
    if isinstance(place, Database):
        from changeover.evidence.fleet_mode import RecordingProgram, fleet_of

        program = RecordingProgram(runtime, codec, plan, root, environment, evidence)
        thread, look = fleet_of(place, spool, program, directory, resolver)
        beside.append(thread)
    if plan is not None:
        unwatched = UnwatchedRamp(plan, directory, resolver, runtime.alerts, environment)
        beside.append(WorkerWatcher(look, plan.lag_max_s, unwatched))
    in_process = plan is None or plan.in_process
    return ElsewhereRuns(runtime, codec, spool, digests, in_process=in_process, beside=beside)


def _store(root: Path, environment: Mapping[str, str]) -> StorePlace | None:
    """None where its place is wrong, which whoever keeps evidence says."""
    try:
        return store_path(root, environment)
    except ConfigurationError:
        return None
