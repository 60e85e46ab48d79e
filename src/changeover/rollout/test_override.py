"""The test override: one setting for every migration of this process while a test runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol
from weakref import WeakSet

from changeover.quick_dataclass import dataclass
from changeover.values.stage import SEAM_STAGES, Setting, Stage

if TYPE_CHECKING:
    from changeover.record.run import Run


@dataclass(frozen=True, slots=True)
class StageOverride:
    """The setting of every phase that no environment variable overrides; `watch` gets every run."""

    setting: Setting
    watch: Callable[[Run], None]

    def apply(self, allowed: tuple[Stage, ...], base: Setting) -> Setting:
        """The setting of one phase; a phase of checks keeps its own."""
        return self.setting if allowed == SEAM_STAGES else base


class Follower(Protocol):
    """Has to look at the stages again when an override begins or ends."""

    def look_again(self) -> None:
        """Let the next run look."""
        ...


_followers: WeakSet[Follower] = WeakSet()


@dataclass(slots=True)
class _Active:
    """The override that holds now, None outside a test."""

    override: StageOverride | None = None


ACTIVE = _Active()


def follow(follower: Follower) -> None:
    """Tell it about every override, for as long as it lives."""
    _followers.add(follower)


@contextmanager
def override_stages(wanted: StageOverride) -> Iterator[None]:
    """Let an override hold in all threads, and undo it afterwards; no file changes."""
    before, ACTIVE.override = ACTIVE.override, wanted
    _all_look_again()
    try:
        yield
    finally:
        ACTIVE.override = before
        _all_look_again()


def _all_look_again() -> None:
    for follower in list(_followers):
        follower.look_again()
