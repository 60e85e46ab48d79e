"""Arguments and read values that were one and the same in all runs: whatever depends on them is not shown.

The arguments and reads of a seam are looked at as a tree. A leaf is forgotten at its second value, a branch
with its last leaf, so that a long comparison has little left to look at. Of `prices = {"SPY": 1, "TLT": 5}`
and then `{"SPY": 1, "TLT": 6}` only `prices.SPY` is still looked at in the third run.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import MISSING, field, fields, is_dataclass
from enum import Enum
from functools import partial
from types import MappingProxyType
from typing import Any

from changeover.evidence.store.summary import Unvaried
from changeover.quick_dataclass import dataclass
from changeover.record.port import CallClass
from changeover.record.run import Run
from changeover.record.tape import Entry, Tape
from changeover.values.form import open_value
from changeover.values.limits import NotComparable
from changeover.values.observation import PortCall, Returned
from changeover.values.place import Place, Segment, normalise
from changeover.values.reading import Shape, reading_of
from changeover.values.scalars import token
from changeover.values.value_text import value_text

SEAMS_MAX = 200
METHODS_MAX = 100
"""Of one seam."""
LEAVES_MAX = 500
"""Of one seam; counted are also those that are forgotten by now."""
PARTS_MAX = 100
"""Of one container; a larger one is not looked into."""
DEPTH_MAX = 10
LISTED_MAX = 100
RUNS_MIN = 2
TEXT_MAX = 60
_EMPTY = ("(empty)",)
_PACKS = "changeover.packs."
_NOTHING: Mapping[Any, Any] = MappingProxyType({})
_ABSENT: Any = object()


@dataclass(slots=True)
class _Leaf:
    """One value so far, in so many runs; `text` is that of the redacted value."""

    place: Place
    token: Hashable
    sort: tuple[int, ...]
    runs: int = 0
    last: int = -1
    text: str = ""


@dataclass(slots=True)
class _Branch:
    """The parts of a container that are still looked at, by name; of items all under one name."""

    shape: Shape
    parts: dict[Segment, _Leaf | _Branch] = field(default_factory=dict)


_Node = _Leaf | _Branch


@dataclass(slots=True)
class _Seam:
    """`roots` has None for what varied in all its parts."""

    runs: int = 0
    leaves: int = 0
    roots: dict[Place, _Node | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AnsweredRun:
    """The inputs of a run whose reads are on a tape: only those that are looked at are taken from it.

    `whole` gives the run itself.
    """

    seam: str
    arguments: dict[str, Any]
    tape: Tape
    whole: Callable[[], Run]


class UnvariedValues:
    """Add every compared run; then read `found`. `redact` makes a run fit to be shown."""

    def __init__(self, redact: Callable[[Run], Run] | None = None) -> None:
        self._redact = redact
        self._seams: dict[str, _Seam] = {}
        self._new: list[_Leaf] = []

    def add(self, run: Run | AnsweredRun) -> None:
        """One run."""
        if run.seam not in self._seams and len(self._seams) >= SEAMS_MAX:
            return
        seam = self._seams.setdefault(run.seam, _Seam())
        seam.runs += 1
        for number, root, value_of in _roots(run):
            node = seam.roots.get(root, _ABSENT)
            if node is None or (node is _ABSENT and len(seam.roots) >= METHODS_MAX):
                continue
            value = value_of()
            if value is _ABSENT:
                continue
            if node is _ABSENT:
                node = seam.roots[root] = self._grown(seam, root, value)
            if node is None:
                continue
            try:
                seam.roots[root] = self._narrowed(seam, node, root, value)
            except (NotComparable, RecursionError):
                seam.roots[root] = None
            if self._new:
                self._take_texts(run, number, root)

    @property
    def found(self) -> tuple[Unvaried, ...]:
        """What never varied, switches first, arguments before reads; at most `LISTED_MAX`."""
        listed: list[tuple[Any, ...]] = []
        for name, seam in self._seams.items():
            for node in seam.roots.values():
                for leaf in _leaves(node):
                    if leaf.runs >= RUNS_MIN and leaf.text:
                        one = Unvaried(name, normalise(leaf.place), leaf.text, leaf.runs, seam.runs)
                        listed.append((leaf.sort, -leaf.runs, name, one.place, one))
        listed.sort(key=lambda item: item[:-1])
        return tuple(item[-1] for item in listed[:LISTED_MAX])

    def _grown(self, seam: _Seam, place: Place, value: Any) -> _Node | None:
        """What is to be looked at from now on of a value that is met for the first time."""
        try:
            shape, parts = open_value(value)
        except NotComparable:
            return None
        if shape is Shape.SCALAR or (shape in (Shape.NAMES, Shape.ITEMS) and not parts):
            if seam.leaves >= LEAVES_MAX:
                return None
            seam.leaves += 1
            leaf = _Leaf(place, _token(value, shape), _sort(place, value))
            self._new.append(leaf)
            return leaf
        if shape not in (Shape.NAMES, Shape.ITEMS) or len(parts) > PARTS_MAX or len(place) > DEPTH_MAX:
            return None
        branch, usual = _Branch(shape), _usual_parts(type(value))
        for name, part in _named(parts):
            if name not in branch.parts and not _is_usual(part, usual.get(name, _ABSENT)):
                grown = self._grown(seam, (*place, name), part)
                if grown is not None:
                    branch.parts[name] = grown
            if shape is Shape.ITEMS:
                break
        return branch if branch.parts else None

    def _narrowed(self, seam: _Seam, node: _Node, place: Place, value: Any) -> _Node | None:
        """What is still to be looked at after this value."""
        shape, parts = open_value(value)
        is_empty = shape in (Shape.NAMES, Shape.ITEMS) and not parts
        if isinstance(node, _Leaf):
            if shape is not Shape.SCALAR and not is_empty:
                grown = self._grown(seam, place, value) if _is_nothing(node) else None
                return None if grown is None else self._narrowed(seam, grown, place, value)
            if _token(value, shape) != node.token:
                return None
            if node.last != seam.runs:
                node.last = seam.runs
                node.runs += 1
            return node
        if value is None or is_empty:
            return node  # its parts are not there in this run
        if shape is not node.shape or len(parts) > PARTS_MAX:
            return None
        return self._narrowed_parts(seam, node, place, parts)

    def _narrowed_parts(self, seam: _Seam, node: _Branch, place: Place, parts: Any) -> _Node | None:
        if node.shape is Shape.ITEMS:
            wanted: Iterator[tuple[Segment, Any]] = ((0, part) for part in parts)
        else:
            wanted = ((name, parts[name]) for name in list(node.parts) if name in parts)
        for name, part in wanted:
            left = self._narrowed(seam, node.parts[name], (*place, name), part)
            if left is None:
                del node.parts[name]
                if node.shape is Shape.ITEMS:
                    return None
            else:
                node.parts[name] = left
        return node if node.parts else None

    def _take_texts(self, run: Run | AnsweredRun, number: int, root: Place) -> None:
        """Texts of the leaves that are new, from the copy of the run that may be shown."""
        new, self._new = self._new, []
        whole = run.whole() if isinstance(run, AnsweredRun) else run
        shown = whole if self._redact is None else self._redact(whole)
        value = next(
            (of() for index, place, of in _roots(shown) if (index, place) == (number, root)), _ABSENT
        )
        for leaf in new:
            found = _at(value, leaf.place[len(root) :])
            leaf.text = "" if found is _ABSENT else value_text(found, TEXT_MAX)


Root = tuple[int, Place, Callable[[], Any]]
"""The number of a call (0: none), the place of what it was given or gave, and what gives that."""


def _roots(run: Run | AnsweredRun) -> Iterator[Root]:
    """Arguments, and arguments and answer of every read."""
    for name, value in run.arguments.items():
        yield 0, ("arguments", name), partial(_same, value)
    if isinstance(run, AnsweredRun):
        for number, entry in enumerate(_reads_of(run.tape), start=1):
            method = entry.method
            yield number, ("reads", method.port, method.name, "arguments"), partial(_given_to, entry)
            yield number, ("reads", method.port, method.name, "answer"), partial(_answer_to, entry)
        return
    reads = () if run.answered is None else run.answered.reads
    for number, call in enumerate((one for one in reads if not one.is_mark), start=1):
        yield number, ("reads", call.port, call.method, "arguments"), partial(_given_to, call)
        yield number, ("reads", call.port, call.method, "answer"), partial(_answer_to, call)


def _reads_of(tape: Tape) -> Iterator[Entry]:
    for entry in tape.entries[: len(tape.entries) - tape.supplements]:
        if entry.method.call_class in (CallClass.READ, CallClass.FIXED) and not entry.method.is_mark:
            yield entry


def _same(value: Any) -> Any:
    return value


def _given_to(call: PortCall | Entry) -> Any:
    return call.arguments or _ABSENT


def _answer_to(call: PortCall | Entry) -> Any:
    outcome = call.outcome
    if outcome is None and isinstance(call, Entry):
        return call.answer_digest
    return outcome.value if isinstance(outcome, Returned) else _ABSENT


def _usual_parts(cls: type) -> Mapping[Any, Any]:
    """The fields that an answer of one of the toolkit's packs has where nothing is said of them."""
    if not cls.__module__.startswith(_PACKS) or not is_dataclass(cls):
        return _NOTHING
    return {one.name: one.default for one in fields(cls) if one.default is not MISSING}


