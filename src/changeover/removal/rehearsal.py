"""The deletion itself, in a scratch copy: old code gone, patch applied, the project's checks run there."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import mkdtemp

from changeover.errors import ConfigurationError
from changeover.gate.check_commands import CheckResult, run_check
from changeover.quick_dataclass import dataclass
from changeover.removal.blockers import write_blocker
from changeover.removal.candidate_alone import Alone, environment_for, run_alone
from changeover.removal.patch import apply_patch, read_patch
from changeover.removal.plan import Removal
from changeover.values.gate_verdict import EXIT_CODES, Answer, worst

COPIED_BYTES_MAX = 2 * 1024**3
_LISTING_S = 60
_LEFT_OUT = frozenset({"__pycache__", "node_modules", "build", "dist", "venv"})


def copy_project(root: Path, target: Path) -> int:
    """Copy what git has or would add, without git every file outside hidden folders; gives how many.

    Raises ConfigurationError for a project of more than COPIED_BYTES_MAX.
    """
    size = copied = 0
    for name in listed_files(root):
        source = root / name
        size += source.stat().st_size
        if size > COPIED_BYTES_MAX:
            raise ConfigurationError(str(root), f"has more than {COPIED_BYTES_MAX:,} bytes of source files")
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target / name)
        copied += 1
    return copied


def delete_places(root: Path, places: Sequence[str]) -> int:
    """Delete files and folders of a copy, and count the files; raises ConfigurationError for what is none."""
    deleted = 0
    for place in places:
        target = root / place
        if target.is_dir() and not target.is_symlink():
            deleted += sum(1 for path in target.rglob("*") if path.is_file())
            shutil.rmtree(target)
        elif target.is_file() or target.is_symlink():
            deleted += 1
            target.unlink()
        else:
            raise ConfigurationError("migration.removal.delete", f"{place!r} is no file and no folder here")
    return deleted


def listed_files(root: Path) -> Iterator[Path]:
    """The source files of a project, relative to it: what git has or would add, or everything not hidden."""
    names = _by_git(root)
    if names is not None:  # it may list what is deleted already, and submodules
        yield from (name for name in names if (root / name).is_file())
        return
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith(".") and name not in _LEFT_OUT]
        yield from (Path(folder, name).relative_to(root) for name in files)


def _by_git(root: Path) -> list[Path] | None:
    """What git lists, None where there is no git, or the folder is none of its work trees."""
    git = shutil.which("git")
    if git is None or not (root / ".git").exists():
        return None
    try:
        done = subprocess.run(  # noqa: S603  a fixed command
            [git, "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
            cwd=root,
            capture_output=True,
            timeout=_LISTING_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return [Path(os.fsdecode(name)) for name in dict.fromkeys(done.stdout.split(b"\0")) if name]


_WHERE = (
    'python -c \'import importlib.util; found = importlib.util.find_spec("{0}"); '
    'print(*(found.submodule_search_locations or [found.origin])) if found else exit("no such module")\''
)
"""Where a package or module of the program would be imported from; a script is not run for that."""
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
        return worst([ran.answer for ran in self.checks] + [Answer.INCONCLUSIVE] * (self.astray is not None))


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
    for name in removal.staying:
        found = run_check(_WHERE.format(name), copy, _WHERE_S, environment)
        if found.answer is not Answer.PASS:
            return f"{name} cannot be imported in the copy: {' '.join(found.tail[-1:]) or found.found}"
        if not Path(found.tail[-1]).resolve().is_relative_to(copy.resolve()):
            return f"in the copy {name} is imported from {found.tail[-1]}"
    return None


@dataclass(frozen=True, slots=True)
class Proof:
    """Both halves; `folder` is where the copy was left, None where it is gone."""

    legacy: tuple[str, ...]
    rehearsal: Rehearsal
    alone: Alone
    folder: Path | None = None

    @property
    def answer(self) -> Answer:
        """Fail where one half fails, pass where both pass."""
        return worst((self.rehearsal.answer, self.alone.answer))

    @property
    def exit_code(self) -> int:
        """0 pass, 1 fail, 3 inconclusive."""
        return EXIT_CODES[self.answer]


def prove(root: Path, removal: Removal, say: Callable[[str], None], *, keep: bool = False) -> Proof:
    """Rehearse and replay; raises ConfigurationError where the plan does not fit the project.

    Nothing in the working tree is changed. `keep` leaves the copy where it is.
    """
    folder = Path(mkdtemp(prefix="changeover-prove-"))
    try:
        rehearsal = rehearse(root, removal, folder, say)
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)  # it is in the folder for temporary files
    say("scenarios, the candidate alone ...")
    alone = run_alone(root, removal, removal.timeout_s)
    say(f"{alone.answer}: {alone.runs:,} scenarios")
    return Proof(removal.legacy, rehearsal, alone, folder if keep else None)
