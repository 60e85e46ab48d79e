"""`waive`: a difference is accepted for now, by somebody, for a reason, until a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from changeover.compare.clusters import ID_DIGITS
from changeover.errors import ConfigurationError
from changeover.evidence.store.archive import Archive
from changeover.evidence.store.records import StoredCluster
from changeover.evidence.store.store import store_path
from changeover.project import Project, open_project
from changeover.redaction.redactor import Redactor
from changeover.rollout.migration_files import exclusive
from changeover.rollout.plan_file import redact_paths_of
from changeover.rollout.waivers import Waiver, add_waiver, load_waivers, today_utc, why_not_until
from changeover.settings import WAIVERS_FILE

NAMES_SHOWN_MAX = 5
_HEXADECIMAL = frozenset("0123456789abcdef")


@dataclass(frozen=True, slots=True)
class WaivedCluster:
    """The entry of waivers.toml, and the cluster that it speaks of as it is kept."""

    waiver: Waiver
    cluster: StoredCluster
    file: Path
    is_written: bool


def waive(
    cluster: str,
    *,
    owner: str,
    until: str | date,
    reason: str,
    dry_run: bool = False,
    project: str | Path | Project = ".",
) -> WaivedCluster:
    """Accept a difference for now. It shows nothing from then on, and after that day its gate fails.

    Args:
        cluster: any unambiguous beginning of its identifier.
        owner: who answers for it.
        until: the last day it holds.
        reason: why it may be, for now.
        dry_run: check everything and write nothing.
        project: a folder of the project, or the project.

    Raises:
        ConfigurationError: no such cluster, one with an effect that differs, or an argument is wrong.

    Example:
        changeover.waive("e41b7c", owner="kim", until="2027-01-31", reason="legacy rounds twice")
    """
    found = open_project(project)
    today, path = today_utc(), found.directory / WAIVERS_FILE
    digest, kept = _cluster(Archive(store_path(found.root)), cluster.lower())
    if kept.unsafe:
        raise ConfigurationError(cluster, "cannot be waived: an effect differs, allowed: mend it")
    texts = Redactor.for_project(redact_paths_of(found.plan()), found.root)
    waiver = Waiver(
        digest,
        texts.text(_filled("--owner", owner)),
        texts.text(_filled("--reason", reason)),
        _day(until, today),
    )
    if dry_run:
        load_waivers(path, today)
    else:
        found.directory.mkdir(parents=True, exist_ok=True)
        with exclusive(found.directory):
            add_waiver(path, waiver, today)
    return WaivedCluster(waiver, kept, path, not dry_run)


def _cluster(archive: Archive, name: str) -> tuple[str, StoredCluster]:
    """As much of its digest as tells it from all others that are kept, and what is known of it."""
    found = archive.clusters(name) if name and set(name) <= _HEXADECIMAL else []
    if not found:
        raise ConfigurationError(name, "is no cluster that is kept: changeover explain lists them")
    if len(found) > 1:
        known = ", ".join(row.digest[: len(name) + 4] for row in found[:NAMES_SHOWN_MAX])
        raise ConfigurationError(name, f"begins {len(found)} clusters, allowed: a longer beginning: {known}")
    digits = max(ID_DIGITS, len(name))
    while digits < len(found[0].digest) and len(archive.clusters(found[0].digest[:digits])) > 1:
        digits += 1
    return found[0].digest[:digits], found[0]


def _filled(option: str, text: str) -> str:
    if not text.strip():
        raise ConfigurationError(option, "was empty, needed: a text")
    return " ".join(text.split())


def _day(given: str | date, today: date) -> date:
    try:
        until = given if isinstance(given, date) else date.fromisoformat(given)
    except ValueError:
        raise ConfigurationError("--until", f"was {given!r}, allowed: a day, such as {today}") from None
    if until < today:
        raise ConfigurationError("--until", f"was {until}, allowed: today, {today}, or later")
    problem = why_not_until(until, today)
    if problem is not None:
        raise ConfigurationError("--until", problem)
    return until
