"""What is kept of source files makes digests quicker, and never another one."""

import json
import os
import stat
import time
from pathlib import Path

import pytest

from changeover.evidence.file_digests import FILE, FORMAT, FileDigests

LATER_NS = 10_000_000_000


def read(path: Path) -> str:
    return path.read_text()


def settled() -> FileDigests:
    """In ten seconds, when what was written now is no longer new."""
    return FileDigests(lambda: time.time_ns() + LATER_NS)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "state").mkdir()
    path = tmp_path / "shop.py"
    path.write_text("one")
    return path


def kept(source: Path, digests: FileDigests) -> Path:
    """The file in which the digest of the source was kept."""
    digests.keep_in(source.parent / "state")
    assert digests.digest(source, read) == read(source)
    digests.save()
    return source.parent / "state" / FILE


def test_the_next_process_does_not_read_a_file_that_is_as_it_was(source: Path) -> None:
    kept(source, settled())
    following = settled()
    following.keep_in(source.parent / "state")
    assert following.digest(source, lambda path: pytest.fail(f"{path} was read")) == "one"


def test_other_content_of_the_same_size_and_time_has_another_digest(source: Path) -> None:
    kept(source, settled())
    before = source.stat()
    time.sleep(0.05)  # so long that the clock of the file system has moved
    source.write_text("two")
    os.utime(source, ns=(before.st_atime_ns, before.st_mtime_ns))
    following = settled()
    following.keep_in(source.parent / "state")
    assert following.digest(source, read) == "two"


def test_a_file_that_took_the_place_of_another_has_its_own_digest(source: Path) -> None:
    kept(source, settled())
    other = source.with_name("other.py")
    other.write_text("two")
    os.utime(other, ns=(source.stat().st_atime_ns, source.stat().st_mtime_ns))
    other.replace(source)
    following = settled()
    following.keep_in(source.parent / "state")
    assert following.digest(source, read) == "two"


def test_what_was_written_a_moment_ago_is_not_kept_for_the_next_process_and_read_once_in_this(
    source: Path,
) -> None:
    digests = FileDigests()
    assert not kept(source, digests).exists()
    assert digests.digest(source, lambda path: pytest.fail(f"{path} was read")) == "one"


def test_a_file_of_the_future_is_read_once_in_a_process(source: Path) -> None:
    ahead_ns = time.time_ns() + 2 * LATER_NS
    os.utime(source, ns=(ahead_ns, ahead_ns))
    digests = settled()
    assert not kept(source, digests).exists()
    assert digests.digest(source, lambda path: pytest.fail(f"{path} was read")) == "one"


@pytest.mark.parametrize(
    "damage",
    [
        "",
        "[]",
        "null",
        '{"format": "0", "files": {}}',
        '{"format": 1}',
        "\x00",
        json.dumps({"format": FORMAT, "files": []}),
        json.dumps({"format": FORMAT, "files": {"a": 1}}),
        json.dumps({"format": FORMAT, "files": {"a": [1, 2, 3, 4]}}),
        "[" * 100_000,
    ],
)
def test_a_file_that_cannot_be_read_is_as_none(source: Path, damage: str) -> None:
    place = kept(source, settled())
    place.write_text(damage)
    following = settled()
    following.keep_in(place.parent)
    assert following.digest(source, read) == "one"


def test_no_folder_is_made_and_one_that_cannot_be_written_does_no_harm(source: Path) -> None:
    digests = settled()
    digests.keep_in(source.parent / "nowhere")
    assert digests.digest(source, read) == "one"
    digests.save()
    assert not (source.parent / "nowhere").exists()
    (source.parent / "state" / FILE).mkdir()
    kept(source, settled())


def test_nobody_else_can_read_it(source: Path) -> None:
    assert stat.S_IMODE(kept(source, settled()).stat().st_mode) == 0o600
