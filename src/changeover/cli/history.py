"""`changeover history` and `changeover flags seal`."""

from __future__ import annotations

import sys
from typing import Any

import click

from changeover.api.history import LAST, History, Sealed, history, seal_flags
from changeover.cli.move_options import dry_run_option, reason_option, who_option
from changeover.cli.output import format_option, say, say_dry_run, show, show_json, warn
from changeover.rollout.commit import Change
from changeover.rollout.history import entry_data
from changeover.rollout.verify import Agreement, Finding
from changeover.views.layout import screen_for
from changeover.views.text.history import Moved, agreement_screen, history_screen, moved_screen


@click.command("history")
@click.option(
    "--last",
    type=click.IntRange(min=1),
    default=LAST,
    show_default=True,
    metavar="N",
    help="so many lines of it, the latest",
)
@click.option("--verify", is_flag=True, help="do flags.json and history.jsonl agree; exits 1 where not")
@click.option("--repair", is_flag=True, help="add the lines that the history lacks, then verify")
@who_option
@format_option
def command(last: int, verify: bool, repair: bool, who: str | None, format_: str) -> None:
    """Who moved what, when, why, and on which evidence.

    For example: changeover history --verify
    """
    found = history(last=last, verify=verify, repair=repair, who=who, warn=warn)
    if repair:
        added = f"added {found.repaired} to {found.file}"
        say(added if found.repaired else "nothing that a line could mend")
    _show(found, format_)
    raise click.exceptions.Exit(found.exit_code)


def _show(found: History, format_: str) -> None:
    if format_ == "json":
        show_json("history", as_json(found))
    elif found.is_verified:
        show(agreement_screen(found.agreement, screen_for(sys.stdout)))
    else:
        problems = [finding.text for finding in found.agreement.findings]
        show(history_screen(found.entries, found.left_out, problems, screen_for(sys.stdout)))


def as_json(found: History) -> dict[str, Any]:
    """What `--format json` prints."""
    return {
        "entries": [entry_data(entry) for entry in found.entries],
        "damaged": list(found.damaged),
        "agreement": _agreement(found.agreement),
    }


def _agreement(found: Agreement) -> dict[str, Any]:
    return {
        "agrees": found.agrees,
        "revision": found.revision,
        "findings": [_finding(one) for one in found.findings],
        "known": [_finding(one) for one in found.known],
    }


def _finding(one: Finding) -> dict[str, Any]:
    return {"line": one.line, "finding": one.text, "repair": one.repair}


@click.group("flags")
def flags_command() -> None:
    """The file that says where every phase stands."""


@flags_command.command("seal", short_help="give a hand edit of flags.json a revision and a digest")
@reason_option
@who_option
@dry_run_option
@format_option
def seal_(reason: str, who: str | None, dry_run: bool, format_: str) -> None:
    """Check a hand edit of flags.json against the plan, give it a revision and a digest, and journal it.

    For example: changeover flags seal --reason "edited on the host while the console was down"
    """
    sealed = seal_flags(reason=reason, who=who, dry_run=dry_run, warn=warn)
    before = sealed.edit.flags_state.revision
    if sealed.was_sealed:
        show(f"flags.json is sealed: revision {before}; nothing was changed\n")
        return
    _show_sealed(sealed, format_, dry_run=dry_run)
    for change in sealed.edit.forward:
        warn(f"{change.phase} went forward, {change.old} -> {change.new}, WITHOUT A GATE: edited by hand")
    say_dry_run(dry_run)


def _show_sealed(sealed: Sealed, format_: str, *, dry_run: bool) -> None:
    before = sealed.edit.flags_state.revision
    if format_ == "json":
        moved = [entry_data(entry) for entry in sealed.entries]
        show_json("flags-seal", {"dry_run": dry_run, "revision_before": before, "moved": moved})
    else:
        undo = tuple(_undo(change) for change in sealed.edit.changes)
        show(moved_screen(Moved(sealed.entries, before, undo), screen_for(sys.stdout)))


def _undo(change: Change) -> str:
    if change.is_forward:
        return f"changeover rollback {change.phase} --to {change.old}"
    return f'changeover flip {change.phase} {change.old} --reason "..."'
