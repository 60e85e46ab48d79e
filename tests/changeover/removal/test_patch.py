"""The small applier of unified diffs: exactly, or not at all."""

from difflib import unified_diff
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from changeover import ConfigurationError
from changeover.removal.patch import apply_patch, read_patch

OLD = "one\ntwo\nthree\nfour\nfive\n"
CHANGE = "--- a/x.txt\n+++ b/x.txt\n@@ -2,2 +2,2 @@\n two\n-three\n+3\n"


def patched(folder: Path, patch: str, **files: str) -> dict[str, str]:
    for name, text in files.items():
        (folder / f"{name}.txt").write_text(text, newline="")
    file = folder / "change.patch"
    file.write_text(patch, newline="")
    apply_patch(file, read_patch(file), folder)
    return {name: (folder / f"{name}.txt").read_bytes().decode() for name in files}


def test_lines_are_replaced_and_the_rest_stays(tmp_path: Path) -> None:
    assert patched(tmp_path, CHANGE, x=OLD) == {"x": OLD.replace("three", "3")}


def test_a_hunk_is_found_where_it_has_moved_to(tmp_path: Path) -> None:
    assert patched(tmp_path, CHANGE, x="zero\n" + OLD)["x"] == "zero\n" + OLD.replace("three", "3")


def test_line_ends_of_the_file_are_kept(tmp_path: Path) -> None:
    text = OLD.replace("\n", "\r\n")
    assert patched(tmp_path, CHANGE, x=text)["x"] == text.replace("three", "3")


@given(
    st.lists(st.integers(0, 10_000), unique=True, max_size=12),
    st.lists(st.integers(0, 10_000), unique=True, max_size=12),
)
def test_what_diff_writes_leads_from_the_old_lines_to_the_new(old: list[int], new: list[int]) -> None:
    from tempfile import TemporaryDirectory

    before, after = ([f"line {number}\n" for number in numbers] for numbers in (old, new))
    patch = "".join(unified_diff(before, after, "a/x.txt", "b/x.txt", n=1))
    if not patch or not before:
        return
    with TemporaryDirectory() as folder:
        assert patched(Path(folder), patch, x="".join(before))["x"] == "".join(after)


@pytest.mark.parametrize(
    ("patch", "said"),
    [
        (CHANGE.replace("-three", "-drei"), ":3: x.txt: these lines do not stand there, or more than once"),
        (CHANGE.replace("x.txt", "../x.txt"), "lies outside the project"),
        (CHANGE.replace("--- a/x.txt", "--- /dev/null"), "a patch changes files"),
        (CHANGE.replace("+++ b/x.txt", "+++ /dev/null"), "a patch changes files"),
        (CHANGE.replace("-2,2", "-2,5"), "the hunk has 2 old lines, its heading says 5"),
        (CHANGE.replace("@@ -2,2 +2,2 @@", "@@ two @@"), "allowed: @@ -LINE,COUNT +LINE,COUNT @@"),
        (CHANGE.replace("+++ b/x.txt\n", ""), "no '+++' after '---'"),
        ("@@ -1 +1 @@\n-one\n+1\n", "a hunk before any file"),
        ("words\n", "holds no change"),
        ("", "holds no change"),
    ],
)
def test_a_patch_that_does_not_fit_is_refused_with_its_line(tmp_path: Path, patch: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        patched(tmp_path, patch, x=OLD)
    assert said in str(refused.value)
    assert (tmp_path / "x.txt").read_text() == OLD


def test_lines_that_stand_there_twice_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="more than once"):
        patched(tmp_path, CHANGE, x=OLD + OLD)


def test_nothing_is_written_where_a_later_file_does_not_fit(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"y\.txt: these lines"):
        patched(tmp_path, CHANGE + CHANGE.replace("x.txt", "y.txt"), x=OLD, y="other\n")
    assert (tmp_path / "x.txt").read_text() == OLD
