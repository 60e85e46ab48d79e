"""What a program needs that only records: a spool, the digests of its code, and an eye on the workers."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from changeover.errors import ConfigurationError
from changeover.evidence.code_digest import answering_code, code_digest
from changeover.evidence.spool_place import handed_over, recorded_folder
from changeover.evidence.worker_watcher import WorkerWatcher
from changeover.record.codec import Codec
from changeover.rollout.plan_file import Plan
from changeover.rollout.resolver import Resolver
from changeover.rollout.unwatched_ramp import UnwatchedRamp
from changeover.seam.runs_for_workers import Digests, ElsewhereRuns
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
) -> ElsewhereRuns:
    """What takes the runs of a program in the mode `worker`.

    The digests of the code are worked out now, while the program starts, and not when the first caller waits.
    """
    code = watcher = None
    try:
        code = code_digest(plan.code) if plan is not None and plan.code else None
    except ConfigurationError as error:
        runtime.note(f"the code has no digest, so that no run counts for it: {error}")
    digests = Digests(code, {side: answering_code(plan, side) for side in Side})
    folder = recorded_folder(root, environment)
    spool = SpoolWriter(folder, describe=lambda: handed_over(os.environ))
    if plan is not None:
        unwatched = UnwatchedRamp(plan, directory, resolver, runtime.alerts, environment)
        watcher = WorkerWatcher(folder, plan.lag_max_s, unwatched)
    in_process = plan is None or plan.in_process
    return ElsewhereRuns(runtime, codec, spool, digests, in_process=in_process, watcher=watcher)
