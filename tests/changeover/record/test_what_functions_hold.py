"""There are two readings of what functions hold: by content for a port, by the thing itself for a path."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from types import FunctionType
from typing import Any, cast

import pytest

from changeover.record.held_copies import HeldCopies
from changeover.record.held_reading import HeldReading


class Client:
    """It has no copy, for the connection that it holds."""

    def __init__(self) -> None:
        self.connection = socket.socket()
        self.asked = 0


def keeper_of(held: Any) -> tuple[FunctionType, Callable[[Any], None]]:
    """A function that holds it, and what puts something else in its place."""

    def keeper() -> Any:
        return held

    def put(other: Any) -> None:
        nonlocal held
        held = other

    return cast(FunctionType, keeper), put


@pytest.fixture
def client() -> Iterator[Client]:
    made = Client()
    yield made
    made.connection.close()


def changes(held: Any, change: Callable[[Callable[[Any], None]], object]) -> tuple[bool, bool]:
    """Whether a change is seen by copies, and by a reading."""
    function, put = keeper_of(held)
    copies, reading = HeldCopies([function], lambda _: False, None), HeldReading(function, lambda _: False)
    change(put)
    return copies.has_changed(), reading.changed() is not None


def test_what_changes_near_is_seen_by_both() -> None:
    rows = [{"price": 1}]
    assert changes(rows, lambda put: rows[0].update(price=2)) == (True, True)
    assert changes(rows, lambda put: None) == (False, False)


def test_another_thing_with_the_same_content_is_another_one_for_a_path_alone() -> None:
    assert changes([1, 2], lambda put: put([1, 2])) == (False, True)


def test_what_changes_far_away_is_seen_in_copies_alone() -> None:
    rows = [{"price": number} for number in range(1_000)]
    assert changes(rows, lambda put: rows[-1].update(price=0)) == (True, False)


def test_what_has_no_copy_is_read_for_a_path_alone(client: Client) -> None:
    assert changes(client, lambda put: setattr(client, "asked", 1)) == (False, True)
