"""Where runs are compared: what `doctor` says of workers, and the cluster that a command is to use."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from changeover.api.arguments import check_positive
from changeover.errors import ChangeoverError, ConfigurationError
from changeover.evidence.replay_places import Cluster
from changeover.evidence.spool_place import recorded_folder, variables_of
from changeover.evidence.store.fleet import Fleet
from changeover.evidence.store.place import Database, store_path
from changeover.evidence.store.postgres_connections import check_package
from changeover.evidence.store.sealing import seal_of
from changeover.evidence.worker_watch import environments
from changeover.migration import Migration
from changeover.operate.confinement import isolation_here
from changeover.project import Project
from changeover.seam.runs_for_workers import why_not_elsewhere
from changeover.settings import BACKGROUND, INLINE, LAG_MAX_S, SPOOL_KEY_VARIABLE, WORKER
from changeover.views.layout import plural

ASKED_S = 5.0


@contextmanager
def cluster_at(on: str | None, jobs: int, project: Project) -> Iterator[Cluster | None]:
    """The cluster of that address while the block runs, None without one; raises ConfigurationError."""
    check_positive("jobs", jobs)
    if on is None:
        yield None
        return
    if jobs != 1:
        raise ConfigurationError("--on", "goes without --jobs: the workers of the cluster are the processes")
    from changeover.operate.dask_cluster import dask_cluster

    with dask_cluster(on, project) as cluster:
        yield cluster


def worker_facts(project: Project, migration: Migration) -> Iterator[tuple[str, str]]:
    """Each with its name: mode, what a worker could replay, how it would be isolated, who has recorded."""
    runtime = migration.runtime
    yield "mode", WORKER if runtime.recorded else BACKGROUND if runtime.background else INLINE
    cannot = dict(_not_elsewhere(migration))
    number = len(migration.seams)
    said = [f"can replay {number - len(cannot)} of {plural(number, 'seam')}"]
    yield "worker", "; ".join([*said, *(f"{name} cannot: {why}" for name, why in cannot.items())])
    yield "isolation", ", ".join(isolation_here())
    recorders = environments(recorded_folder(project.root))
    if recorders:
        loose = sum(variables_of(one).get("PYTHONHASHSEED") is None for one in recorders)
        seeds = f", {loose} without PYTHONHASHSEED: the order of their sets cannot be had again"
        yield "recorders", f"{plural(len(recorders), 'process', 'processes')}{seeds if loose else ''}"


def fleet_facts(project: Project, migration: Migration) -> Iterator[tuple[str, str]]:
    """How runs travel to workers of other machines, where the store is a database and the program records."""
    place = store_path(project.root)
    if not isinstance(place, Database) or migration.runtime.recorded is None:
        return
    try:
        seal = seal_of(os.environ)
        seen = Fleet(place, ASKED_S).look(() if seal is None else seal.names)
    except ChangeoverError as problem:
        yield "fleet", f"runs wait in the spool of their machine: {problem}"
        return
    counts = seen.counts
    alive = sum(sign.age_s <= LAG_MAX_S for sign in seen.signs)
    key = f"sealed with {SPOOL_KEY_VARIABLE}" if seal else f"no {SPOOL_KEY_VARIABLE}: runs with a secret stay"
    sealed = f", {counts.sealed:,} of them sealed with another key" if counts.sealed else ""
    yield "fleet", f"{plural(alive, 'worker')}, {counts.waiting:,} waiting{sealed}; {key}"


def fleet_problems(project: Project, migration: Migration) -> Iterator[str]:
    """What keeps runs from travelling: a package, or a key that is none."""
    if isinstance(store_path(project.root), Database) and migration.runtime.recorded is not None:
        try:
            check_package()
            seal_of(os.environ)
        except ChangeoverError as problem:
            yield f"recorded runs reach no worker of another machine: {problem}"


def compared_nowhere(migration: Migration) -> Iterator[str]:
    """Seams that no worker can replay, and that the program may not compare either."""
    plan = migration.plan
    if plan is None or plan.in_process or migration.runtime.recorded is None:
        return
    for name, why in _not_elsewhere(migration):
        yield f"seam {name} is compared nowhere: in_process is false in the plan, and {why}"


def _not_elsewhere(migration: Migration) -> Iterator[tuple[str, str]]:
    for name, seam in migration.seams.items():
        why = why_not_elsewhere(seam, copies_ports=migration.runtime.copies_ports)
        if why is not None:
            yield name, why
