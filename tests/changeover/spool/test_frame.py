"""Frames are found whatever happened to the bytes around them, and none is read that was not written."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from changeover.spool.frame import (
    MARK,
    PAYLOAD_BYTES_MAX,
    Damage,
    Frame,
    FrameKind,
    frames_in,
    packed,
)

Written = tuple[FrameKind, int, bytes]
STEM = MARK[:-1]
pieces = st.sampled_from([MARK, STEM, STEM + b"\x00", STEM[:3], b"\x00", b"\x01"])
payloads = st.one_of(st.binary(max_size=40), st.lists(pieces, max_size=6).map(b"".join))
written = st.lists(
    st.tuples(st.sampled_from(FrameKind), st.integers(0, 2**64 - 1), payloads), min_size=1, max_size=6
)


def read(data: bytes, offset: int = 0) -> list[Written]:
    return [
        (part.kind, part.sequence, part.payload)
        for part in frames_in(data, offset)
        if isinstance(part, Frame)
    ]


def damages(data: bytes) -> list[tuple[int, int]]:
    return [(part.start, part.end) for part in frames_in(data) if isinstance(part, Damage)]


def lay_out(frames: list[Written]) -> tuple[bytes, list[int]]:
    """All bytes, and where each frame begins, with the end of the last one."""
    data, starts = b"", [0]
    for frame in frames:
        data += packed(*frame)
        starts.append(len(data))
    return data, starts


@given(written)
def test_what_was_written_is_read(frames: list[Written]) -> None:
    data, starts = lay_out(frames)
    assert read(data) == frames
    assert damages(data) == []
    assert [part.end for part in frames_in(data)] == starts[1:]
    assert all(read(data, start) == frames[number:] for number, start in enumerate(starts))


@given(written, st.data())
def test_a_cut_anywhere_costs_the_last_frame_alone(frames: list[Written], drawn: st.DataObject) -> None:
    data, starts = lay_out(frames)
    cut = drawn.draw(st.integers(0, len(data)))
    whole = sum(end <= cut for end in starts[1:])
    assert read(data[:cut]) == frames[:whole]
    assert damages(data[:cut]) == ([(starts[whole], cut)] if cut > starts[whole] else [])


@given(written, st.data())
def test_one_wrong_byte_costs_the_frame_that_it_stands_in(
    frames: list[Written], drawn: st.DataObject
) -> None:
    data, starts = lay_out(frames)
    at = drawn.draw(st.integers(0, len(data) - 1))
    wrong = data[:at] + bytes([data[at] ^ drawn.draw(st.integers(1, 255))]) + data[at + 1 :]
    hit = sum(end <= at for end in starts[1:])
    assert read(wrong) == frames[:hit] + frames[hit + 1 :]
    assert damages(wrong) == [(starts[hit], starts[hit + 1])]


@given(written, st.data())
def test_garbage_between_frames_hides_none_and_is_counted(
    frames: list[Written], drawn: st.DataObject
) -> None:
    garbage = st.one_of(st.binary(max_size=30), st.lists(pieces, max_size=4).map(b"".join))
    data, stretches = b"", 0
    for frame in frames:
        between = drawn.draw(garbage)
        stretches += bool(between)
        data += between + packed(*frame)
    assert read(data) == frames
    assert len(damages(data)) == stretches


@given(written, written, st.data())
def test_a_frame_inside_the_payload_of_a_damaged_one_is_not_taken_for_one(
    inner: list[Written], after: list[Written], drawn: st.DataObject
) -> None:
    outer = packed(FrameKind.RECORDED, 1, lay_out(inner)[0])
    cut, joined = drawn.draw(st.integers(1, len(outer) - 1)), lay_out(after)[0]
    assert read(outer[:cut] + joined) == after
    assert read(outer[cut:] + joined) == after


@settings(max_examples=300)
@given(st.binary(max_size=200))
def test_arbitrary_bytes_hold_no_frame(data: bytes) -> None:
    assert read(data) == []


def test_a_kind_of_a_later_version_is_passed_over() -> None:
    later = packed(200, 1, b"new")  # type: ignore[arg-type]
    data = later + packed(FrameKind.VERDICT, 2, b"old")
    assert read(data) == [(FrameKind.VERDICT, 2, b"old")]
    assert damages(data) == [(0, len(later))]


def test_a_payload_that_is_too_large_is_refused() -> None:
    with pytest.raises(ValueError, match="allowed: 16777216"):
        packed(FrameKind.RECORDED, 1, bytes(PAYLOAD_BYTES_MAX + 1))


def test_the_numbers_of_kinds_stay_since_they_stand_in_files() -> None:
    assert Counter({kind.name: int(kind) for kind in FrameKind}) == Counter(
        ENVIRONMENT=1, RECORDED=2, VERDICT=3, ADDENDUM=4
    )
