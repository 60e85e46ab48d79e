"""Which keys are in while a phase ramps: stable everywhere and for ever, fixed by test vectors."""

from __future__ import annotations

from hashlib import sha256

BUCKETS = 10_000


def bucket(phase: str, key: str) -> int:
    """A number from 0 to 9999: the first 8 bytes, big-endian, of sha256(phase, newline, key), modulo 10000.

    The phase is hashed along, so that it is not the same keys that go first in every phase.
    """
    digest = sha256(f"{phase}\n{key}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") % BUCKETS


def in_bucket(phase: str, key: str, percent: float) -> bool:
    """Whether the key is among the first `percent` of all; a larger percentage only adds keys."""
    return bucket(phase, key) < round(percent * (BUCKETS / 100))
