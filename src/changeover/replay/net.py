"""The net: while a replay runs, what goes past its ports to the outside is refused.

It hangs at functions of Python (`ways_out`), and only while somebody holds it: idle it costs nothing. Who is
refused is a matter of the session of the context and thread: tasks and threads of the program pass. At the
first crossings of a seam the answering path is watched with it as well, and passes too.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from functools import wraps
from threading import RLock, local
from types import BuiltinFunctionType, FrameType, FunctionType, MethodDescriptorType
from typing import Any, NamedTuple

from changeover.record.calling_client import LOGGING, calling_client, way_out
from changeover.record.context import PERMIT, SESSION, TASKS_AT_WORK, UNSET, WORK_HERE, current_session
from changeover.record.instrument import PACK_MARK, hook_of
from changeover.record.outer_frame import outer_frame
from changeover.replay.own_pairs import is_of_own_pair
from changeover.replay.ways_out import MODULES, PLUMBING, WAYS_OUT, WayOut, socket_of

NET = "net."
"""How the places begin at which it refuses something."""
_ABSENT: Any = object()
_ANOTHER: Any = object()
"""Before what stands there: at the first look a function was a mock, or a port."""
_MARK = "__changeover_net__"
"""On a function of the net: which way out it meets, and what stood there before."""
_POOL = "multiprocessing.pool"


class _Knot(NamedTuple):
    """One function that is replaced while the net hangs: `before` is what `there` holds without it."""

    owner: Any
    there: Mapping[str, Any]
    name: str
    before: Any
    replacement: Any


class _Net:
    """There is one in a process; `holders` says how many want it to hang."""

    def __init__(self) -> None:
        self.holders = 0
        self.lock = RLock()  # a hold may be let go of by a garbage collection at any moment
        self._loaded: frozenset[str] = frozenset()
        self._seen = 0  # so many modules there were at the last look
        self._knots: list[_Knot] = []
        self._tied: list[_Knot] = []
        self._kept: list[tuple[NetHold, Callable[[], bool]]] = []

    def keep(self, hold: NetHold, is_over: Callable[[], bool]) -> None:
        """Let it hang for this holder until that is over, which is looked at when others come and go."""
        with self.lock:
            self._kept.append((hold, is_over))

    def let_go(self) -> None:
        """Release the holders that were kept, where what they were kept for is over."""
        with self.lock:
            kept, self._kept = self._kept, []
            for hold, is_over in kept:
                if is_over():
                    hold.release()
                else:
                    self._kept.append((hold, is_over))

    def hang(self) -> None:
        """Let it hang for one holder more."""
        if self._kept:
            self.let_go()
        with self.lock:
            self.holders += 1
            if len(sys.modules) != self._seen:
                self._take_up()
            if self.holders == 1:
                for place in range(len(self._knots)):
                    self._tie(place)

    def _take_up(self) -> None:
        """Modules have come, also while it hangs; those that are being imported are taken up later."""
        seen, waiting = len(sys.modules), MODULES - self._loaded
        come = [name for name in waiting if _is_there(name)]
        if not any(name in sys.modules for name in waiting.difference(come)):
            self._seen = seen
        if come:
            self._loaded |= frozenset(come)
            first = len(self._knots)
            self._knots += _knots(come)
            if self.holders > 1:
                for place in range(first, len(self._knots)):
                    self._tie(place)

    def _tie(self, place: int) -> None:
        knot = self._knots[place]
        owner, there, name, before, replacement = knot
        now = there.get(name, _ABSENT)
        if now is not before:
            way: WayOut = getattr(replacement, _MARK)[0]
            if not _is_function_of(way, now):
                return  # a mock, or what another tool has put around it: the floor is below that
            # Whoever has replaced a function while the net hung has put back one of the net's.
            before = getattr(now, _MARK, (way, now))[1]
            if before is _ABSENT and now is not _ABSENT:
                delattr(owner, name)  # else what is inherited could not be found behind it
            knot = self._knots[place] = _knot(owner, name, way, before)
            replacement = knot.replacement
        self._tied.append(knot)
        setattr(owner, name, replacement)

    def take_down(self) -> None:
        """One holder less."""
        with self.lock:
            self.holders -= 1
            tied = self._tied
            while tied and not self.holders:
                owner, there, name, before, replacement = tied.pop()
                if there.get(name) is not replacement:
                    continue  # somebody else has replaced it meanwhile, and calls it from there
                if before is _ABSENT:
                    delattr(owner, name)
                else:
                    setattr(owner, name, before)

    def begin_anew(self) -> None:
        """In a forked child, which has none of the threads that held it."""
        self.lock = RLock()
        self._kept = []
        self.holders = 1
        self.take_down()


class NetHold:
    """Lets the net hang until it is released, or nobody knows of it any more."""

    __slots__ = ("_process",)

    def __init__(self) -> None:
        self._process = 0
        _net.hang()
        self._process = os.getpid()

    def release(self) -> None:
        """Nothing has to be refused for this holder any more; asking again changes nothing."""
        process, self._process = self._process, 0
        if process == os.getpid():
            _net.take_down()
        # What a handler of signals raises in a `__del__` is lost: so there is none any more.
        self.__class__ = _Released  # type: ignore[assignment]

    def release_when(self, is_over: Callable[[], bool]) -> None:
        """Release it when that says so, or nothing of it is known any more."""
        _net.keep(self, is_over)

    def __del__(self) -> None:
        if not sys.is_finalizing():
            self.release()


class _Released:
    """A hold that was released."""

    __slots__ = ("_process",)

    def release(self) -> None:
        """It was."""

    def release_when(self, is_over: Callable[[], bool]) -> None:
        """The same."""


class _Noting(local):
    """Whether this thread is in a call that is noted already: one function of the net calls another."""

    now = False


def _is_there(name: str) -> bool:
    """Whether a module is imported to its end."""
    module = sys.modules.get(name)
    return module is not None and not getattr(getattr(module, "__spec__", None), "_initializing", False)


def _knots(loaded: Collection[str]) -> Iterator[_Knot]:
    for way in WAYS_OUT:
        if way.module not in loaded:
            continue
        module = sys.modules[way.module]
        owner = getattr(module, way.owner, None) if way.owner else module
        for name in way.names if owner is not None else ():
            if hasattr(owner, name):
                before = vars(owner).get(name, _ABSENT)
                is_its_own = _is_function_of(way, before)
                yield _knot(owner, name, way, before if is_its_own else _ANOTHER)


def _knot(owner: Any, name: str, way: WayOut, before: Any) -> _Knot:
    original = getattr(owner, name) if before is _ABSENT else before
    replacement = _meeting(way, name, original)
    setattr(replacement, _MARK, (way, before))
    return _Knot(owner, vars(owner), name, before, replacement)


def _is_function_of(way: WayOut, found: Any) -> bool:
    """Whether it is bound to its object as the original is; of a library it is its own.

    One that is a port, or that a pack has replaced, is asked before the net, which hangs below it.
    """
    if found is _ABSENT:
        return True
    if hook_of(found) is not None or hasattr(found, PACK_MARK):
        return False
    if not isinstance(found, FunctionType | BuiltinFunctionType | MethodDescriptorType):
        return False
    return way.is_floor or found.__module__.partition(".")[0] == way.label


def _meeting(way: WayOut, name: str, original: Callable[..., Any]) -> Callable[..., Any]:
    current, unset, elsewhere, of_tasks = SESSION.get, UNSET, WORK_HERE, TASKS_AT_WORK

    @wraps(original)
    def met(*args: Any, **kwargs: Any) -> Any:
        session: Any = current(unset)
        if session is unset:
            session = current_session() if elsewhere or of_tasks else None
        if session is None:
            return original(*args, **kwargs)
        refuse = getattr(session, "catch", None)
        if refuse is not None:
            if way.module != "os" or not _is_followed(session, args):
                _refuse(refuse, way, name, args)
            return original(*args, **kwargs)
        note = getattr(session, "sent", None)
        if note is None or _noting.now or (way.module == "os" and _is_followed(session, args)):
            return original(*args, **kwargs)
        return _noted(note, way, original, args, kwargs)

    return met


def _is_followed(session: Any, args: tuple[Any, ...]) -> bool:
    """Whether a descriptor is of a file that a pack follows: what becomes of it is seen there."""
    followers = getattr(session, "followers", {}).values()
    return any(one.owns(args[0]) for one in followers if hasattr(one, "owns")) if args else False


def _refuse(refuse: Callable[[str, str], None], way: WayOut, name: str, args: tuple[Any, ...]) -> None:
    """Refuse it, unless it stays within the replay or is the toolkit's own."""
    if PERMIT.given or _is_plumbing(outer_frame(2)):
        return
    if way.module != "os" and is_of_own_pair(socket_of(args)):
        return
    client, peer = calling_client(way.module), _peer(way, args)
    to = f"to {peer} " if peer else ""
    refuse(f"{NET}{way.label}.{name}", f"{to}through {client}: {way_out(client)}")


