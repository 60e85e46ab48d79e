"""A seam that is compared in the background, and a path that is held while it is replayed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from changeover import Migration, Run

SHADOW = {"CHANGEOVER_STAGE_S": "shadow"}


def beside(candidate: Callable[..., Any], legacy: Callable[..., Any], **options: Any) -> Any:
    runs: list[Run] = []
    options = {"sink": runs.append, "environment": SHADOW, "mode": "background", **options}
    declared = {name: options.pop(name) for name in ("view",) if name in options}
    migration = Migration(refresh_s=0, **options)
    return migration, migration.seam("s", legacy=legacy, candidate=candidate, **declared), runs


def done(migration: Migration) -> None:
    """All that waited is compared; how long that takes decides nothing."""
    assert migration.runtime.background is not None
    assert migration.runtime.background.wait(60)


class Held:
    """A path that, while it is replayed, waits until it may go on."""

    def __init__(self) -> None:
        self.began, self.go_on = threading.Semaphore(0), threading.Event()
        self.threads: list[threading.Thread] = []

    def __call__(self, number: int = 0) -> int:
        self.threads.append(threading.current_thread())
        self.began.release()
        assert self.go_on.wait(60)
        return number


def same(number: int = 0) -> int:
    return number


@contextmanager
def holding() -> Iterator[Held]:
    held = Held()
    try:
        yield held
    finally:
        held.go_on.set()
