"""What a process appended is read by another one, each run once, and what is missing is counted."""

import os
import resource
import signal
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from changeover.spool.folder import SpoolFolder
from changeover.spool.frame import FrameKind
from changeover.spool.names import files_in
from changeover.spool.writer import SpoolWriter
from tests.changeover.support.spools import append, in_a_process, lost, read, take

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="forks, and modes of POSIX")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / ".changeover" / "spool"


def spools(folder: Path) -> list[str]:
    return sorted({path.name.split(".")[0] for path in folder.glob("*-*")})


def test_what_was_appended_is_read_in_order_and_once(folder: Path) -> None:
    writer = SpoolWriter(folder)
    assert append(writer, "one", "two") == [True, True]
    assert read(folder) == ["one", "two"]
    append(writer, "three")
    assert read(folder) == ["three"]
    assert read(folder) == []


def test_what_is_not_said_to_be_done_is_read_again(folder: Path) -> None:
    writer = SpoolWriter(folder)
    append(writer, "one", "two", "three")
    for claim in SpoolFolder(folder).claims():
        first, *_ = claim.frames()
        claim.done(first)
    assert read(folder) == ["two", "three"]


def test_nothing_is_made_before_the_first_frame(folder: Path) -> None:
    SpoolWriter(folder)
    assert not folder.parent.exists()
    assert read(folder) == []


def test_files_and_folders_are_private_and_ignored_by_git(folder: Path) -> None:
    before = os.umask(0)
    try:
        append(SpoolWriter(folder), "one")
        read(folder)
    finally:
        os.umask(before)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir() if path.name != ".gitignore"}
    assert modes == {0o600}
    assert [stat.S_IMODE(path.stat().st_mode) for path in (folder, folder.parent)] == [0o700, 0o700]
    assert (folder.parent / ".gitignore").read_text() == "*\n"


def test_a_process_says_what_it_is(folder: Path) -> None:
    writer = SpoolWriter(folder, describe=lambda: {"code": "abc"})
    append(writer, "one")
    for claim in SpoolFolder(folder).claims():
        take(claim)
        said = claim.environment
    assert (said["pid"], said["code"]) == (os.getpid(), "abc")
    assert said["hash_of_probe"] == hash("changeover")
    assert {"host", "hash_seed", "time_zone", "locale", "python"} <= set(said)


@pytest.mark.parametrize(
    ("end", "code"),
    [
        ("os._exit(0)", 0),
        ("os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL),
        ("os.kill(os.getpid(), signal.SIGTERM)", -signal.SIGTERM),
        ("import ctypes; ctypes.string_at(0)", -signal.SIGSEGV),
        ("os.execv('/bin/true', ['true'])", 0),
    ],
)
def test_everything_is_there_however_the_process_ends(folder: Path, end: str, code: int) -> None:
    in_a_process(folder, f"say(*map(str, range(100)))\n{end}", ended=lambda found: found == code)
    assert lost(folder) == 0
    assert spools(folder)
    assert read(folder) == []


def test_every_run_of_a_process_that_was_killed_is_read_before_its_files_are_removed(folder: Path) -> None:
    in_a_process(folder, "say('one', 'two')\nos._exit(0)")
    assert read(folder, finish=True) == ["one", "two"]
    assert spools(folder) == []


def test_the_files_of_a_process_that_lives_stay(folder: Path) -> None:
    writer = SpoolWriter(folder)
    append(writer, "one")
    assert read(folder, finish=True) == ["one"]
    append(writer, "two")
    assert read(folder, finish=True) == ["two"]
    writer.close()
    assert read(folder, finish=True) == []
    assert spools(folder) == []


def test_a_forked_child_has_a_spool_of_its_own(folder: Path) -> None:
    in_a_process(
        folder,
        """
        say("parent 1")
        child = os.fork()
        if child == 0:
            say("child")
            os._exit(0)
        os.waitpid(child, 0)
        say("parent 2")
        os._exit(0)
        """,
    )
    assert len(spools(folder)) == 2
    assert lost(folder) == 0


def test_a_child_that_lives_on_does_not_keep_the_spool_of_its_parent(folder: Path, tmp_path: Path) -> None:
    begun, stop = tmp_path / "begun", tmp_path / "stop"
    os.mkfifo(begun)
    os.mkfifo(stop)
    program = f"""
        say("parent")
        if os.fork() == 0:
            open({str(begun)!r}, "w").close()
            open({str(stop)!r}).read()
            os._exit(0)
        open({str(begun)!r}).close()
        os._exit(0)
    """
    in_a_process(folder, program)
    try:
        assert read(folder, finish=True) == ["parent"]
        assert spools(folder) == []
    finally:
        stop.write_text("now")


def test_threads_lose_no_frame(folder: Path) -> None:
    writer = SpoolWriter(folder, file_bytes_max=2_000)
    threads = [
        threading.Thread(target=lambda name=name: append(writer, *(f"{name} {n}" for n in range(200))))
        for name in range(4)
    ]
    for thread in threads:
        thread.start()
    found = []
    while any(thread.is_alive() for thread in threads):
        found += read(folder)
    found += read(folder)
    assert sorted(found) == sorted(f"{name} {n}" for name in range(4) for n in range(200))
    assert len(files_in(folder)) == 1  # those that lie behind are removed


def test_a_handler_of_a_signal_appends_in_the_middle_of_an_append(folder: Path) -> None:
    writer = SpoolWriter(folder, file_bytes_max=5_000)
    appended: list[str] = []
    said: list[str] = []
    assert append(writer, "first") == [True]

    def handler(number: int, frame: object) -> None:
        said.append(f"signal {len(said)}")
        assert append(writer, *([said[-1]] * 100)) == [True] * 100  # so that the next file begins
        signal.setitimer(signal.ITIMER_REAL, 0.0003)

    before = signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.0003)
    try:
        while len(said) < 40:
            appended.append(str(len(appended)))
            assert append(writer, appended[-1]) == [True]
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert sorted(read(folder)) == sorted(["first", *appended, *said * 100])


