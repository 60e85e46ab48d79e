"""Frames: what is appended to a spool, each with a mark, its kind, its number, its length and checksums.

A frame that is torn or damaged costs itself alone: reading goes on at the next mark. No frame is read that
was not written, because a mark never stands inside a payload.

    mark 8 | kind 1 | sequence 8 | length 4 | checksum of the payload 4 | checksum of these four 4 | payload
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from enum import IntEnum
from zlib import crc32

from changeover.quick_dataclass import dataclass

PAYLOAD_BYTES_MAX = 16 * 1024 * 1024
# Its first byte stands in it once, so that no two of them overlap.
_STEM = b"\xf7chgovr"
MARK = _STEM + b"\x01"
_STEM_IN_PAYLOAD = _STEM + b"\x00"
_HEADER = struct.Struct("<BQII")
_CHECK = struct.Struct("<I")
_BEFORE_PAYLOAD = len(MARK) + _HEADER.size + _CHECK.size


class FrameKind(IntEnum):
    """What a payload is; the numbers stand in files."""

    ENVIRONMENT = 1
    """JSON about the process that appends, the first frame of every file."""
    RECORDED = 2
    """A run that is still to be replayed."""
    VERDICT = 3
    """A judged run, as it is kept in a store."""
    ADDENDUM = 4
    """What the work of a run did after its answer."""


COUNTED = frozenset({FrameKind.RECORDED, FrameKind.VERDICT})
"""Each of these frames is one run."""
_KINDS = {int(kind): kind for kind in FrameKind}


@dataclass(frozen=True, slots=True)
class Frame:
    """One whole frame, which stands from `start` to before `end`."""

    kind: FrameKind
    sequence: int
    payload: bytes
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Damage:
    """Bytes that are no frame: torn, damaged, or at the end of a file one that is still being written."""

    start: int
    end: int


def packed(kind: FrameKind, sequence: int, payload: bytes) -> bytes:
    """The bytes of a frame; raises ValueError for a payload above `PAYLOAD_BYTES_MAX`."""
    body = payload.replace(_STEM, _STEM_IN_PAYLOAD)
    if len(body) > PAYLOAD_BYTES_MAX:
        raise ValueError(f"a payload of {len(body)} bytes, allowed: {PAYLOAD_BYTES_MAX}")
    header = _HEADER.pack(kind, sequence, len(body), crc32(body))
    return b"".join((MARK, header, _CHECK.pack(crc32(header)), body))


def frames_in(data: bytes, offset: int = 0) -> Iterator[Frame | Damage]:
    """Every whole frame from `offset` on, and each stretch between them that is none."""
    at = offset
    while at < len(data):
        frame = _frame_at(data, at)
        if frame is None:
            frame = _next_frame(data, at + 1)
            yield Damage(at, len(data) if frame is None else frame.start)
            if frame is None:
                return
        yield frame
        at = frame.end


def _next_frame(data: bytes, offset: int) -> Frame | None:
    at = data.find(MARK, offset)
    while at >= 0:
        frame = _frame_at(data, at)
        if frame is not None:
            return frame
        at = data.find(MARK, at + 1)
    return None


def _frame_at(data: bytes, at: int) -> Frame | None:
    start = at + _BEFORE_PAYLOAD
    if len(data) < start or not data.startswith(MARK, at):
        return None
    header = data[at + len(MARK) : start - _CHECK.size]
    (check,) = _CHECK.unpack_from(data, start - _CHECK.size)
    if crc32(header) != check:
        return None
    number, sequence, length, checksum = _HEADER.unpack(header)
    end = start + length
    body = data[start:end]
    kind = _KINDS.get(number)
    if kind is None or len(body) < length or crc32(body) != checksum:
        return None
    return Frame(kind, sequence, body.replace(_STEM_IN_PAYLOAD, _STEM), at, end)
