"""A file is replaced whole or not at all, whatever step fails or kills; lines are never joined or torn."""

import errno
import os
import stat
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from changeover.errors import describe_os_error
from changeover.values.atomic_file import (
    OWNER_ONLY,
    append_lines,
    create_file,
    overwrite,
    write_beside,
    write_file,
)

OLD, NEW = b"old content\n", b"new content, which is longer\n"
CALLS = ("open", "write", "fchown", "fchmod", "fsync", "close", "replace", "link", "ftruncate")
FIRST_LINE, SECOND_LINE = b'{"a": 1}\n', b'{"b": 2}\n'


class StepsEnd:
    """Every call that changes a file is a step; the one with this number ends otherwise."""

    def __init__(self, patch: pytest.MonkeyPatch, number: int, end: Callable[[], None]) -> None:
        self.reached = 0
        self._number = number
        self._end = end
        for name in CALLS:
            patch.setattr(os, name, self._step(getattr(os, name)))

    def _step(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def step(*arguments: Any, **options: Any) -> Any:
            self.reached += 1
            if self.reached == self._number:
                if call.__name__ == "write" and len(arguments[1]) > 1:  # the worst: half of it is there
                    self._number += self._end is disk_full
                    half = call(arguments[0], arguments[1][: len(arguments[1]) // 2])
                    if self._end is disk_full:
                        return half  # as the system does it: the next call says that there is no more room
                self._end()
            return call(*arguments, **options)

        return step


def disk_full() -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def killed() -> None:
    os._exit(9)


def fails_at(number: int, act: Callable[[], object]) -> OSError | None:
    """What came out of it; the steps before the given one are done."""
    with pytest.MonkeyPatch.context() as patch:
        StepsEnd(patch, number, disk_full)
        try:
            act()
        except OSError as error:
            return error
    return None


def dies_at(number: int, act: Callable[[], object]) -> bool:
    """Whether a process that did so ended at that step."""
    child = os.fork()
    if not child:
        with pytest.MonkeyPatch.context() as patch:
            StepsEnd(patch, number, killed)
            act()
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


def steps_of(act: Callable[[], object]) -> int:
    with pytest.MonkeyPatch.context() as patch:
        steps = StepsEnd(patch, 0, disk_full)
        act()
        return steps.reached


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(OLD)
    return path


def test_a_step_that_fails_leaves_the_old_content_or_the_new_and_nothing_else(file: Path) -> None:
    failed = 0
    for number in range(1, steps_of(lambda: write_file(file, OLD)) + 1):
        file.write_bytes(OLD)
        error = fails_at(number, lambda: write_file(file, NEW))
        assert file.read_bytes() == (NEW if error is None else OLD), number
        assert names(file.parent) == [file.name], number
        failed += error is not None
    assert failed >= 4  # open, write, fsync, replace; mode, owner and the folder are not worth a failure


def test_a_process_that_is_killed_at_any_step_leaves_the_old_content_or_the_new(file: Path) -> None:
    for number in count(1):
        file.write_bytes(OLD)
        if not dies_at(number, lambda: write_file(file, NEW)):
            break
        assert file.read_bytes() in (OLD, NEW), number
    assert number > 6
    assert file.read_bytes() == NEW


def test_content_and_folder_are_synced_before_and_after_the_file_takes_its_place(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    sync, replace = os.fsync, os.replace

    def noted_sync(descriptor: int) -> None:
        order.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        sync(descriptor)

    def noted_replace(*paths: Any) -> None:
        order.append("replace")
        replace(*paths)

    monkeypatch.setattr(os, "fsync", noted_sync)
    monkeypatch.setattr(os, "replace", noted_replace)
    write_file(file, NEW)
    assert order == ["file", "replace", "folder"]


def test_mode_stays_and_the_time_moves_on(file: Path) -> None:
    file.chmod(0o640)
    ahead = file.stat().st_mtime_ns + 10**12
    os.utime(file, ns=(ahead, ahead))
    write_file(file, NEW)
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert file.stat().st_mtime_ns > ahead


def test_a_link_stays_a_link_and_what_it_points_to_is_replaced(file: Path) -> None:
    folder = file.parent / "elsewhere"
    folder.mkdir()
    link = folder / "link"
    link.symlink_to(file)
    write_file(link, NEW)
    assert link.is_symlink()
    assert file.read_bytes() == NEW
    assert names(folder) == ["link"]


def test_folders_are_made_as_needed(tmp_path: Path) -> None:
    write_file(tmp_path / "a" / "b" / "file", NEW)
    assert (tmp_path / "a" / "b" / "file").read_bytes() == NEW


def test_a_folder_that_cannot_be_synced_does_not_make_what_was_done_a_failure(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync = os.fsync

    def only_files(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", only_files)
    write_file(file, NEW)
    assert file.read_bytes() == NEW


def test_a_file_is_created_once_and_for_its_owner_alone_where_that_is_asked(tmp_path: Path) -> None:
    path = tmp_path / "key"
    assert create_file(path, OLD, OWNER_ONLY)
    assert not create_file(path, NEW, OWNER_ONLY)
    assert path.read_bytes() == OLD
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert names(tmp_path) == ["key"]


def test_creating_fails_without_a_rest(tmp_path: Path) -> None:
    path = tmp_path / "key"
    for number in range(1, 5):
        if fails_at(number, lambda: create_file(path, NEW)) is not None:
            assert names(tmp_path) == []
        path.unlink(missing_ok=True)


def test_what_is_written_beside_does_not_touch_the_file(file: Path) -> None:
    beside = write_beside(file, NEW)
    assert (file.read_bytes(), beside.read_bytes()) == (OLD, NEW)
    assert beside.parent == file.parent


def test_writing_over_keeps_the_file_itself(file: Path) -> None:
    number = file.stat().st_ino
    overwrite(file, b"NEW CONTENT\n")
    assert (file.read_bytes(), file.stat().st_ino) == (b"NEW CONTENT\n", number)


def test_a_line_that_could_not_be_added_leaves_nothing_behind(tmp_path: Path) -> None:
    file = tmp_path / "lines"
    file.write_bytes(FIRST_LINE)
    failed = 0
    for number in range(1, steps_of(lambda: append_lines(tmp_path / "other", SECOND_LINE)) + 1):
        file.write_bytes(FIRST_LINE)
        if fails_at(number, lambda: append_lines(file, SECOND_LINE)) is not None:
            failed += 1
            assert file.read_bytes() in (FIRST_LINE, FIRST_LINE + SECOND_LINE), number
    assert failed >= 3


def test_a_torn_line_is_ended_before_the_next_one(tmp_path: Path) -> None:
    file = tmp_path / "lines"
    append_lines(file, FIRST_LINE)
    assert dies_at(2, lambda: append_lines(file, SECOND_LINE))
    assert not file.read_bytes().endswith(b"\n")
    append_lines(file, SECOND_LINE)
    lines = file.read_bytes().splitlines(keepends=True)
    assert (lines[0], lines[2], len(lines)) == (FIRST_LINE, SECOND_LINE, 3)


def test_a_line_that_failed_does_not_take_away_what_somebody_else_added_behind_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "lines"

    def others_first(descriptor: int) -> None:
        with file.open("ab") as other:
            other.write(b"theirs\n")
        disk_full()

    monkeypatch.setattr(os, "fsync", others_first)
    with pytest.raises(OSError, match="No space"):
        append_lines(file, FIRST_LINE)
    assert file.read_bytes() == FIRST_LINE + b"theirs\n"


def test_a_full_disk_is_told_apart(tmp_path: Path) -> None:
    error = fails_at(2, lambda: write_file(tmp_path / "file", NEW))
    assert error is not None
    assert describe_os_error(error) == "the disk is full: No space left on device"
    assert describe_os_error(OSError(errno.EACCES, "Permission denied")) == "Permission denied"
