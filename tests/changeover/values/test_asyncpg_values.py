"""What asyncpg makes of rows: records, and identifiers that are not laid out as those of Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import asyncpg.pgproto.pgproto
import pytest
from asyncpg.protocol import protocol

from changeover.record.codec import Codec
from changeover.values.content_key import digest, same_content
from changeover.values.copying import snapshot

ONE, OTHER = uuid4(), uuid4()


def identifier(of: UUID) -> Any:
    return asyncpg.pgproto.pgproto.UUID(of.bytes)


def record(of: UUID) -> Any:
    return protocol._create_record({"id": 0, "lots": 1}, (identifier(of), [1, 2]))


@pytest.mark.parametrize("make", [identifier, record])
def test_a_value_is_copied_written_and_read_as_what_it_was(make: Callable[[UUID], Any]) -> None:
    codec = Codec()
    for again in (snapshot(make(ONE)), codec.decode(codec.encode(make(ONE)))):
        assert (type(again), again) == (type(make(ONE)), make(ONE))


@pytest.mark.parametrize("make", [identifier, record])
def test_values_are_told_apart_by_what_they_hold(make: Callable[[UUID], Any]) -> None:
    assert same_content(make(ONE), make(ONE))
    assert not same_content(make(ONE), make(OTHER))
    assert digest(make(ONE)) != digest(make(OTHER))


def test_a_copy_of_a_record_shares_nothing_that_can_change() -> None:
    before = record(ONE)
    copied = snapshot(before)
    before["lots"].append(3)
    assert (copied["lots"], list(copied.keys())) == ([1, 2], ["id", "lots"])
