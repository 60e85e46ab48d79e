"""One run, both paths side by side: what was performed, what would have been."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from changeover.compare.paths import below_method, below_root, is_effect, method_at
from changeover.compare.provenance import Sighting
from changeover.evidence.store.records import StoredCluster, StoredRun
from changeover.values.divergence import Divergence
from changeover.values.observation import PortCall, Side
from changeover.values.value_text import around_difference, value_text
from changeover.views.call_pairs import pair_calls
from changeover.views.layout import cut

ROWS_SHOWN_MAX = 5
TEXT_WIDTH = 44
NOTHING = "-"
VALUE_SHOWN_MAX = 2_000


@dataclass(frozen=True, slots=True)
class Line:
    """One effect, or one place of the answer, on both sides; `field` is the argument that is shown of it."""

    what: str
    field: str
    legacy: str
    candidate: str
    differs: bool


@dataclass(frozen=True, slots=True)
class SideBySide:
    """The lines that are shown, how many more there are, and where the odd value was seen."""

    run: str
    seam: str
    answered_by: Side
    lines: tuple[Line, ...]
    left_out: int
    sighting: Sighting | None


@dataclass(frozen=True, slots=True)
class _Differing:
    """What differs in the effects of one run: for each method its arguments, and at which calls."""

    arguments: Mapping[str, Sequence[str]]
    at: frozenset[tuple[str, int | None, str]]


def side_by_side(run: StoredRun, cluster: StoredCluster) -> SideBySide | None:
    """The run as far as it fits on a screen; None where the run is not kept whole."""
    contents = run.contents
    if contents is None or contents.legacy is None or contents.candidate is None:
        return None
    differing = _differing(contents.divergences)
    pairs = pair_calls(
        contents.legacy.effects, contents.candidate.effects, lambda call: repr((call.name, call.key))
    )
    effects = [_effect(ours, theirs, differing) for ours, theirs in pairs]
    answers = [_answer(found) for found in contents.divergences if not is_effect(found.place)]
    # Where an effect differs the answer only repeats it.
    lines = _most_telling(effects if cluster.unsafe and effects else [*answers, *effects])
    left_out = len(effects) + len(answers) - len(lines)
    return SideBySide(run.name, run.seam, contents.answered_by, tuple(lines), left_out, cluster.sighting)


def _most_telling(lines: Sequence[Line]) -> list[Line]:
    """As many as fit, those that differ before the others, in their order."""
    ranked = sorted(range(len(lines)), key=lambda number: not lines[number].differs)
    return [lines[number] for number in sorted(ranked[:ROWS_SHOWN_MAX])]


def _differing(divergences: Sequence[Divergence]) -> _Differing:
    arguments: dict[str, dict[str, None]] = {}
    at: set[tuple[str, int | None, str]] = set()
    for found in divergences:
        if is_effect(found.place):
            name, argument = method_at(found.place), ".".join(below_method(found.place))
            arguments.setdefault(name, {}).setdefault(argument)
            at.add((name, found.position, argument))
    return _Differing({name: list(found) for name, found in arguments.items()}, frozenset(at))


def _effect(legacy: PortCall | None, candidate: PortCall | None, differing: _Differing) -> Line:
    if legacy is None or candidate is None:
        call = legacy or candidate
        what = "" if call is None else _what(call)
        return Line(what, "", _whole(legacy), _whole(candidate), differs=True)
    what, name = _what(legacy), legacy.name
    ours, theirs = dict(_leaves(legacy.arguments)), dict(_leaves(candidate.arguments))
    positions = (legacy.position, candidate.position)
    known = [one for one in differing.arguments.get(name, ()) if one in ours or one in theirs]
    here = [one for one in known if any((name, at, one) in differing.at for at in positions)]
    odd = any(method == name and at in positions for method, at, _ in differing.at)
    field = (here or known or [one for one in ours if ours[one] not in what] or list(ours) or [""])[0]
    more = f" +{len(here) - 1}" if len(here) > 1 else ""
    texts = text_sides((ours.get(field, NOTHING), theirs.get(field, NOTHING)))
    return Line(what, f"{field.rpartition('.')[2]}{more}", *texts, differs=odd)


def _what(call: PortCall) -> str:
    """Method and intent key."""
    return cut(f"{call.method} {_key(call.key)}".strip(), TEXT_WIDTH)


def _whole(call: PortCall | None) -> str:
    if call is None:
        return NOTHING
    return _begun(", ".join(text for _, text in _leaves(call.arguments)) or "called", TEXT_WIDTH)


def _answer(found: Divergence) -> Line:
    return Line("answer", cut(below_root(found.place), TEXT_WIDTH), *change_sides(found), differs=True)


def change_sides(found: Divergence, width: int = TEXT_WIDTH) -> tuple[str, str]:
    """Both values of a divergence, legacy's first, each in so much room."""
    return text_sides(
        tuple(value_text(side, VALUE_SHOWN_MAX) for side in (found.legacy, found.candidate)), width
    )


def text_sides(texts: tuple[str, ...], width: int = TEXT_WIDTH) -> tuple[str, str]:
    """Both texts, each in so much room; long ones from where they part."""
    legacy, candidate = texts
    if max(len(legacy), len(candidate)) > width and legacy != candidate:
        legacy, candidate = around_difference(legacy, candidate, width)
    return _begun(legacy, width), _begun(candidate, width)


def _begun(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"


def _leaves(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping) and value:
        for part, below in value.items():
            yield from _leaves(below, f"{name}.{part}" if name else str(part))
    elif isinstance(value, list) and value:
        for number, below in enumerate(value):
            yield from _leaves(below, f"{name}[{number}]")
    else:
        yield name, value_text(value, VALUE_SHOWN_MAX)


def _key(key: Any) -> str:
    parts = key if isinstance(key, list) else [key]
    return ", ".join(
        part if isinstance(part, str) else value_text(part, VALUE_SHOWN_MAX)
        for part in parts
        if part is not None
    )
