"""`changeover waive`: a difference is accepted for now, by somebody, for a reason, until a day."""

from __future__ import annotations

import json
import os
import sys
from datetime import date
from pathlib import Path
from typing import Any

import click

from changeover.cli.output import format_option, show, show_json
from changeover.compare.clusters import ID_DIGITS
from changeover.errors import ConfigurationError
from changeover.evidence.store.store import Archive, store_path
from changeover.project import find_project
from changeover.redaction.redactor import Redactor
from changeover.rollout.lock import exclusive
from changeover.rollout.plan_file import redact_paths_of
from changeover.rollout.waivers import (
    Waiver,
    add_waiver,
    load_waivers,
    today_utc,
    why_not_until,
)
from changeover.settings import WAIVERS_FILE
from changeover.views.layout import screen_for
from changeover.views.text.waive import waived_screen

NAMES_SHOWN_MAX = 5
_HEXADECIMAL = frozenset("0123456789abcdef")


@click.command("waive")
@click.argument("name", metavar="CLUSTER")
@click.option("--owner", required=True, help="who answers for it")
@click.option("--until", required=True, metavar="DATE", help="the last day it holds, such as 2027-01-31")
@click.option("--reason", required=True, help="why it may be, for now")
@click.option("--dry-run", is_flag=True, help="only say what would be written")
@format_option
def command(name: str, owner: str, until: str, reason: str, dry_run: bool, format_: str) -> None:
    """Accept a difference for now. It shows nothing from then on, and after that day its gate fails.

    An effect that differs cannot be waived.

    For example: changeover waive e41b7c --owner kim --until 2027-01-31 --reason "legacy rounds twice"
    """
    project = find_project(Path.cwd(), os.environ)
    today, path = today_utc(), project.directory / WAIVERS_FILE
    digest, body = _cluster(Archive(store_path(project.root)), name.lower())
    if body["unsafe"]:
        raise ConfigurationError(name, "cannot be waived: an effect differs, allowed: mend it")
    texts = Redactor.for_project(redact_paths_of(project.plan()), project.root)
    waiver = Waiver(
        digest,
        texts.text(_said("--owner", owner)),
        texts.text(_said("--reason", reason)),
        _until(until, today),
    )
    if dry_run:
        load_waivers(path, today)
    else:
        project.directory.mkdir(parents=True, exist_ok=True)
        with exclusive(project.directory):
            add_waiver(path, waiver, today)
    shown = os.path.relpath(path)
    if format_ == "json":
        said = {"cluster": digest, "seam": body["seam"], "place": body["place"], "file": shown}
        until_said = {"owner": waiver.owner, "reason": waiver.reason, "until": waiver.until.isoformat()}
        show_json("waive", {"written": not dry_run, **said, **until_said})
        return
    show(waived_screen(waiver, body, shown, screen_for(sys.stdout), dry_run=dry_run))


def _cluster(archive: Archive, name: str) -> tuple[str, dict[str, Any]]:
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
    return found[0].digest[:digits], json.loads(found[0].body)


def _said(option: str, text: str) -> str:
    if not text.strip():
        raise ConfigurationError(option, "was empty, needed: a text")
    return " ".join(text.split())


def _until(text: str, today: date) -> date:
    try:
        until = date.fromisoformat(text)
    except ValueError:
        raise ConfigurationError("--until", f"was {text!r}, allowed: a day, such as {today}") from None
    if until < today:
        raise ConfigurationError("--until", f"was {until}, allowed: today, {today}, or later")
    problem = why_not_until(until, today)
    if problem is not None:
        raise ConfigurationError("--until", problem)
    return until
