"""A seam that is compared in the background, and a path that is held while it is replayed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

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


class Held(Protocol):
    """A path that, while it is replayed, waits until it may go on; a function, of which no copy is made."""

    began: threading.Semaphore
    go_on: threading.Event
    threads: list[threading.Thread]

    def __call__(self, number: int = 0) -> int: ...


def held_path() -> Held:
    def path(number: int = 0) -> int:
        made.threads.append(threading.current_thread())
        made.began.release()
        assert made.go_on.wait(60)
        return number

    made: Any = path
    made.began, made.go_on, made.threads = threading.Semaphore(0), threading.Event(), []
    found: Held = made
    return found


def same(number: int = 0) -> int:
    return number


@contextmanager
def holding() -> Iterator[Held]:
    held = held_path()
    try:
        yield held
    finally:
        held.go_on.set()
