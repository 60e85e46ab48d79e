"""`migration.use("entropy")`: a replay is given the UUIDs that were made, and what was drawn from the system.

The n-th UUID that the answering path made in a piece of work is that of the n-th time that the replay asks
there. So it is with bytes, by their number, where the replay is made in the process of the run. They may be
secrets: they are on no tape, and a replay in another process draws its own.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from inspect import unwrap
from random import Random
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from changeover.packs.host import Host, Operation, is_replayed, recorded_answers, serving
from changeover.packs.patches import replace
from changeover.record.context import current_session
from changeover.record.outer_frame import outer_frame
from changeover.record.port import CallClass
from changeover.record.work_branch import current_branch

_TOOLKIT = "changeover."
_IDENTIFIERS = ("uuid4", "uuid1")
_Kept = dict[tuple[str, Any], deque[Any]]
"""UUIDs by function and piece of work, bytes by function, work and number, each in their order."""
_EPOCH = 0x01B21DD213814000  # of UUIDs made of the time, in steps of 100 ns before that of Unix
_NODE_OF_NOBODY = 1 << 40  # says that it is no address of a network card


class EntropyPack:
    """The port `entropy`: `os.urandom`, and with it `uuid4`, `secrets` and `SystemRandom`; and `uuid1`."""

    name = "entropy"

    def install(self, host: Host) -> None:
        """Open the channel, and let replays ask it."""
        self._channel = host.channel(self.name, _OPERATIONS)
        self._given: WeakKeyDictionary[Any, _Kept] = WeakKeyDictionary()
        host.when_imported("os", _patch_os)
        host.when_imported("uuid", _patch_uuid)

    def drawn(self, size: int, real: Callable[[int], bytes]) -> Any:
        """Bytes of the system; in a replay those that were drawn at this point, else of its own generator."""
        session: Any = current_session()
        key = (_work_here(), size)
        if not is_replayed():
            found = real(size)
            session.remember(self.name, key, found)
            return found
        kept = self._kept_for(session)
        if ("urandom", key) not in kept:
            kept["urandom", key] = deque(session.remembered(self.name, key))
        waiting = kept["urandom", key]
        return waiting.popleft() if waiting else self._channel.ask("urandom", (size,), lambda: b"")

    def identifier(self, what: str, arguments: tuple[Any, ...], real: Callable[[], UUID]) -> Any:
        """A UUID that is kept; in a replay the one that was kept at this point, and beyond them a new one."""
        work = _work_here()
        if is_replayed():
            waiting = self._kept_for(current_session()).get((what, work))
            if waiting:
                return waiting.popleft()
        return self._channel.ask(what, (work, *arguments), real)

    def _kept_for(self, replay: Any) -> _Kept:
        """What is on the tape of a replay and was not given yet; the tape is looked through once."""
        kept = self._given.get(replay)
        if kept is None:
            kept = {}
            for what in _IDENTIFIERS:
                for (work, *_), value in recorded_answers(self.name, what):
                    kept.setdefault((what, work), deque()).append(value)
            kept = self._given.setdefault(replay, kept)
        return kept


def _patch_os(os: Any) -> None:
    replace(os, "urandom", _drawing)


def _patch_uuid(uuid: Any) -> None:
    replace(uuid, "uuid1", _making_from_time)
    _makers_of_uuid4.add(unwrap(uuid.uuid4).__code__)


_makers_of_uuid4: set[Any] = set()
"""The code of `uuid4`, which may be held as the default of a field: it is known by what it asks for."""


def _drawing(original: Callable[..., Any]) -> Callable[..., Any]:
    def urandom(size: int, /) -> Any:
        pack = serving("entropy")
        if pack is None or _is_of_the_toolkit():
            return original(size)
        caller = outer_frame(1)
        if caller is not None and caller.f_code in _makers_of_uuid4:
            return pack.identifier("uuid4", (), lambda: UUID(bytes=original(size), version=4)).bytes
        return pack.drawn(size, original)

    return urandom


def _making_from_time(original: Callable[..., Any]) -> Callable[..., Any]:
    def uuid1(node: int | None = None, clock_seq: int | None = None) -> Any:
        pack = serving("entropy")
        if pack is None or _is_of_the_toolkit():
            return original(node, clock_seq)
        return pack.identifier("uuid1", (node, clock_seq), lambda: original(node, clock_seq))

    return uuid1


def _work_here() -> str:
    """The task, job or thread of the path that asks, which has the same name in a replay."""
    branch = current_branch()
    return "" if branch is None or branch.parent is None else str(branch)


def _is_of_the_toolkit() -> bool:
    caller = outer_frame(2)
    if caller is not None and caller.f_code in _makers_of_uuid4:
        caller = caller.f_back
    return caller is not None and bool(caller.f_globals.get("__name__", "").startswith(_TOOLKIT))


def _bytes(random: Random, size: int) -> bytes:
    return random.randbytes(size)


def _uuid(random: Random, _: str) -> UUID:
    return UUID(int=random.getrandbits(128), version=4)


def _uuid_of_now(random: Random, _: str, node: int | None, clock_seq: int | None) -> UUID:
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
    Operation("uuid4", CallClass.LOCAL, ("work",), make=_uuid),
    Operation("uuid1", CallClass.LOCAL, ("work", "node", "clock_seq"), make=_uuid_of_now),
)
