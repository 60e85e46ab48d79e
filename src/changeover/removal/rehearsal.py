"""The deletion itself, in a scratch copy: old code gone, patch applied, the project's checks run there."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from changeover.gate.check_commands import CheckResult, run_check
from changeover.gate.verdict import Answer
from changeover.removal.blockers import write_blocker
from changeover.removal.environment import environment_for
from changeover.removal.patch import apply_patch, read_patch
from changeover.removal.plan import Removal
from changeover.removal.scratch import copy_project, delete_places

_WHERE_S = 60.0


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What was done to the copy, and how its checks ended; `astray` says that they saw the working tree."""

    copied: int
    deleted: int
    patched: int
    checks: tuple[CheckResult, ...] = ()
    astray: str | None = None

    @property
    def answer(self) -> Answer:
        """Without a check, or with other code under test, nothing was shown."""
        answers = {ran.answer for ran in self.checks}
        if Answer.FAIL in answers:
            return Answer.FAIL
        clear = answers == {Answer.PASS} and self.astray is None
        return Answer.PASS if clear else Answer.INCONCLUSIVE


def prepare(root: Path, removal: Removal, copy: Path) -> Rehearsal:
    """Copy, delete and patch; raises ConfigurationError where the plan does not fit the project."""
    changes = [] if removal.patch is None else read_patch(root / removal.patch)
    copied = copy_project(root, copy)
    deleted = delete_places(copy, removal.delete)
    if removal.patch is not None:
        apply_patch(root / removal.patch, changes, copy)
    return Rehearsal(copied, deleted, len(changes))


def rehearse(root: Path, removal: Removal, folder: Path, say: Callable[[str], None]) -> Rehearsal:
    """Prepare the copy in a folder and run every check in it; the working tree is only read."""
    copy, blocker = folder / "copy", folder / "blocker"
    copy.mkdir()
    prepared = prepare(root, removal, copy)
    say(f"{prepared.copied:,} files copied, {prepared.deleted:,} deleted, {prepared.patched:,} patched")
    write_blocker(blocker, removal.legacy)
    environment = environment_for(copy, blocker, os.environ)
    astray = _astray(removal, copy, environment)
    ran = []
    for command in removal.check if astray is None else ():
        say(f"{command} ...")
        ran.append(run_check(command, copy, removal.timeout_s, environment))
        say(f"{ran[-1].answer}: {ran[-1].found} ({ran[-1].seconds:.0f} s)")
    return Rehearsal(prepared.copied, prepared.deleted, prepared.patched, tuple(ran), astray)


def _astray(removal: Removal, copy: Path, environment: dict[str, str]) -> str | None:
    """Why checks in the copy would test other code, None where they import the copy's packages."""
    for package in removal.packages:
        found = run_check(
            f"python -c 'import {package}; print(*{package}.__path__)'", copy, _WHERE_S, environment
        )
        if found.answer is not Answer.PASS:
            return f"{package} cannot be imported in the copy: {' '.join(found.tail[-1:]) or found.found}"
        if not Path(found.tail[-1]).resolve().is_relative_to(copy.resolve()):
            return f"in the copy {package} is imported from {found.tail[-1]}"
    return None
