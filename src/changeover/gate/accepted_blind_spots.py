"""`blindspots.toml`: blind spots of the comparison that somebody accepts, by name and with a reason.

A place of an effect is never accepted: change the rule that hides it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from fnmatch import translate
from pathlib import Path
from typing import TYPE_CHECKING, Any

from changeover.compare.paths import Anything, ItemIs, NameIs, PathError, PathPart, PathPattern, parse_path
from changeover.errors import ConfigurationError
from changeover.evidence.store.records import Review
from changeover.quick_dataclass import dataclass
from changeover.values.gate_verdict import EXIT_CODES, Answer
from changeover.values.toml_table import Table, parse_toml, read_text, shown

if TYPE_CHECKING:
    from changeover.evidence.blind_spot_search import BlindSpotSearch, FoundSpot

ACCEPTED_NAME = "blindspots.toml"
ACCEPTED_MAX = 500
_ROOTS = ("result", "error", "arguments", "self", "answers")
_SEAM = re.compile(r"[\w.*:/-]{1,200}")


@dataclass(frozen=True, slots=True)
class AcceptedBlindSpot:
    """One entry. `seam` and `place` are written as in rules; `*` in a seam stands for any part."""

    seam: str
    place: str
    reason: str
    _pattern: PathPattern = field(repr=False, compare=False)

    def is_about(self, seam: str) -> bool:
        """Whether the entry is about this seam."""
        return re.fullmatch(translate(self.seam), seam) is not None

    def covers(self, seam: str, place: str) -> bool:
        """Whether the entry accepts this place (in normal form); never one of an effect, see `_ROOTS`."""
        if not self.is_about(seam):
            return False
        try:
            found = parse_path(place).parts
        except PathError:
            return False
        return _covered(self._pattern.parts, found)


def load_accepted_blind_spots(path: Path) -> tuple[AcceptedBlindSpot, ...]:
    """Read the entries of a file; a missing file has none. Raises ConfigurationError."""
    if not path.exists():
        return ()
    text = read_text(path)
    if not text.strip():
        return ()
    where = str(path)
    top = Table(parse_toml(text, where), where)
    tables = top.tables("blindspot")
    top.done()
    if len(tables) > ACCEPTED_MAX:
        raise ConfigurationError(
            where, f"has {len(tables):,} entries, allowed (ACCEPTED_MAX): {ACCEPTED_MAX}"
        )
    found: list[AcceptedBlindSpot] = []
    for table in tables:
        accepted = _accepted(table)
        if any((one.seam, one.place) == (accepted.seam, accepted.place) for one in found):
            raise table.error("place", f"{accepted.place!r} of {accepted.seam!r} is accepted already")
        found.append(accepted)
    return tuple(found)


def _accepted(table: Table) -> AcceptedBlindSpot:
    seam = table.text("seam")
    if not _SEAM.fullmatch(seam):
        raise table.error("seam", f"was {shown(seam)}, allowed: a seam's name, * for any part of it")
    place = table.text("place")
    try:
        pattern = parse_path(place)
    except PathError as error:
        raise table.error("place", str(error)) from None
    root = pattern.parts[0]
    if not (isinstance(root, NameIs) and root.names is not None and root.names <= set(_ROOTS)):
        raise table.error(
            "place",
            f"was {shown(place)}, allowed: a place that begins with {' or '.join(_ROOTS)}; a change of an "
            "effect is never accepted: change the rule that hides it, or state an invariant",
        )
    reason = table.text("reason")
    table.done()
    return AcceptedBlindSpot(seam, place, reason, pattern)


def _covered(pattern: tuple[PathPart, ...], place: tuple[PathPart, ...]) -> bool:
    """Whether the pattern matches all of a normal place, in which a `[*]` stands for any item."""
    if not pattern:
        return not place
    first, rest = pattern[0], pattern[1:]
    if isinstance(first, Anything):
        return any(_covered(rest, place[skipped:]) for skipped in range(len(place) + 1))
    return bool(place) and _fits(first, place[0]) and _covered(rest, place[1:])


def _fits(wanted: NameIs | ItemIs, found: PathPart) -> bool:
    if isinstance(wanted, NameIs):
        return isinstance(found, NameIs) and (
            wanted.names is None or (found.names is not None and found.names <= wanted.names)
        )
    if not isinstance(found, ItemIs):
        return False
    return wanted.parts is None or wanted.parts == found.parts


KIND = "blind-spots"


@dataclass(frozen=True, slots=True)
class JudgedSpot:
    """A blind spot, how often it was met, and the entry that accepts it, None where none does."""

    spot: FoundSpot
    times: int
    accepted: AcceptedBlindSpot | None

    @property
    def is_open(self) -> bool:
        """Whether it keeps a phase from moving: no entry accepts it, or it hides an effect."""
        return self.spot.is_effect or self.accepted is None

    def as_data(self) -> dict[str, Any]:
        """The JSON that a stored review holds."""
        return {
            "seam": self.spot.seam,
            "place": self.spot.place,
            "change": self.spot.change,
            "hidden_by": list(self.spot.hidden_by),
            "effect": self.spot.is_effect,
            "times": self.times,
            "accepted": not self.is_open,
            "reason": None if self.accepted is None else self.accepted.reason,
        }


class BlindSpotReview:
    """The result of a finished search; `seams` are those that were searched, by phase."""

    def __init__(
        self, search: BlindSpotSearch, seams: dict[str, list[str]], accepted: Sequence[AcceptedBlindSpot]
    ) -> None:
        self.search = search
        self.seams = seams
        self.spots = sorted(
            (JudgedSpot(spot, times, _accepting(spot, accepted)) for spot, times in search.spots.items()),
            key=lambda one: (not one.spot.is_effect, not one.is_open, one.spot.seam, one.spot.place),
        )
        looked_at = [seam for names in seams.values() for seam in names if search.tried[seam]]
        used = {id(one.accepted) for one in self.spots}
        self.unused = [
            one for one in accepted if id(one) not in used and any(one.is_about(seam) for seam in looked_at)
        ]

    @property
    def silent(self) -> list[str]:
        """Seams without a run, so that nothing is known about them."""
        return [seam for names in self.seams.values() for seam in names if not self.search.tried[seam]]

    def answer(self, phase: str | None = None) -> Answer:
        """For one phase or all: fail with an open spot, inconclusive with a silent seam, else pass."""
        seams = [seam for name, names in self.seams.items() if phase in (None, name) for seam in names]
        if any(one.is_open for one in self.spots if one.spot.seam in seams):
            return Answer.FAIL
        quiet = not seams or any(not self.search.tried[seam] for seam in seams)
        return Answer.INCONCLUSIVE if quiet else Answer.PASS

    @property
    def exit_code(self) -> int:
        """0 pass, 1 fail, 3 inconclusive."""
        return EXIT_CODES[self.answer()]

    def reviews(self, at: datetime, code: str | None, rules: str) -> Iterator[Review]:
        """One review for each phase, for the store."""
        for phase, seams in self.seams.items():
            spots = [one for one in self.spots if one.spot.seam in seams]
            tried = sum(self.search.tried[seam] for seam in seams)
            hidden = sum(one.times for one in spots)
            body = {"tried": tried, "spots": [one.as_data() for one in spots]}
            found = f"{tried - hidden:,} of {tried:,} noticed"
            yield Review(KIND, phase, at, code, rules, self.answer(phase), found, body)

    def as_data(self) -> dict[str, Any]:
        """The content of `rules blindspots --format json`."""
        return {
            "answer": self.answer(),
            "phases": list(self.seams),
            "tried": self.search.tried.total(),
            "unnoticed": self.search.spots.total(),
            "effects": sum(one.times for one in self.spots if one.spot.is_effect),
            "blind_spots": [one.as_data() for one in self.spots],
            "not_looked_at": self.silent,
            "accepted_and_not_met": [{"seam": one.seam, "place": one.place} for one in self.unused],
        }


def reviewed_spots(review: Review, accepted: Sequence[AcceptedBlindSpot]) -> list[JudgedSpot]:
    """The blind spots of a stored review, with what is accepted today."""
    from changeover.evidence.blind_spot_search import FoundSpot

    found = []
    for data in (one for one in review.body.get("spots", ()) if isinstance(one, Mapping)):
        seam, place, change = (str(data.get(key, "")) for key in ("seam", "place", "change"))
        spot = FoundSpot(seam, place, change, tuple(data.get("hidden_by", ())))
        found.append(JudgedSpot(spot, int(data.get("times", 1)), _accepting(spot, accepted)))
    return found


def _accepting(spot: FoundSpot, accepted: Sequence[AcceptedBlindSpot]) -> AcceptedBlindSpot | None:
    return next((one for one in accepted if one.covers(spot.seam, spot.place)), None)
