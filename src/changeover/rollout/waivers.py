"""Waivers: clusters that are accepted for now, with an owner, a reason and a last day."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from changeover.errors import ConfigurationError, describe_os_error
from changeover.quick_dataclass import dataclass
from changeover.values.atomic_file import write_file
from changeover.values.divergence import Divergence
from changeover.values.toml_table import Table, parse_toml, read_text, shown

if TYPE_CHECKING:
    from changeover.compare.clusters import Cluster


@dataclass(frozen=True, slots=True)
class Waiver:
    """`cluster` is the beginning of a digest, at least six digits; `until` is the last day it holds on."""

    cluster: str
    owner: str
    reason: str
    until: date

    def covers(self, digest: str) -> bool:
        """Whether it is about this cluster."""
        return digest.startswith(self.cluster)

    def has_expired(self, today: date) -> bool:
        """From the day after `until`."""
        return today > self.until


def is_waived(waivers: Iterable[Waiver], digest: str, today: date) -> bool:
    """Whether one of them covers this cluster and has not expired."""
    return any(one.covers(digest) and not one.has_expired(today) for one in waivers)


DAYS_AHEAD_MAX = 366
DIGITS_MIN, DIGITS_MAX = 6, 64
_CLUSTER = re.compile(f"[0-9a-f]{{{DIGITS_MIN},{DIGITS_MAX}}}")


def load_waivers(path: Path, today: date) -> tuple[Waiver, ...]:
    """The waivers of a file, expired ones included; none where it is missing. Raises ConfigurationError."""
    return parse_waivers(read_text(path), str(path), today) if path.exists() else ()


def parse_waivers(text: str, where: str, today: date) -> tuple[Waiver, ...]:
    """The waivers in a text; blank text and comments alone have none."""
    if not text.strip():
        return ()
    top = Table(parse_toml(text, where), where)
    waivers: list[Waiver] = []
    for table in top.tables("waiver"):
        waiver = _waiver(table, today)
        for other in waivers:
            if waiver.cluster.startswith(other.cluster) or other.cluster.startswith(waiver.cluster):
                raise table.error("cluster", f"{waiver.cluster!r} is waived already, by {other.owner}")
        waivers.append(waiver)
    top.done()
    return tuple(waivers)


def _waiver(table: Table, today: date) -> Waiver:
    cluster = table.text("cluster")
    if not _CLUSTER.fullmatch(cluster):
        wanted = f"{DIGITS_MIN} to {DIGITS_MAX} digits of 0-9 and a-f, as changeover explain shows them"
        raise table.error("cluster", f"was {shown(cluster)}, allowed: {wanted}")
    owner, reason = table.text("owner"), table.text("reason")
    until = table.day("until")
    too_far = why_not_until(until, today)
    if too_far is not None:
        raise table.error("until", too_far)
    table.done()
    return Waiver(cluster, owner, reason, until)


def why_not_until(until: date, today: date) -> str | None:
    """Why a waiver may not hold until this day, None where it may; an expired one is not judged here."""
    last = today + timedelta(days=DAYS_AHEAD_MAX)
    return f"was {until}, allowed: at most a year ahead, until {last}" if until > last else None


def add_waiver(path: Path, waiver: Waiver, today: date) -> None:
    """Add a waiver at the end of the file, whose content stays byte for byte; whole or not at all.

    Raises ConfigurationError where the file is wrong before, would be wrong after, or cannot be written.
    """
    before = path.read_bytes() if load_waivers(path, today) or path.exists() else b""
    line_end = b"\r\n" if b"\r\n" in before else b"\n"
    gap = b"" if not before else line_end if before.endswith(b"\n") else 2 * line_end
    after = before + gap + entry_text(waiver).encode().replace(b"\n", line_end)
    parse_waivers(after.decode("utf-8-sig"), str(path), today)
    try:
        write_file(path, after)
    except OSError as error:
        raise ConfigurationError(str(path), f"could not be written: {describe_os_error(error)}") from error


def entry_text(waiver: Waiver) -> str:
    """A waiver as it stands in the file."""
    return (
        "[[waiver]]\n"
        f"cluster = {_quoted(waiver.cluster)}\n"
        f"owner = {_quoted(waiver.owner)}\n"
        f"until = {waiver.until.isoformat()}\n"
        f"reason = {_quoted(waiver.reason)}\n"
    )


def _quoted(text: str) -> str:
    """A basic string of TOML; halves of surrogate pairs, which TOML cannot hold, become question marks."""
    return '"' + "".join(map(_letter, text.encode("utf-8", "replace").decode())) + '"'


def _letter(letter: str) -> str:
    if letter in '"\\':
        return f"\\{letter}"
    return letter if letter.isprintable() else f"\\U{ord(letter):08x}"


Today = Callable[[], date]


def today_utc() -> date:
    """The day in UTC, so that a waiver expires everywhere at once."""
    return datetime.now(UTC).date()


class Waivers:
    """The waivers of a program, asked about one difference at a time; never about an effect."""

    def __init__(self, waivers: Iterable[Waiver], today: Today = today_utc) -> None:
        self.all = tuple(waivers)
        self._today = today

    def __call__(self, seam: str, divergence: Divergence) -> bool:
        """Whether a waiver covers this difference today."""
        if not self.all or divergence.is_unsafe:
            return False
        from changeover.compare.clusters import fingerprint_of

        return is_waived(self.all, fingerprint_of(seam, divergence).digest, self._today())


def waivers_of(path: Path, note: Callable[[str], None]) -> Waivers:
    """The waivers of a file for a program: a wrong file waives nothing, and `note` gets the reason."""
    try:
        return Waivers(load_waivers(path, today_utc()))
    except ConfigurationError as error:
        note(f"no difference is waived: {error}")
        return Waivers(())


@dataclass(frozen=True, slots=True)
class WaiverUse:
    """How many runs of a comparison one waiver covers; 0 where it matches nothing any more."""

    waiver: Waiver
    runs: int
    expired: bool


def waiver_uses(waivers: Sequence[Waiver], clusters: Sequence[Cluster], today: date) -> tuple[WaiverUse, ...]:
    """Every waiver with the runs of the clusters it names, in the order of the file."""
    return tuple(
        WaiverUse(
            waiver,
            sum(one.runs for one in clusters if waiver.covers(one.fingerprint.digest) and not one.is_unsafe),
            waiver.has_expired(today),
        )
        for waiver in waivers
    )
