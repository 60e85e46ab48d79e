"""`migration.use("entropy")`: a replay mints its own identifiers, the same each time, and keeps none."""

from __future__ import annotations

import os
import random
import secrets
import uuid
from collections.abc import Callable
from os import urandom as imported
from typing import Any

import pytest

from changeover import Migration, Run
from changeover.errors import DeclarationError
from changeover.values.pins import Pins
from changeover.values.stage import Setting, Stage

WAYS: dict[str, Callable[[], Any]] = {
    "os.urandom": lambda: os.urandom(8),
    "an imported name": lambda: imported(8),
    "uuid4": lambda: str(uuid.uuid4()),
    "secrets.token_hex": lambda: secrets.token_hex(8),
    "secrets.choice": lambda: secrets.choice(range(10**12)),
    "SystemRandom": lambda: random.SystemRandom().random(),
}


def replayed(way: Callable[[], Any], run: str = "a" * 32) -> tuple[Any, Any, Run]:
    """What the answering path and the replay got in this run."""
    runs: list[Run] = []
    migration = Migration(environment={}, sink=runs.append)
    migration.use("entropy")
    seam = migration.seam("s", legacy=lambda _: way(), candidate=lambda _: way())
    with migration.resume(Pins({"s": Setting(Stage.SHADOW)}, None, run)):
        answer = seam(1)
    assert runs[-1].candidate is not None
    return answer, getattr(runs[-1].candidate.outcome, "value", None), runs[-1]


@pytest.mark.parametrize("way", sorted(WAYS))
def test_a_replay_mints_the_same_each_time_and_the_answering_path_never_does(way: str) -> None:
    first, minted, run = replayed(WAYS[way])
    second, again, _ = replayed(WAYS[way])
    _, of_another_run, _ = replayed(WAYS[way], "b" * 32)
    assert minted == again != of_another_run
    assert len({repr(one) for one in (first, second, minted)}) == 3
    assert run.verdict == "diverged"


def test_two_values_of_one_replay_are_not_the_same() -> None:
    _, minted, _ = replayed(lambda: (uuid.uuid4(), uuid.uuid4()))
    assert minted[0] != minted[1]


def test_what_the_answering_path_drew_is_on_no_tape() -> None:
    _, _, run = replayed(lambda: secrets.token_bytes(16))
    assert len(run.tape) == 0


def test_an_identifier_made_of_the_time_is_one_of_its_kind() -> None:
    answer, minted, _ = replayed(uuid.uuid1)
    assert (answer.version, minted.version, minted.variant) == (1, 1, uuid.RFC_4122)
    assert abs(minted.time - answer.time) < 10_000_000 * 60
    assert minted.node & (1 << 40)
    _, given, _ = replayed(lambda: uuid.uuid1(7, 9))
    assert (given.node, given.clock_seq) == (7, 9)


def test_an_identifier_of_the_replay_finds_what_was_recorded_under_its_twin() -> None:
    class Orders:
        def __init__(self) -> None:
            self.known: dict[str, str] = {}

        def place(self, name: str) -> None:
            self.known[name] = "open"

        def state(self, name: str) -> str:
            return self.known[name]

    runs: list[Run] = []
    orders = Orders()
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)
    migration.port("orders", orders, effects={"place": lambda name: "one"}, reads={"state": None})
    migration.use("entropy")

    def path(_: int) -> str:
        name = str(uuid.uuid4())
        orders.place(name)
        return orders.state(name)

    migration.seam("s", legacy=path, candidate=lambda n: path(n))(1)
    assert len(orders.known) == 1
    assert [one.place for one in runs[-1].divergences] == ["effects.orders.place[one].name"]


def test_outside_of_replays_the_system_answers() -> None:
    migration = Migration()
    migration.use("entropy")
    assert os.urandom(16) != os.urandom(16)
    with pytest.raises(ValueError, match="negative"):
        os.urandom(-1)
    assert uuid.uuid1().version == 1


def test_the_pack_has_no_options() -> None:
    with pytest.raises(DeclarationError, match="no option"):
        Migration().use("entropy", seed=3)
