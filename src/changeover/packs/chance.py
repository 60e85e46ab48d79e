"""`migration.use("chance")`: a generator of random numbers that a path makes begins alike in a replay.

What is drawn from the shared generators of `random` and `numpy.random` is drawn alike without any pack
(`replay.random_numbers`). One that a path makes without a seed takes its seed from the system, in both paths
another: here it is given one, which stands on the tape.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from os import urandom
from typing import Any

from changeover.packs.callers import Callers
from changeover.packs.host import Host, Operation, serving
from changeover.packs.patches import replace
from changeover.record.outer_frame import outer_frame
from changeover.record.port import CallClass

_SEED_BITS = 256


class ChancePack:
    """The port `chance`: `random.Random()` and `numpy.random.default_rng()` of the program's own code."""

    name = "chance"

    def install(self, host: Host) -> None:
        """Open the channel, and let paths ask it for seeds."""
        self._callers = Callers(())
        self._channel = host.channel(self.name, _OPERATIONS)
        host.when_imported("random", _patch_random)
        host.when_imported("numpy.random", _patch_numpy)

    def seed(self) -> int | None:
        """A seed for what the caller's caller makes; None where that is no code of the program."""
        caller = outer_frame(2)
        if caller is None or self._callers.of_frame(caller) is None:
            return None
        found: int = self._channel.ask("seed", (), _seed)
        return found


def _seed() -> int:
    return int.from_bytes(urandom(_SEED_BITS // 8), "big")


def _patch_random(module: Any) -> None:
    replace(module.Random, "__init__", _seeding)


def _patch_numpy(module: Any) -> None:
    replace(module, "default_rng", _seeding_numpy)


def _seeding(original: Callable[..., Any]) -> Callable[..., Any]:
    def init(self: Any, x: Any = None) -> None:
        if x is None:
            pack = serving("chance")
            if pack is not None and not isinstance(self, random.SystemRandom):
                x = pack.seed()
        original(self, x)

    return init


def _seeding_numpy(original: Callable[..., Any]) -> Callable[..., Any]:
    def default_rng(seed: Any = None) -> Any:
        if seed is None:
            pack = serving("chance")
            if pack is not None:
                seed = pack.seed()
        return original(seed)

    return default_rng


_OPERATIONS = (
    # In the order in which they are made, as moments are told: one more than there were begins as the last.
    Operation("seed", CallClass.CLOCK, (), make=lambda generator: generator.getrandbits(_SEED_BITS)),
)
