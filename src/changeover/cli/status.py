"""`changeover status`: where every phase stands. Imports neither the app nor the comparison."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import click

from changeover.cli.output import format_option, quiet, show, show_json
from changeover.cli.project import Project, find_project
from changeover.errors import ConfigurationError
from changeover.evidence.digest import code_digest
from changeover.evidence.store import Archive, store_path
from changeover.evidence.store_rows import CorpusRow
from changeover.plan.phases import Phase, Plan
from changeover.plan.pins import Pins
from changeover.plan.resolution import Resolution, Resolver
from changeover.plan.stages import SEAM_STAGES
from changeover.screens.heading import identity
from changeover.screens.layout import ink_for, plural
from changeover.screens.status import PhaseStatus, Status, status_screen


@click.command("status")
@click.option(
    "--check", is_flag=True, help="exit 1 where something is wrong or differs, 3 where nothing was shown"
)
@format_option
def command(check: bool, format_: str) -> None:
    """Where every phase stands, what was shown on this code, and what to do next; problems first.

    For example: changeover status --check
    """
    quiet()
    project = find_project(Path.cwd(), os.environ)
    plan = project.plan()
    if plan is None:
        raise ConfigurationError(
            str(project.directory / "phases.toml"), "is missing: changeover init writes one"
        )
    status = _status(project, plan)
    if format_ == "json":
        show_json(_as_json(status))
    else:
        show(status_screen(status, ink_for(sys.stdout)))
    raise click.exceptions.Exit(status.exit_code if check else 0)


def _status(project: Project, plan: Plan) -> Status:
    resolver = Resolver(
        lambda: {name: phase.stages for name, phase in plan.phases.items()},
        directory=project.directory,
        closed=True,
    )
    resolution = resolver.current()
    problems = [*resolver.problems, *resolution.overridden]
    code, rules = None, ""
    try:
        project.make_importable()
        code = code_digest(plan.code) if plan.code else None
        rules = project.rules_digest(date.today())
        corpora = Archive(store_path(project.root)).corpora()
    except ConfigurationError as error:
        problems.append(str(error))
        corpora = []
    fresh = [one for one in corpora if one.whole and (one.code, one.rules) == (code, rules)]
    phases = tuple(
        _phase(phase, resolution, _latest_by_source(fresh, phase)) for phase in plan.phases.values()
    )
    revision = (
        f"revision {resolution.revision}" if resolution.revision is not None else "no flags file: all off"
    )
    killed = "on" if resolution.killed else "off"
    last = f"{corpora[0].source}, {corpora[0].at}" if corpora else "no comparison yet"
    return Status(
        identity(plan.name, code, rules),
        tuple(problems),
        phases,
        f"{revision}   kill switch {killed}   {plural(len(resolution.overridden), 'override')}",
        last,
    )


def _latest_by_source(corpora: Sequence[CorpusRow], phase: Phase) -> list[tuple[CorpusRow, dict[str, Any]]]:
    """The latest comparison of each source that looked at the phase, on more than one case picked by hand."""
    found: dict[str, tuple[CorpusRow, dict[str, Any]]] = {}
    for corpus in corpora:
        summary = json.loads(corpus.summary)
        if summary.get("partial") or corpus.source in found:
            continue
        if set(phase.seams) & set(summary.get("seams", ())):
            found[corpus.source] = (corpus, summary)
    return list(found.values())


def _phase(
    phase: Phase, resolution: Resolution, comparisons: Sequence[tuple[CorpusRow, Mapping[str, Any]]]
) -> PhaseStatus:
    setting = resolution.settings[phase.name]
    answers = "-"
    if setting.stage in SEAM_STAGES:
        answers = (
            "both"
            if resolution.ramps and setting.percent
            else Pins(resolution.settings).roles(phase.name).answering
        )
    shown, words = [], set()
    for corpus, summary in comparisons:
        seams = [summary["seams"][seam] for seam in phase.seams if seam in summary["seams"]]
        sums = {key: sum(seam[key] for seam in seams) for key in ("compared", "diverged", "not_compared")}
        whole = len(seams) == len(phase.seams) and all(seam["compared"] for seam in seams)
        words.add(
            "diverged"
            if sums["diverged"]
            else "match"
            if whole and not sums["not_compared"]
            else "inconclusive"
        )
        found = (f"{sums[key]:,} {key.replace('_', ' ')}" for key in sums)
        shown.append(f"{corpus.source}: {', '.join(found)}")
    verdict = next((word for word in ("diverged", "inconclusive", "match") if word in words), "")
    worlds = sum(summary["distinct_worlds"] for _, summary in comparisons)
    text = "; ".join(shown) or "nothing was compared on this code"
    return PhaseStatus(phase.number, phase.name, setting, answers, worlds, verdict, text)


def _as_json(status: Status) -> dict[str, Any]:
    return {
        "problems": list(status.problems),
        "phases": [
            {
                "number": phase.number,
                "name": phase.name,
                "stage": str(phase.setting),
                "answers": phase.answers,
                "distinct_worlds": phase.worlds,
                "verdict": phase.verdict or None,
                "shown": phase.shown,
            }
            for phase in status.phases
        ],
        "flags": status.flags,
        "last": status.last,
        "exit_code": status.exit_code,
    }
