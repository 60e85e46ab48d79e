"""`migration.use("entropy")`: a replay mints identifiers and secrets of its own, the same ones each time.

What the answering path draws from the system is its own affair: nothing of it is on any tape.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from random import Random
from typing import Any
from uuid import UUID

from changeover.packs.host import Host, Operation, is_replayed, serving
from changeover.packs.patches import replace
from changeover.record.port import CallClass

_TOOLKIT = "changeover."
_EPOCH = 0x01B21DD213814000  # of UUIDs made of the time, in steps of 100 ns before that of Unix
_NODE_OF_NOBODY = 1 << 40  # says that it is no address of a network card


class EntropyPack:
    """The port `entropy`: `os.urandom`, and with it `uuid4`, `secrets` and `SystemRandom`; and `uuid1`."""

    name = "entropy"

    def install(self, host: Host) -> None:
        """Open the channel, and let replays ask it."""
        self._channel = host.channel(self.name, _OPERATIONS)
        host.when_imported("os", _patch_os)
        host.when_imported("uuid", _patch_uuid)

    def minted(self, what: str, *arguments: Any) -> Any:
        """A value of the replay's own generator."""
        return self._channel.ask(what, arguments, lambda: None)


def _patch_os(os: Any) -> None:
    replace(os, "urandom", _drawing)


def _patch_uuid(uuid: Any) -> None:
    replace(uuid, "uuid1", _making_from_time)


def _drawing(original: Callable[..., Any]) -> Callable[..., Any]:
    def urandom(size: int, /) -> Any:
        pack = serving("entropy")
        if pack is None or not is_replayed() or _is_of_the_toolkit():
            return original(size)
        return pack.minted("urandom", size)

    return urandom


def _making_from_time(original: Callable[..., Any]) -> Callable[..., Any]:
    def uuid1(node: int | None = None, clock_seq: int | None = None) -> Any:
        pack = serving("entropy")
        if pack is None or not is_replayed() or _is_of_the_toolkit():
            return original(node, clock_seq)
        return pack.minted("uuid1", node, clock_seq)

    return uuid1


def _is_of_the_toolkit() -> bool:
    return bool(sys._getframe(2).f_globals.get("__name__", "").startswith(_TOOLKIT))


def _bytes(random: Random, size: int) -> bytes:
    return random.randbytes(size)


def _uuid_of_now(random: Random, node: int | None, clock_seq: int | None) -> UUID:
    ticks = time.time_ns() // 100 + _EPOCH
    node = random.getrandbits(48) | _NODE_OF_NOBODY if node is None else node
    sequence = random.getrandbits(14) if clock_seq is None else clock_seq
    return UUID(
        fields=(
            ticks & 0xFFFFFFFF,
            (ticks >> 32) & 0xFFFF,
            (ticks >> 48) & 0x0FFF,
            (sequence >> 8) & 0x3F,
            sequence & 0xFF,
            node,
        ),
        version=1,
    )


_OPERATIONS = (
    Operation("urandom", CallClass.LOCAL, ("size",), make=_bytes),
    Operation("uuid1", CallClass.LOCAL, ("node", "clock_seq"), make=_uuid_of_now),
)