def test_a_torn_frame_costs_one_run_which_is_counted(folder: Path) -> None:
    in_a_process(folder, "say('one', 'two', 'three')\nos._exit(0)")
    (file,) = files_in(folder)
    data = file.path.read_bytes()
    file.path.write_bytes(data.replace(b"two", b"tw0"))
    for claim in SpoolFolder(folder).claims():
        assert take(claim) == ["one", "three"]
        assert (claim.damaged, claim.lost) == (1, 1)
        assert claim.finish()


def test_what_was_not_synced_before_a_loss_of_power_is_counted(folder: Path) -> None:
    in_a_process(folder, "say(*map(str, range(50)))\nos._exit(0)")
    (file,) = files_in(folder)
    file.path.write_bytes(file.path.read_bytes()[: file.size // 2])
    for claim in SpoolFolder(folder).claims():
        kept = take(claim)
        assert 10 < len(kept) < 40
        assert len(kept) + claim.lost == 50


def test_a_reader_that_dies_between_what_it_did_and_saying_so_repeats_it(folder: Path) -> None:
    in_a_process(folder, "say('one', 'two')\nos._exit(0)")
    program = f"""
        from changeover.spool.folder import SpoolFolder
        for claim in SpoolFolder(Path({str(folder)!r})).claims():
            list(claim.frames())
            os.kill(os.getpid(), signal.SIGKILL)
    """
    in_a_process(folder, program, ended=lambda code: code == -signal.SIGKILL)
    assert read(folder) == ["one", "two"]
    assert lost(folder) == 0


def test_one_reader_at_a_time_has_a_spool(folder: Path) -> None:
    in_a_process(folder, "say('one')\nos._exit(0)")
    for claim in SpoolFolder(folder).claims():
        assert read(folder) == []
        assert take(claim) == ["one"]
    assert read(folder) == []


def test_a_reader_that_waits_gets_it_afterwards(folder: Path) -> None:
    in_a_process(folder, "say('one')\nos._exit(0)")
    claim = next(SpoolFolder(folder).claims())
    threading.Timer(0.1, claim.release).start()
    assert [take(other) for other in SpoolFolder(folder).claims(wait_s=30)] == [["one"]]


@contextmanager
def a_full_disk(bytes_max: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_max, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_is_said_and_what_comes_after_it_is_kept(folder: Path) -> None:
    writer = SpoolWriter(folder)
    with a_full_disk(3_000):
        appended = append(writer, *(f"{number:0500d}" for number in range(20)))
        assert writer.problem is not None
    assert 2 < sum(appended) < 7
    assert append(writer, "after") == [True]
    assert writer.problem is None
    writer.close()
    assert lost(folder) == 20 - sum(appended)


def test_what_is_appended_at_the_second_try_is_offered_once(folder: Path) -> None:
    writer = SpoolWriter(folder)
    append(writer, "first")
    with a_full_disk(1):
        assert append(writer, "second") == [False]
    assert writer.append(FrameKind.VERDICT, b"second", again=True)
    writer.close()
    assert lost(folder) == 0
    assert read(folder) == []


def test_what_was_kept_without_the_spool_is_not_lost_and_what_was_given_up_is_lost_at_once(
    folder: Path,
) -> None:
    writer = SpoolWriter(folder)
    append(writer, "first")
    with a_full_disk(1):
        assert append(writer, "a", "b", "c") == [False] * 3
    writer.settle(elsewhere=1, given_up=1)
    assert lost(folder) == 1  # the third one may still come
    writer.close()
    assert lost(folder) == 2


def test_a_file_in_the_place_of_the_folder_harms_nobody_and_is_tried_again(folder: Path) -> None:
    seconds = [0.0]
    folder.parent.mkdir()
    folder.write_text("mine")
    writer = SpoolWriter(folder, monotonic=lambda: seconds[0])
    assert append(writer, "one", "two") == [False, False]
    assert not writer.is_counting
    assert "spool" in str(writer.problem)
    folder.unlink()
    assert append(writer, "three") == [False]  # not before a second is over
    seconds[0] = 1.0
    assert append(writer, "four") == [True]
    writer.close()
    assert lost(folder) == 3


def test_a_folder_that_somebody_removes_is_made_anew(folder: Path) -> None:
    writer = SpoolWriter(folder)
    append(writer, "gone")
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    assert append(writer, "here") == [True]
    assert read(folder) == ["here"]
    writer.close()
    assert lost(folder) == 0


def test_a_run_that_is_too_large_is_refused_and_counted(folder: Path) -> None:
    writer = SpoolWriter(folder)
    assert append(writer, "small", "x" * (16 * 1024 * 1024 + 1), "small") == [True, False, True]
    writer.close()
    assert lost(folder) == 1


def test_beyond_its_bytes_a_folder_loses_the_oldest_and_counts_them(folder: Path) -> None:
    writer = SpoolWriter(folder, bytes_max=20_000, file_bytes_max=3_000)
    texts = [f"{number:0500d}" for number in range(200)]
    assert all(append(writer, *texts))
    writer.close()
    assert sum(file.size for file in files_in(folder)) < 25_000
    kept = read(folder)
    assert kept == texts[-len(kept) :]
    assert 20 < len(kept) < 45
    assert lost(folder) == 200 - len(kept)


def test_what_a_living_process_lost_by_that_is_known_before_it_ends(folder: Path) -> None:
    writer = SpoolWriter(folder, bytes_max=20_000, file_bytes_max=3_000)
    append(writer, *(f"{number:0500d}" for number in range(200)))
    kept = len(read(folder))
    assert lost(folder) == 200 - kept > 0
    append(writer, *(f"{number:0500d}" for number in range(20)))
    kept += len(read(folder))
    assert lost(folder) == 220 - kept


def test_a_folder_that_is_full_of_what_others_append_to_takes_no_more(folder: Path) -> None:
    others = [SpoolWriter(folder, bytes_max=10_000) for _ in range(3)]
    for writer in others:
        append(writer, "x" * 3_500)
    late = SpoolWriter(folder, bytes_max=10_000)
    assert append(late, "late") == [False]
    assert "full" in str(late.problem)
    for writer in others:
        writer.close()
    assert len(read(folder)) == 3


def aged(folder: Path, days: int) -> None:
    for path in folder.glob("*.frames"):
        moment = time.time() - days * 86_400
        os.utime(path, (moment, moment))


def test_a_clock_that_is_two_years_ahead_removes_nothing(folder: Path) -> None:
    in_a_process(folder, "say('old')\nos._exit(0)")
    aged(folder, 730)
    append(SpoolWriter(folder), "new")
    assert sorted(read(folder)) == ["new", "old"]


def test_what_is_old_by_many_days_on_which_something_was_appended_goes(folder: Path) -> None:
    for days in (40, *range(8)):
        writer = SpoolWriter(folder)
        append(writer, f"{days} days ago")
        name = writer.name
        writer.close()
        for path in folder.glob(f"{name}.*.frames"):
            moment = time.time() - days * 86_400
            os.utime(path, (moment, moment))
    append(SpoolWriter(folder), "now")
    found = read(folder)
    assert "40 days ago" not in found
    assert len(found) == 9


def test_files_of_others_are_left_alone(folder: Path) -> None:
    append(SpoolWriter(folder), "one")
    mine = folder / "notes.txt"
    mine.write_text("mine")
    read(folder, finish=True)
    assert mine.read_text() == "mine"
