"""What a pack sees of a migration, and what a migration asks of a pack."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, NoReturn, Protocol, TypeVar

from changeover.errors import DeclarationError
from changeover.packs.patches import Maker, when_imported
from changeover.record.channel import Channel, Operation
from changeover.record.codec import Codec
from changeover.record.context import SESSION, at_work, current_session, outside_of_runs, permitted, restore
from changeover.record.port import PortBook
from changeover.record.remade_handles import Remake
from changeover.seam.runtime import Runtime
from changeover.values.error_text import class_and_message
from changeover.values.pins import PINNED, Pins, resumed

T = TypeVar("T")


class Pack(Protocol):
    """The port of a library: made with what stands after its name in `use`, then installed once."""

    def install(self, host: Host) -> None:
        """Open channels and have the functions of the library replaced; raises DeclarationError."""

    # A pack may have a method `problems() -> Iterable[str]` as well: what `changeover doctor` shows of it.
    # `compares() -> str` is what it shows of a database where nothing is wrong.
    # One that `is_of_one_thing`, such as a database, may be used for several, each under a `name` of its own.


class Host:
    """One migration, as far as a pack may reach it.

    Args:
        name: under which the pack is used.
        book: the ports of the migration.
        codec: that of its stored runs.
        runtime: what its seams run in.
    """

    def __init__(self, name: str, book: PortBook, codec: Codec, runtime: Runtime) -> None:
        self.name = name
        self._book = book
        self._codec = codec
        self._runtime = runtime

    @property
    def others(self) -> Sequence[Any]:
        """The packs that are in use under this name so far."""
        packs = self._book.packs.items()
        return [pack for name, pack in packs if name.partition(":")[0] == self.name]

    @property
    def ports(self) -> Collection[str]:
        """The names of the ports that are declared so far."""
        return self._book.ports.keys()

    def flush(self) -> None:
        """Wait for the runs that are replayed beside the program, and write what they left behind."""
        self._runtime.flush()

    def beside(self, name: str, pack: Any) -> None:
        """Let a second object of this pack follow paths as well, under a name of its own."""
        self._book.packs[name] = pack

    def channel(self, name: str, operations: Sequence[Operation], *, packages: Sequence[str] = ()) -> Channel:
        """A port that the pack asks itself (`record.channel`); raises DeclarationError for a second one."""
        return Channel(self._book, name, operations, packages)

    def keeps(self, *classes: type) -> None:
        """Let objects of these classes be written into stored runs and read again."""
        self._codec.register(*classes)

    def remakes(
        self,
        pack: str,
        classes: Sequence[type],
        describe: Callable[[Any], Mapping[str, Any] | None],
        make: Callable[[Mapping[str, Any]], Any],
    ) -> None:
        """Let handles of these classes stand in stored runs, as what another one is made of there.

        Args:
            pack: under which name of the pack, where it may be used for several things.
            classes: and those that are derived from them.
            describe: gives data for a handle; None for one that is not the pack's, or cannot be made anew.
            make: the inverse; raises ValueError for what `describe` would not have given.
        """
        self._codec.handles.add(pack, Remake(tuple(classes), describe, make))

    def handle(self, *classes: type | str) -> None:
        """Hand objects of these classes to paths as they are; a follower may exchange them for a replay.

        A class that may not be imported yet is given by its name: `redis.client.Redis`.
        """
        self._book.hand_over(*classes)

    def when_imported(self, module: str, patch: Callable[[Any], None]) -> None:
        """Call `patch` with the module, once in a process: now, or when the program first imports it.

        What it replaces serves every migration: it asks `serving` who is served.
        """
        when_imported(module, patch)

    def pinned(self) -> Pins | None:
        """The stages of the run under way here, which travel with what it sends; None outside of runs."""
        found = PINNED.get()
        return None if found is None else found.of(self._runtime)

    def resume(self, pins: Pins) -> AbstractContextManager[Pins]:
        """Go on with a run in what it has sent: as `Migration.resume`."""
        return resumed(pins, self._runtime)

    def wrong(self, option: str, found: object, allowed: str) -> NoReturn:
        """Refuse an option of `use`, with what was found and what is allowed; raises DeclarationError."""
        raise DeclarationError(f'use("{self.name}")', f"{option} was {found!r}, allowed: {allowed}")


def follower_where(is_wanted: Callable[[Any], bool]) -> Any | None:
    """The same for a pack that may be used more than once: the first follower of which that is so."""
    session: Any = current_session()
    if session is None:  # most calls are of no run
        return None
    return next(filter(is_wanted, getattr(session, "followers", {}).values()), None)


def follower(name: str) -> Any | None:
    """What the pack of that name does around the path under way here; None where it does nothing."""
    session: Any = current_session()
    return None if session is None else getattr(session, "followers", {}).get(name)


@contextmanager
def outside() -> Iterator[None]:
    """What the toolkit itself does here, of which nothing belongs to a run."""
    token = SESSION.set(None)
    try:
        with at_work(None, None), permitted():
            yield
    finally:
        restore(SESSION, token)


async def apart(make: Callable[[], Awaitable[T]]) -> T:
    """What a path awaits and what is none of its calls, such as that a pool opens a connection."""
    token = SESSION.set(None)
    try:
        return await make()
    finally:
        restore(SESSION, token)


@contextmanager
def of_session(session: Any) -> Iterator[None]:
    """What is done here belongs to the path of that session, which is around the one under way."""
    token = SESSION.set(session)
    try:
        yield
    finally:
        restore(SESSION, token)


def serving(name: str) -> Any | None:
    """The pack of that name for the run under way here; None outside of runs, and where it has none."""
    session = current_session()
    return None if session is None else session.book.pack(name)


def is_replayed() -> bool:
    """Whether what happens here belongs to a replayed path."""
    session = current_session()
    return session is not None and session.replaying


def made_for_path(port: str, make: Callable[[], T]) -> T:
    """What a replayed path is given in place of a library's own object, which `make` gives.

    Where that raises it is the pack that fails, and not the path: the replay ends, and the run has failed.
    """
    try:
        return make()
    except Exception as error:
        if is_replayed():
            cannot_be_given(port, f"the recorded answer cannot be made again: {class_and_message(error)}")
        raise


def recorded_answers(port: str, operation: str) -> list[tuple[tuple[Any, ...], Any]]:
    """The arguments and answers that the answering path got, in order; in a replay alone."""
    recorded: Callable[[str, str], list[Any]] | None = getattr(current_session(), "recorded_answers", None)
    return [] if recorded is None else recorded(port, operation)


def cannot_be_followed(what: str) -> None:
    """The run cannot be compared: something is done where a pack cannot see it. A replay ends there."""
    session = current_session()
    if session is not None:
        session.not_followed(what)


def cannot_be_given(pack: str, what: str) -> None:
    """The run cannot be compared: what is on the tape cannot be given to this path, which ends here."""
    session: Any = current_session()
    if session is not None:
        session.cannot_follow(pack, what)


__all__ = [
    "Channel",
    "Host",
    "Maker",
    "Operation",
    "Pack",
    "apart",
    "cannot_be_followed",
    "cannot_be_given",
    "follower",
    "follower_where",
    "is_replayed",
    "made_for_path",
    "outside",
    "outside_of_runs",
    "recorded_answers",
    "serving",
]
