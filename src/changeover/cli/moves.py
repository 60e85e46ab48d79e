"""`changeover flip`, `changeover history` and `changeover flags seal`."""

from __future__ import annotations

from functools import partial
from typing import Any

import click

from changeover.api import moves as verbs
from changeover.api.moves import Flip, History
from changeover.api.problems import what_differs
from changeover.cli.options import (
    complete_with,
    dry_run_option,
    format_option,
    mover_options,
    reason_option,
    who_option,
)
from changeover.cli.output import quiet, say, say_dry_run, show_result, warn
from changeover.rollout.history import entry_data
from changeover.rollout.verify import Finding
from changeover.values.stage import Setting
from changeover.views.layout import Screen
from changeover.views.text.history import Moved, agreement_screen, history_screen, moved_screen


@click.command("flip")
@click.argument("phase", shell_complete=complete_with("phase_names"))
@click.argument("stage", shell_complete=complete_with("stage_names"))
@reason_option
@who_option
@click.option("--force", is_flag=True, help="go forward although the gate does not pass; it is written down")
@dry_run_option
@format_option
def flip_command(phase: str, stage: str, dry_run: bool, format_: str, **options: Any) -> None:
    """Move a phase to a stage. Forward the gate has to pass; back it is not asked.

    A stage is off, shadow, ramp:P (of the keys, in percent), live or complete; of checks alone open or done.

    Exits as the gate does where that refuses: 1 fail, 3 inconclusive.

    For example: changeover flip portfolio shadow --reason "first week of comparison"
    """
    quiet()
    done = verbs.flip(phase, stage, dry_run=dry_run, warn=warn, progress=say, **options)
    show_result(format_, "flip", done, partial(flip_json, dry_run=dry_run), _flip_screen)
    if done.gate_problem is not None:
        warn(f"the gate could not be asked: {done.gate_problem}")
    if done.entry is None and done.verdict is not None:
        say("nothing was changed; --force moves all the same, and the history will say that it was forced")
    outcome = None if done.entry is None else done.entry.gate_outcome
    if outcome is not None and outcome.forced:
        went = f"{phase} {'would go' if dry_run else 'went'} forward WITHOUT A PASSED GATE"
        warn(f"FORCED: {went} ({outcome}); it is written down")
    say_dry_run(dry_run and done.entry is not None)
    for text in done.caveats:
        warn(text)
    raise click.exceptions.Exit(done.exit_code)


def _flip_screen(done: Flip, screen: Screen) -> str:
    if done.entry is not None:
        return moved_screen(Moved((done.entry,), done.revision_before, (_undo(done),)), screen)
    if done.verdict is None:
        return f"{done.request.phase} is at {done.old} already; nothing was changed\n"
    from changeover.views.text.gate import gate_screen

    return gate_screen(done.verdict, screen)


def _undo(done: Flip) -> str:
    # Without a verdict it went back itself.
    went_back = done.entry is not None and done.entry.gate is None
    return _undo_of(done.request.phase, done.old, is_forward=not went_back)


def _undo_of(phase: str, old: Setting | None, *, is_forward: bool) -> str:
    if is_forward:
        return f"changeover rollback {phase} --to {old}"
    return f'changeover flip {phase} {old} --reason "..."'


def flip_json(done: Flip, *, dry_run: bool) -> dict[str, object]:
    """What `--format json` prints."""
    from changeover.views.json import gate_json

    return {
        "phase": done.request.phase,
        "from": str(done.old),
        "to": str(done.request.new),
        "dry_run": dry_run,
        "moved": None if done.entry is None else entry_data(done.entry),
        "revision_before": done.revision_before,
        "gate": None if done.verdict is None else gate_json(done.verdict),
        "undo": None if done.entry is None else _undo(done),
    }


@click.command("history")
@click.option(
    "--last",
    type=click.IntRange(min=1),
    default=verbs.LAST,
    show_default=True,
    metavar="N",
    help="so many lines of it, the latest",
)
@click.option("--verify", is_flag=True, help="do flags.json and history.jsonl agree; exits 1 where not")
@click.option("--repair", is_flag=True, help="add the lines that the history lacks, then verify")
@who_option
@format_option
def history_command(format_: str, **options: Any) -> None:
    """Who moved what, when, why, and on which evidence.

    For example: changeover history --verify
    """
    found = verbs.history(**options, warn=warn)
    if options["repair"]:
        added = f"added {found.repaired} to {found.file}"
        say(added if found.repaired else "nothing that a line could mend")
    for one in [] if options["verify"] or options["repair"] else what_differs():
        warn(one.line)
    show_result(format_, "history", found, history_json, _history_screen)
    raise click.exceptions.Exit(found.exit_code)


def _history_screen(found: History, screen: Screen) -> str:
    if found.is_verified:
        return agreement_screen(found.agreement, screen)
    problems = [finding.text for finding in found.agreement.findings]
    return history_screen(found.entries, found.left_out, problems, screen)


def history_json(found: History) -> dict[str, Any]:
    """What `--format json` prints."""
    agreement = found.agreement
    return {
        "entries": [entry_data(entry) for entry in found.entries],
        "damaged": list(found.damaged),
        "agreement": {
            "agrees": agreement.agrees,
            "revision": agreement.revision,
            "findings": [_finding(one) for one in agreement.findings],
            "known": [_finding(one) for one in agreement.known],
        },
    }


def _finding(one: Finding) -> dict[str, Any]:
    return {"line": one.line, "finding": one.text, "repair": one.repair}


@click.group("flags")
def flags_command() -> None:
    """The file that says where every phase stands."""


@flags_command.command("seal", short_help="give a hand edit of flags.json a revision and a digest")
@mover_options(reason_required=True)
@format_option
def seal(format_: str, dry_run: bool, **options: Any) -> None:
    """Check a hand edit of flags.json against the plan, give it a revision and a digest, and journal it.

    For example: changeover flags seal --reason "edited on the host while the console was down"
    """
    sealed = verbs.seal_flags(dry_run=dry_run, warn=warn, **options)
    before = sealed.edit.flags_state.revision
    already = f"flags.json is sealed: revision {before}; nothing was changed\n"
    moved = [entry_data(entry) for entry in sealed.entries]
    undo = tuple(
        _undo_of(change.phase, change.old, is_forward=change.is_forward) for change in sealed.edit.changes
    )
    show_result(
        format_,
        "flags-seal",
        sealed,
        lambda _: {"dry_run": dry_run, "revision_before": before, "moved": moved},
        lambda sealed, screen: (
            already if sealed.was_sealed else moved_screen(Moved(sealed.entries, before, undo), screen)
        ),
    )
    if sealed.was_sealed:
        return
    for change in sealed.edit.forward:
        warn(f"{change.phase} went forward, {change.old} -> {change.new}, WITHOUT A GATE: edited by hand")
    say_dry_run(dry_run)