def _is_plumbing(caller: FrameType | None) -> bool:
    """Whether an event loop or a pool sends it to itself; a pool does so through one function more."""
    if caller is None:
        return False
    around = caller.f_back
    sender = (caller.f_globals.get("__name__"), caller.f_code.co_name)
    return sender in PLUMBING or (around is not None and around.f_globals.get("__name__") == _POOL)


def _noted(
    note: Callable[..., None],
    way: WayOut,
    original: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Any:
    """Let it through, and note how much has gone where; of that the answering path feels nothing."""
    if _is_plumbing(outer_frame(2)):
        return original(*args, **kwargs)
    if way.bytes_of is None:
        _note(note, way, args, None)
        return original(*args, **kwargs)
    _noting.now = True
    try:
        result = original(*args, **kwargs)
    finally:
        _noting.now = False
    number = way.bytes_of(args, result)
    if number:
        _note(note, way, args, number)
    return result


def _note(note: Callable[..., None], way: WayOut, args: tuple[Any, ...], number: int | None) -> None:
    with suppress(Exception):  # objects of libraries are asked for their peer
        client = calling_client(way.module)
        if client is not LOGGING:
            note(_peer(way, args), client, number)


def _peer(way: WayOut, args: tuple[Any, ...]) -> str:
    try:
        return way.peer(args)
    except Exception:  # noqa: BLE001  it may be closed, or be of another version
        return "?"


_noting = _Noting()
_net = _Net()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=lambda: _net.begin_anew())
