"""`status --watch`: the status again, when something that it rests on has changed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from time import monotonic

from changeover.api.status import status
from changeover.errors import ChangeoverError
from changeover.evidence.code_digest import code_stamp
from changeover.evidence.store.place import StorePlace, store_path
from changeover.project import PYPROJECT, Project, open_project
from changeover.rollout.migration_files import place_of
from changeover.views.text.status import Status

LOOK_ANYWAY_S = 30.0
"""Waivers expire, and workers fall behind, without a file that changes."""
FILES_MAX = 5_000

Stamp = tuple[object, ...]


class StatusWatch:
    """Looks again where a file has changed: of the migration, the evidence, or the code.

    A store in a database says nothing of its changes, so that it is asked each time.
    """

    def __init__(self, project: str | Path = ".", clock: Callable[[], float] = monotonic) -> None:
        self._project, self._clock = project, clock
        self._seen: Stamp | None = None
        self._looked = float("-inf")

    def look(self) -> Status | ChangeoverError | None:
        """Where every phase stands, or why that is not known; None where it stands as it did.

        Whoever watches is not sent away by a file that is just being written.
        """
        now = self._clock()
        try:
            found = open_project(self._project)
            stamp = _stamp_of(found)
            if stamp is not None and stamp == self._seen and now - self._looked < LOOK_ANYWAY_S:
                return None
            self._seen, self._looked = stamp, now
            return status(project=found)
        except ChangeoverError as error:
            return error


def _stamp_of(project: Project) -> Stamp | None:
    """Differs where a file was written, made or removed; None where only a look can tell."""
    store: StorePlace | None = None
    with suppress(ChangeoverError):
        store = store_path(project.root)
    if store is not None and not isinstance(store, Path):
        return None
    flags = place_of(project.directory, os.environ).flags
    folders = [project.directory] + ([] if store is None or store == Path(os.devnull) else [store.parent])
    files = [project.root / PYPROJECT, flags, *(path for one in folders for path in _below(one))]
    return (*map(_stamp_of_file, dict.fromkeys(files)), _code(project))


def _below(folder: Path) -> Iterator[Path]:
    with suppress(OSError):
        yield from islice(folder.rglob("*"), FILES_MAX)


def _stamp_of_file(path: Path) -> Stamp:
    try:
        found = path.stat()
    except OSError:
        return (path,)
    return path, found.st_mtime_ns, found.st_size, found.st_ino


def _code(project: Project) -> Stamp:
    try:
        plan = project.plan()
        return () if plan is None else code_stamp(plan.code)
    except (ChangeoverError, OSError) as error:
        return (str(error),)
