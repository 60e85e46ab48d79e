"""A text diff loses nothing of what differs, says what it left out, and puts legacy before the candidate."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from changeover.compare.text_diff import (
    CHARACTERS_LOOKED_AT_MAX,
    LINES_SHOWN_MAX,
    SAME_SHOWN_MAX,
    TextDiff,
    text_diff,
)
from changeover.values.observation import Side

LINES = st.lists(st.sampled_from(["", "a", "a b", "SELL 18 SPY", "SELL 312 SPY", "x" * 50]), max_size=12)


def side_of(found: TextDiff, side: Side) -> list[str]:
    return [line.text for line in found.lines if line.side in (side, None)]


def diff_of(legacy: str, candidate: str) -> TextDiff:
    found = text_diff(legacy, candidate)
    assert found is not None
    return found


def test_the_words_that_changed_are_marked_and_the_rest_of_the_line_is_not() -> None:
    found = diff_of("the report:\nSELL 18 SPY at close", "the report:\nSELL 312 SPY at close")
    _, legacy, candidate = found.lines
    assert (legacy.side, candidate.side) == (Side.LEGACY, Side.CANDIDATE)
    assert [part.text for part in legacy.parts if part.differs] == ["18"]
    assert [part.text for part in candidate.parts if part.differs] == ["312"]


def test_lines_that_have_nothing_in_common_differ_as_a_whole() -> None:
    found = diff_of("alpha beta gamma\n", "0123456789\n")
    assert all(part.differs for line in found.lines for part in line.parts)


@given(LINES, LINES)
def test_both_texts_can_be_read_from_it_and_nothing_stands_on_the_wrong_side(
    ours: list[str], theirs: list[str]
) -> None:
    legacy, candidate = "begin\n" + "\n".join(ours), "begin\n" + "\n".join(theirs)
    if (found := text_diff(legacy, candidate)) is None:
        return
    kept = sum(line.skipped for line in found.lines) + found.skipped
    assert len(side_of(found, Side.LEGACY)) + kept == len(legacy.splitlines())
    assert len(side_of(found, Side.CANDIDATE)) + kept == len(candidate.splitlines())
    for side, text in ((Side.LEGACY, legacy), (Side.CANDIDATE, candidate)):
        rest = iter(text.splitlines())
        assert all(any(line.rstrip("\n") == other for other in rest) for line in side_of(found, side))
    assert any(part.differs for line in found.lines for part in line.parts)


@given(st.text(max_size=300), st.text(max_size=300))
def test_two_different_texts_are_never_shown_as_alike(legacy: str, candidate: str) -> None:
    found = text_diff(legacy, candidate)
    if found is not None:
        assert any(part.differs for line in found.lines for part in line.parts)


def test_a_long_stretch_that_is_alike_is_cut_and_counted() -> None:
    same = "word " * 200
    found = diff_of(f"{same}ONE{same}", f"{same}OTHER{same}")
    for line, word in zip(found.lines, ("ONE", "OTHER"), strict=True):
        assert word in line.text
        assert len(line.text) < 2 * SAME_SHOWN_MAX
        assert len(line.text) - line.text.count("…") + sum(one.left_out for one in line.parts) == 2_000 + len(
            word
        )


def test_lines_and_characters_beyond_the_limits_are_counted_or_said() -> None:
    many = diff_of("\n".join(map(str, range(200))), "\n".join(f"{one}x" for one in range(200)))
    assert len(many.lines) == LINES_SHOWN_MAX
    assert many.left_out == 400 - LINES_SHOWN_MAX
    assert diff_of("a" * (CHARACTERS_LOOKED_AT_MAX + 1), "b").is_cut


@pytest.mark.parametrize(
    ("legacy", "candidate"),
    [("short", "other"), ("a\nb", "a\nb"), (1, 2), ("long " * 40, None), (b"a\n", b"b\n")],
)
def test_there_is_none_for_short_texts_equal_ones_and_other_values(legacy: object, candidate: object) -> None:
    assert text_diff(legacy, candidate) is None


def test_line_ends_that_alone_differ_are_shown() -> None:
    found = diff_of("one\ntwo\n", "one\r\ntwo\r\n")
    assert "one\r\n" in side_of(found, Side.CANDIDATE)
