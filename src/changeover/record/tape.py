"""The port calls of one path in one run, with their answers."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from decimal import Context
from types import MappingProxyType
from typing import Any, NamedTuple

from changeover.record.answer_parts import Path, entities_in
from changeover.record.attributes_set import AttributesSet
from changeover.record.context import Args, Kwargs
from changeover.record.instrument import Site
from changeover.record.port import CallClass, PortMethod
from changeover.record.port_object import PortObject
from changeover.record.scripts import Scripts
from changeover.record.watched_parts import WatchedParts
from changeover.record.work_branch import NEVER, Branch, WorkKind, lane_of
from changeover.settings import INPUTS_VERSION
from changeover.values.content_key import digest, frozen
from changeover.values.event import EventStep
from changeover.values.limits import NotComparable
from changeover.values.log_line import LogLine
from changeover.values.observation import During, Observation, Outcome, PortCall, Raised, Returned, Side
from changeover.values.remembered_digests import RememberedDigests

_DIGESTS = RememberedDigests()
_NOT_ASKED = object()
REMEMBERED_MAX = 10_000
_NONE: Mapping[Any, Any] = MappingProxyType({})


class Entry:
    """One call: snapshots of its arguments and of how it ended; names and keys are worked out when asked for.

    Of a `fixed` call only a digest is kept (`outcome` is None), worked out late where that is safe. It began
    and ended at these ticks, in this branch of the path's work; `during` is what a stored tape knows of them.
    `left` has the arguments as they were afterwards, where the call has changed them. `owner` is the object
    of the port that was called, where its class may have others; objects that differ have a `group` each.
    """

    __slots__ = (
        *("_answer", "_arguments", "_digest", "_key", "_place"),
        *("args", "began", "branch", "during", "ended", "kwargs", "left", "method", "outcome", "site"),
        *("group", "owner"),
    )

    def __init__(
        self,
        method: PortMethod,
        args: Args,
        kwargs: Kwargs,
        outcome: Outcome | None,
        site: Site | None = None,
        answer_digest: str | None = None,
        immutable_answer: Any = None,
        began: int = 0,
        ended: int = 0,
        branch: Branch | None = None,
        owner: PortObject | None = None,
    ) -> None:
        self.method = method
        self.args = args
        self.kwargs = kwargs
        self.outcome = outcome
        self.site = site
        self.began = began
        self.ended = ended
        self.branch = branch
        self.during: During | None = None
        self.left: tuple[Args, Kwargs] | None = None
        self.owner = owner
        self.group: int | None = None
        self._digest = answer_digest
        self._answer = immutable_answer
        self._arguments: dict[str, Any] | None = None
        self._key: Any = _NOT_ASKED
        self._place: Any = _NOT_ASKED

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments by name."""
        if self._arguments is None:
            self._arguments = self.method.arguments(self.args, self.kwargs)
        return self._arguments

    @property
    def answer_digest(self) -> str | None:
        """The digest of a fixed answer, None for a call of another class."""
        if self._digest is None and self.outcome is None:
            self._digest, self._answer = _DIGESTS.of(self._answer), None
        return self._digest

    @property
    def key(self) -> Any:
        """The intent key of an effect, or what makes two reads the same one."""
        if self._key is _NOT_ASKED:
            method = self.method
            if method.key is None:
                self._key = method.key_of_arguments(self.arguments)
            else:
                self._key = method.key_of(self.args, self.kwargs)
        return self._key

    @property
    def place(self) -> Any:
        """Method and key as one hashable value, and the group of the object where there are several."""
        if self._place is _NOT_ASKED:
            self._place = (self.method.name, frozen(self.key))
        return self._place if self.group is None else (*self._place, self.group)

    def call(self, position: int, during: During | None = None) -> PortCall:
        """The call as an observation keeps it."""
        outcome = self.outcome if self.outcome is not None else Returned(self.answer_digest)
        method = self.method
        return PortCall(
            method.port,
            method.name,
            self.key,
            self.arguments,
            outcome,
            position,
            site_text(self.site),
            during,
            method.commutes,
            method.is_mark,
        )


class Spot(NamedTuple):
    """A part of an answer on the tape."""

    entry: Entry
    path: Path


def site_text(site: Site | None) -> str | None:
    """File and line as people write them: the last two parts of the path."""
    return None if site is None else f"{near(site)[0]}:{site[1]}"


def near(site: Site) -> Site:
    """The same without what differs from machine to machine."""
    return "/".join(site[0].replace("\\", "/").split("/")[-2:]), site[1]


Watched = WatchedParts[Entry, Spot]
_NOTHING_WATCHED: Watched = WatchedParts()
"""Of most tapes, so that they share this one, to which nothing is added."""
TOO_LARGE = "too large"
"""In place of inputs that go beyond what is compared."""


