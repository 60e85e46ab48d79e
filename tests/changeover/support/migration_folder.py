"""A migration folder with a plan of three phases, and disks that fail or die on purpose."""

import errno
import os
import signal
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from changeover.rollout.flags_file import FlagsState, read_flags
from changeover.rollout.history import HistoryEntry, cause_of, read_history, read_lines
from changeover.rollout.migration_files import Files, Place, place_of, stages_of
from changeover.rollout.move import is_forward, move
from changeover.rollout.plan_file import Plan, load_plan
from changeover.rollout.resolver import Resolver
from changeover.rollout.verify import Agreement, agreement
from changeover.values.stage import ALL_STAGES, Setting, parse_setting

NOW = datetime(2026, 11, 20, 20, 45, 3, tzinfo=UTC)
PLAN = """\
[migration]
name = "flips"

[[phase]]
name = "portfolio"
seams = ["portfolio.analysis"]

[[phase]]
name = "trading"
seams = ["trading.workflow"]

[[phase]]
name = "cleanup"
"""


def setting(text: str) -> Setting:
    return parse_setting(text, ALL_STAGES)


@dataclass(frozen=True)
class Desk:
    """A folder in which phases are moved; every step forward is forced here."""

    folder: Path
    plan: Plan
    files: Files

    @property
    def place(self) -> Place:
        return replace(place_of(self.folder, {}), files=self.files)

    def flags_state(self) -> FlagsState:
        return read_flags(self.place.flags, stages_of(self.plan))

    def stages(self) -> dict[str, str]:
        return {
            phase: str(found)
            for phase, found in self.flags_state().every_setting(stages_of(self.plan)).items()
        }

    def move(self, phase: str, old: str, new: str, **options: object) -> HistoryEntry:
        usual: dict[str, object] = {
            "action": "flip",
            "who": "anna",
            "reason": "a test",
            "now": NOW,
            "forced": True,
            "place": self.place,
            "gate_verdict": None,
        }
        wanted: Any = {**usual, **options}
        action, who, reason, now, forced, place, verdict = (wanted.pop(name) for name in usual)
        before, after = setting(old), setting(new)
        forced = forced and is_forward(phase, before, after)
        cause = cause_of(action, who, reason, now, verdict, forced=forced)
        stages = stages_of(self.plan)
        return move(place, phase, before, after, cause, stages=stages, verdict=verdict, **wanted)

    def walk(self, phase: str, *stages: str) -> None:
        """From each stage to the next one."""
        for old, new in pairwise(stages):
            self.move(phase, old, new)

    def history(self) -> list[HistoryEntry]:
        entries, damaged = read_history(self.folder)
        assert damaged == []
        return entries

    def agreement(self) -> Agreement:
        return agreement(self.flags_state(), read_lines(self.place.history))

    def resolver(self, monotonic: Callable[[], float] = lambda: 0.0, refresh_s: float = 0.0) -> Resolver:
        """What a program looks at flags with; one that was just started."""
        stages = stages_of(self.plan) or {}
        return Resolver(
            lambda: stages,
            directory=self.folder,
            closed=True,
            environment={},
            refresh_s=refresh_s,
            monotonic=monotonic,
        )


def desk_in(folder: Path, files: Files | None = None) -> Desk:
    """A new folder where nothing has moved, or what there is in an old one."""
    folder.mkdir(exist_ok=True)
    path = folder / "phases.toml"
    if not path.exists():
        path.write_text(PLAN)
    return Desk(folder, load_plan(path), files or Files())


class FullDisk(Files):
    """No room for new content: what is written beside or added fails; `also` names further steps that do."""

    def __init__(self, also: Collection[str] = ()) -> None:
        self._also = also

    def write_beside(self, path: Path, data: bytes) -> Path:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def append(self, path: Path, data: bytes) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def overwrite(self, path: Path, data: bytes) -> None:
        if "overwrite" in self._also:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        super().overwrite(path, data)

    def create_empty(self, path: Path) -> None:
        if "create_empty" in self._also:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        super().create_empty(path)


STEPS = ("write_beside", "replace", "append", "overwrite")
TIMES = ("before", "half", "after")


def killed() -> None:
    """Nothing is flushed, closed or unlocked."""
    os.kill(os.getpid(), signal.SIGKILL)


class Dying(Files):
    """A process that ends before, in the middle of, or after one step."""

    def __init__(self, step: str, time: str, end: Callable[[], None] = killed, *, full: bool = False) -> None:
        self._at = (step, time)
        self._end = end
        self._full = full

    def _reach(self, step: str, time: str) -> None:
        if self._at == (step, time):
            self._end()

    def write_beside(self, path: Path, data: bytes) -> Path:
        if self._full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._reach("write_beside", "before")
        if self._at == ("write_beside", "half"):
            super().write_beside(path, data[: len(data) // 2])
            self._end()
        beside = super().write_beside(path, data)
        self._reach("write_beside", "after")
        return beside

    def replace(self, beside: Path, path: Path) -> None:
        self._reach("replace", "before")
        super().replace(beside, path)
        self._reach("replace", "after")

    def append(self, path: Path, data: bytes) -> None:
        self._reach("append", "before")
        if self._at == ("append", "half"):
            super().append(path, data[: len(data) // 2])
            self._end()
        super().append(path, data)
        self._reach("append", "after")

    def overwrite(self, path: Path, data: bytes) -> None:
        self._reach("overwrite", "before")
        if self._at == ("overwrite", "half"):
            with path.open("r+b") as file:
                file.write(data[: len(data) // 2])
            self._end()
        super().overwrite(path, data)
        self._reach("overwrite", "after")


class Death(BaseException):
    """Stands for the end of a process in tests that want to go on."""


def die() -> None:
    raise Death


def dies(act: Callable[[], object]) -> bool:
    """Whether it came to that."""
    with suppress(Death):
        act()
        return False
    return True
