"""`blindspots.toml`: what the comparison does not notice and somebody accepts, by name and with a reason.

Never a place of an effect: what a rule hides there is for the rule to change, not for a person to accept.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fnmatch import translate
from pathlib import Path

from changeover.compare.paths import Anything, ItemIs, NameIs, PathError, PathPart, PathPattern, parse_path
from changeover.errors import ConfigurationError
from changeover.values.toml_table import Table, parse_toml, read_text, shown

ACCEPTED_NAME = "blindspots.toml"
ACCEPTED_MAX = 500
_ROOTS = ("result", "error")
_EFFECTS = "effects"
_SEAM = re.compile(r"[\w.*:/-]{1,200}")


@dataclass(frozen=True, slots=True)
class AcceptedBlindSpot:
    """One entry; `seam` and `place` are written as in rules, `*` in a seam stands for any part of it."""

    seam: str
    place: str
    reason: str
    _pattern: PathPattern = field(repr=False, compare=False)

    def speaks_of(self, seam: str) -> bool:
        """Whether it is about places of this seam."""
        return re.fullmatch(translate(self.seam), seam) is not None

    def covers(self, seam: str, place: str) -> bool:
        """Whether it speaks of this place, given in its normal form; of an effect it never does."""
        if not self.speaks_of(seam) or place.startswith(_EFFECTS):
            return False
        try:
            found = parse_path(place).parts
        except PathError:
            return False
        return _covered(self._pattern.parts, found)


def load_accepted_blind_spots(path: Path) -> tuple[AcceptedBlindSpot, ...]:
    """The entries of a file, none where it is missing; raises ConfigurationError."""
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