def _is_usual(part: Any, usual: Any) -> bool:
    return type(part) is type(usual) and bool(part == usual)  # of a class of Python's


def _named(parts: Any) -> Iterator[tuple[Segment, Any]]:
    yield from parts.items() if isinstance(parts, Mapping) else enumerate(parts)


def _token(value: Any, shape: Shape) -> Hashable:
    if shape is not Shape.SCALAR:
        return _EMPTY
    return token(value, reading_of(type(value)).scalar or type(value), "strict")


def _is_nothing(leaf: _Leaf) -> bool:
    """Whether there may be something else another time: None and empty containers."""
    return leaf.token in (_EMPTY, _token(None, Shape.SCALAR))


def _sort(place: Place, value: Any) -> tuple[int, ...]:
    """Arguments before reads; switches, then kinds, then all else; what is near before what is deep."""
    scalar = reading_of(type(value)).scalar
    kind = 0 if scalar is bool else 1 if scalar is Enum or scalar is type(None) else 2
    return (place[0] != "arguments", kind, len(place))


def _leaves(node: _Node | None) -> Iterator[_Leaf]:
    if isinstance(node, _Leaf):
        yield node
    elif node is not None:
        for part in node.parts.values():
            yield from _leaves(part)


def _at(value: Any, place: Place) -> Any:
    for segment in place:
        if value is _ABSENT:
            break
        shape, parts = open_value(value)
        if shape is Shape.NAMES:
            value = parts.get(segment, _ABSENT)
        elif shape is Shape.ITEMS and isinstance(segment, int) and segment < len(parts):
            value = parts[segment]
        else:
            value = _ABSENT
    return value
