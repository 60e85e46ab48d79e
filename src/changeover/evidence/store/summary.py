"""What screens and reports show of a comparison beside its runs, clusters, verdicts and effects."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, astuple, field
from functools import cache, partial
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

from changeover.quick_dataclass import dataclass
from changeover.values.observation import Side
from changeover.values.verdict import Verdict

R = TypeVar("R")
Pair = tuple[float, float]
_QUARTER = re.compile(r"(\d{4}) Q[1-4]")
_SEVERITY = {verdict: verdict.severity for verdict in Verdict}


@dataclass(frozen=True, slots=True)
class RuleUse:
    """What one rule accepted: in how many runs, how often, how large; `differing` runs are tolerated."""

    path: str
    says: str
    reason: str
    until: str | None
    runs: int
    hits: int
    differing: int
    largest: str | None


@dataclass(frozen=True, slots=True)
class ReasonCount:
    """How many runs of a seam could not be compared for one reason, and one of them.

    `logged` is the first warning or worse that only the replayed path logged there.
    """

    seam: str
    reason: str
    runs: int
    example: str = ""
    logged: str = ""


@dataclass(frozen=True, slots=True)
class OneSidedRead:
    """A read that one path asks for in most of its alike runs and the other never: perhaps a lost guard."""

    seam: str
    method: str
    asked_by: Side
    runs: int
    of: int


@dataclass(frozen=True, slots=True)
class Unvaried:
    """An argument or a part of a read that had one value in all `runs` that have it, `of` so many."""

    seam: str
    place: str
    value: str
    runs: int
    of: int


@dataclass(frozen=True, slots=True)
class OwnTime:
    """Seconds of legacy and candidate over outermost runs, without time in ports; `pairs` are of one run."""

    p50: Pair | None = None
    p95: Pair | None = None
    pairs: tuple[Pair, ...] = ()


@dataclass(frozen=True, slots=True)
class PeriodLabel:
    """What a period is called."""

    text: str

    @property
    def year(self) -> int | None:
        """That of a quarter, None for a slice."""
        quarter = _QUARTER.fullmatch(self.text)
        return None if quarter is None else int(quarter[1])


@dataclass(slots=True)
class PeriodCell:
    """The runs of one seam in one period; `worst` is None where there is none."""

    worst: Verdict | None = None
    runs: int = 0
    diverged: int = 0

    def add(self, verdict: Verdict | None, runs: int, diverged: int) -> None:
        """Some runs more, with the worst verdict of them."""
        if verdict is not None and (self.worst is None or _SEVERITY[verdict] < _SEVERITY[self.worst]):
            self.worst = verdict
        self.runs += runs
        self.diverged += diverged


@dataclass(frozen=True, slots=True)
class Timeline:
    """The course of a comparison: for each seam as many cells as there are labels."""

    labels: tuple[PeriodLabel, ...] = ()
    seams: Mapping[str, tuple[PeriodCell, ...]] = field(default_factory=dict)

    @property
    def is_by_quarter(self) -> bool:
        """Whether every period is a quarter."""
        return bool(self.labels) and all(label.year is not None for label in self.labels)


def timeline_data(timeline: Timeline) -> dict[str, Any]:
    """As JSON: labels, and for each seam its cells: worst verdict or null, runs, diverged."""
    seams = {seam: [list(astuple(cell)) for cell in cells] for seam, cells in timeline.seams.items()}
    return {"labels": [label.text for label in timeline.labels], "seams": seams}


@dataclass(frozen=True, slots=True)
class Summary:
    """`names`, `seed`, `limit` and `world` are what was asked for; `noise` is None where nobody knows.

    `stopped` is `interrupted` or `fail-fast`, None where it came to its end. `first` and `last` name cases,
    of which there are `cases`, called `unit`. `rules` is None where they were not counted. `exit_code` is
    that of the command; `clusters_left_out` counts differences of which no cluster is kept.
    """

    names: tuple[str, ...] = ()
    seed: int = 0
    limit: int | None = None
    world: str = "tape"
    noise: bool | None = None
    stopped: str | None = None
    cases: int = 0
    first: str | None = None
    last: str | None = None
    unit: str = "cases"
    missing_tags: tuple[str, ...] = ()
    silent_cases: int = 0
    exit_code: int | None = None
    own_time: OwnTime = field(default_factory=OwnTime)
    periods: Timeline = field(default_factory=Timeline)
    rules: tuple[RuleUse, ...] | None = None
    unused_rules: tuple[str, ...] = ()
    not_compared: tuple[ReasonCount, ...] = ()
    not_compared_left_out: int = 0
    one_sided_reads: tuple[OneSidedRead, ...] = ()
    unvaried: tuple[Unvaried, ...] = ()
    clusters_left_out: int = 0


def summary_data(summary: Summary) -> dict[str, Any]:
    """As JSON, for `read_record`."""
    return asdict(summary) | {"periods": timeline_data(summary.periods)}


def read_record(cls: type[R], data: Mapping[str, Any]) -> R:
    """A dataclass of plain values, enums, tuples and such dataclasses, from its JSON.

    A list has its fields in order, a text its only one. What is not there, or null where it may not be, has
    its default; what is read already stays as it is.
    """
    given = {
        name: read(part)
        for name, may_be_none, read in _fields_of(cast("Any", cls))
        if (part := data.get(name, _ABSENT)) is not _ABSENT and (part is not None or may_be_none)
    }
    return cls(**given)


_ABSENT = object()
_Reads = Callable[[Any], Any]


@cache
def _fields_of(cls: type) -> tuple[tuple[str, bool, _Reads], ...]:
    """Of each field its name, whether it may be None, and what reads it."""
    return tuple((name, _may_be_none(hint), _reader(hint)) for name, hint in get_type_hints(cls).items())


def _may_be_none(hint: Any) -> bool:
    return type(None) in get_args(hint)


@cache
def _reader(hint: Any) -> _Reads:
    """What makes a value of this type; to look into the type takes longer than to read a value."""
    parts = get_args(hint)
    if get_origin(hint) is tuple and parts[-1] is Ellipsis:
        return partial(_read_all, _reader(parts[0]))
    if get_origin(hint) is tuple:
        return partial(_read_each, tuple(map(_reader, parts)))
    if _may_be_none(hint):
        return partial(_read_or_none, _reader(parts[0]))
    if get_origin(hint) is Mapping:
        return partial(_read_mapping, _reader(parts[1]))
    return partial(_read_record if hasattr(hint, "__dataclass_fields__") else _read_plain, hint)


def _read_all(read: _Reads, data: Iterable[Any]) -> Any:
    return tuple(map(read, data))


def _read_each(reads: tuple[_Reads, ...], data: Iterable[Any]) -> Any:
    return tuple(read(part) for read, part in zip(reads, data, strict=False))


def _read_or_none(read: _Reads, data: Any) -> Any:
    return None if data is None else read(data)


def _read_mapping(read: _Reads, data: Mapping[str, Any]) -> Any:
    return {name: read(part) for name, part in data.items()}


def _read_plain(cls: type, data: Any) -> Any:
    return cls(data) if isinstance(data, str) else data


def _read_record(cls: type, data: Any) -> Any:
    if isinstance(data, list):
        return cls(*(read(part) for (_, _, read), part in zip(_fields_of(cls), data, strict=False)))
    return read_record(cls, data) if isinstance(data, dict) else _read_plain(cls, data)