class Tape:
    """Entries in the order in which the calls ended; `problem` says why it may not be replayed, if so.

    `root` is the branch of the path itself, which had started so much of each kind `before`. From `late_from`
    on calls were begun after the answer; `unfinished` names what was still running or cut short in the end,
    `handed_over` the queues into which the path put what somebody else works off. `decimals` are those with
    which it began; of a stored tape None where they were the usual ones.
    The path took so many `seconds` to its answer; of a stored tape that is not known.
    """

    # The class has what is so at first: a run that does little sets little.
    is_stored = False
    is_of_elsewhere = False  # whether the program may have been set up otherwise when it was recorded
    before: Mapping[WorkKind, int] = _NONE
    late_from = NEVER
    unfinished: tuple[str, ...] = ()
    handed_over: tuple[str, ...] = ()
    decimals: Context | None = None
    supplements = 0  # how many entries at the end the toolkit itself added
    problem: str | None = None
    seconds = 0.0
    random_in_turn = False  # whether others drew between two numbers of the path
    watched: Watched = _NOTHING_WATCHED  # not stored
    kept_by: Mapping[str, Any] = _NONE  # what packs keep of the path for its replay in this process, by pack
    remembered: dict[tuple[str, Hashable], list[Any]] | None = None  # by packs, in this process alone
    seen_around: tuple[str, ...] = ()  # packs that see what the path changes for the run around it
    random_states: Mapping[str, Any] = _NONE  # where the path began to draw, by module
    left_out: tuple[str, ...] = ()  # arguments that the caller did not give: each path has its own default
    attributes: AttributesSet | None = None  # of ports' objects, which the path has set; not stored
    scripts: Scripts | None = None  # what packs keep for replays elsewhere; None where there will be none

    def __init__(
        self, entries: list[Entry] | None = None, *, is_stored: bool = False, root: Branch | None = None
    ) -> None:
        self.entries = [] if entries is None else entries
        self.root = root
        if is_stored:
            self.is_stored = True
        if root is not None and root.counts:
            self.before = {**root.counts}

    def __len__(self) -> int:
        return len(self.entries)

    def remember(self, pack: str, key: Hashable, value: Any) -> None:
        """Keep what a replay of this process may be given in turn, and one of another process does without.

        It is never stored. Of more than REMEMBERED_MAX values of one key only the first are kept.
        """
        if self.remembered is None:
            self.remembered = {}
        values = self.remembered.setdefault((pack, key), [])
        if len(values) < REMEMBERED_MAX:
            values.append(value)

    def keep_for(self, pack: str, kept: Any) -> None:
        """Keep what a pack needs of the path for its replay in this process."""
        self.kept_by = MappingProxyType({**self.kept_by, pack: kept})

    def calls(self, *classes: CallClass) -> Iterator[PortCall]:
        """The calls that the path made, of some classes; positions are counted over all."""
        concurrent = self.is_concurrent
        for position, entry in enumerate(self.entries[: len(self.entries) - self.supplements], start=1):
            if entry.method.call_class in classes:
                yield entry.call(position, self.during(entry) if concurrent else None)

    @property
    def is_concurrent(self) -> bool:
        """Whether calls overlapped, or were made by work that the path started."""
        ended = 0
        for entry in self.entries:
            if (
                entry.during is not None
                or entry.began < ended
                or (entry.branch is not None and entry.branch is not self.root)
            ):
                return True
            ended = entry.ended
        return False

    def during(self, entry: Entry) -> During:
        """When the call was made, and in which work of the path."""
        if entry.during is not None:
            return entry.during
        return During(entry.began, entry.ended, lane_of(entry.branch, self.root, self.before))

    def watch(self) -> Watched:
        """The watched parts of this tape, to which some are to be added."""
        if self.watched is _NOTHING_WATCHED:
            self.watched = WatchedParts()
        return self.watched

    def watched_in(self, entry: Entry) -> Sequence[Path]:
        """The parts of an answer whose change is compared; of a stored one the entities: nobody holds it."""
        if not self.is_stored:
            return self.watched.paths.get(entry, ())
        outcome = entry.outcome
        return [*entities_in(outcome.value)] if isinstance(outcome, Returned) else ()

    def spots(self) -> Iterator[Spot]:
        """All of these parts that were not given before."""
        for entry in self.entries:
            for path in self.watched_in(entry):
                if Spot(entry, path) not in self.watched.first:
                    yield Spot(entry, path)

    @property
    def has_late(self) -> bool:
        """Whether calls were begun after the answer."""
        return any((entry.during or entry).began >= self.late_from for entry in self.entries)

    def observation(
        self,
        path: Side,
        outcome: Outcome,
        own_time_s: float = 0.0,
        *,
        changed: Mapping[str, Any] | None = None,
        logged: tuple[LogLine, ...] = (),
        events: tuple[EventStep, ...] = (),
    ) -> Observation:
        """What the path left behind that made these calls; `changed` is None where that is not known."""
        effects = tuple(call for call in self.calls(CallClass.EFFECT) if not call.is_mark)  # it was undone
        reads = tuple(self.calls(CallClass.READ, CallClass.FIXED))
        return Observation(path, outcome, effects, reads, own_time_s, bool(changed), changed, logged, events)

    def of_port(self, port: str, wanted: Callable[[Entry], bool]) -> list[Entry]:
        """The entries of one port that are wanted, in order."""
        return [entry for entry in self.entries if entry.method.port == port and wanted(entry)]

    def world(self) -> list[Any]:
        """What the path saw of the world, without clock and local values, as one comparable value."""
        seen = (CallClass.READ, CallClass.FIXED)
        entries = self.entries
        if self.is_concurrent:  # which answer came first is chance
            entries = sorted(entries, key=lambda entry: self.during(entry).branch)
        return [
            (entry.method.port, entry.place[:2], entry.answer_digest or _comparable(entry.outcome))
            for entry in entries
            if entry.method.call_class in seen
        ]

    def world_digest(self, seam: str, arguments: dict[str, Any]) -> str:
        """The digest of seam, arguments and read answers, behind the version of such digests.

        All that are too large to be told apart are one: they count as one input.
        """
        try:
            return f"{INPUTS_VERSION}:{digest((seam, arguments, self.world()))}"
        except NotComparable:
            return f"{INPUTS_VERSION}:{digest((seam, TOO_LARGE))}"


def _comparable(outcome: Outcome | None) -> Any:
    if isinstance(outcome, Raised):
        return ("raised", outcome.error)
    return None if outcome is None else ("returned", outcome.value)
