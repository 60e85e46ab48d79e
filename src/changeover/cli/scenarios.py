"""`changeover scenarios`: recorded runs that are kept as regression cases."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import click

from changeover.cli.output import format_option, say, show, show_json
from changeover.errors import ConfigurationError
from changeover.evidence.scenario_recording import recorded
from changeover.evidence.scenario_replay import codec_of, stored_scenarios
from changeover.evidence.sources import SourceOptions
from changeover.evidence.store.store import Archive, store_path
from changeover.project import Project, find_project
from changeover.record.codec import CodecError
from changeover.record.scenario_file import Scenario, to_line, write_lines
from changeover.redaction.redactor import Redactor
from changeover.rollout.plan_file import redact_paths_of
from changeover.settings import SCENARIOS_FOLDER
from changeover.values.observation import Side
from changeover.views.layout import Screen, plural, screen_for
from changeover.views.text.scenarios import scenario_screen, scenarios_screen

KEPT_FILE = "kept.jsonl"
NAMES_SHOWN_MAX = 5


@click.group("scenarios")
def command() -> None:
    """Recorded runs that are kept as regression cases: changeover compare --source scenarios."""


@command.command("list", short_help="the scenarios that are kept")
@format_option
def list_(format_: str) -> None:
    """The scenarios that are kept; exits 1 where a line is damaged.

    For example: changeover scenarios list
    """
    _, scenarios, damaged = _all()
    if format_ == "json":
        listed = [
            {"id": one.id, "seam": one.seam, "tags": one.tags, "calls": len(one.tape)} for one in scenarios
        ]
        show_json("scenarios-list", {"scenarios": listed, "damaged": damaged})
    else:
        # For another program a line for each, however long.
        screen = screen_for(sys.stdout) if sys.stdout.isatty() else Screen(sys.maxsize)
        show(scenarios_screen(scenarios, screen))
    for line in damaged:
        say(f"damaged: {line}")
    raise click.exceptions.Exit(1 if damaged else 0)


@command.command("show", short_help="one scenario: its input, and every call on its tape")
@click.argument("name", metavar="ID")
def show_(name: str) -> None:
    """One scenario: its input, and every call on its tape.

    Any unambiguous beginning of its identifier is enough; `changeover scenarios list` has them all.

    For example: changeover scenarios show history/2011-08-09/trading.workflow
    """
    _, scenarios, _ = _all()
    found = [one for one in scenarios if one.id.startswith(name)]
    exact = [one for one in found if one.id == name]
    if len(exact or found) != 1:
        if not found:
            raise ConfigurationError(name, "begins no scenario: changeover scenarios list")
        known = ", ".join(one.id for one in found[:NAMES_SHOWN_MAX])
        more = ", ..." if len(found) > NAMES_SHOWN_MAX else ""
        raise ConfigurationError(name, f"begins {len(found)} scenarios, allowed: one of {known}{more}")
    show(scenario_screen((exact or found)[0], screen_for(sys.stdout)))


@command.command("keep", short_help="make the smallest run of a cluster a scenario")
@click.argument("name", metavar="CLUSTER or RUN")
@click.option("--dry-run", is_flag=True, help="only say what would be written")
def keep(name: str, dry_run: bool) -> None:
    """Run the smallest case of a cluster once more and keep its recording as a regression case.

    For example: changeover scenarios keep 09ad52
    """
    project, scenarios, _ = _all()
    migration = project.migration()
    case, seam, side, seed = _wanted(Archive(store_path(project.root)), name)
    source, _, only = case.partition("/")
    options = SourceOptions(None, seed, "tape", side, only)
    redact = Redactor.for_project(redact_paths_of(migration.plan), project.root).run
    found = list(recorded(migration, source, options, () if seam is None else (seam,), redact))
    if not found:
        raise ConfigurationError(case, f"no longer passes through {seam}")
    scenario = found[-1]
    if any(one.id == scenario.id for one in scenarios):
        raise ConfigurationError(scenario.id, "is kept already")
    try:
        line = to_line(scenario, codec_of(migration))
    except CodecError as error:
        raise ConfigurationError(scenario.id, f"cannot become a scenario: {error}") from error
    path = project.directory / SCENARIOS_FOLDER / KEPT_FILE
    if not dry_run:
        before = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        write_lines(path, [*before, line])
    show(f"{'would keep' if dry_run else 'kept'} {scenario.id} in {path}\n")
    show("again       changeover compare --source scenarios\n")


@command.command("record", short_help="write the recordings of a source's cases to a file")
@click.option("--source", required=True, metavar="NAME", help="where the cases come from")
@click.option("--run", "only", multiple=True, metavar="CASE", help="one case; repeatable")
@click.option("--runs", type=click.IntRange(min=1), help="at most so many cases")
@click.option("--seed", type=int, default=0, show_default=True, help="for sources that generate cases")
@click.option("--seam", "seams", multiple=True, metavar="SEAM", help="only runs of this seam; repeatable")
@click.option("-o", "--output", "path", required=True, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="only say what would be written")
def record(
    source: str,
    only: tuple[str, ...],
    runs: int | None,
    seed: int,
    seams: tuple[str, ...],
    path: Path,
    dry_run: bool,
) -> None:
    """Run cases of a source and write their recordings to a file, anew: of each case the last run of a seam.

    Exits 3 where a run cannot become a scenario; the others are written.

    For example: changeover scenarios record --source history --runs 3 -o migration/scenarios/history.jsonl
    """
    project = find_project(Path.cwd(), os.environ)
    migration = project.migration()
    codec = codec_of(migration)
    redact = Redactor.for_project(redact_paths_of(migration.plan), project.root).run
    lines, left_out = [], 0
    for case in only or (None,):
        options = SourceOptions(runs, seed, "tape", Side.LEGACY, case and case.removeprefix(f"{source}/"))
        for scenario in recorded(migration, source, options, seams, redact):
            try:
                lines.append(to_line(scenario, codec))
            except CodecError as error:
                left_out += 1
                say(f"left out: {scenario.id}: {error}")
    if not lines:
        raise ConfigurationError(source, "no case of it passes through these seams")
    if not dry_run:
        write_lines(path, lines)
    size = sum(len(line.encode()) + 1 for line in lines)
    what = f"{plural(len(lines), 'scenario')}, {size:,} bytes"
    show(f"{'would write' if dry_run else 'wrote'} {what} to {path}\n")
    raise click.exceptions.Exit(3 if left_out else 0)


def _all() -> tuple[Project, list[Scenario], list[str]]:
    project = find_project(Path.cwd(), os.environ)
    scenarios, damaged = stored_scenarios(project.migration(), project.directory / SCENARIOS_FOLDER)
    return project, scenarios, [str(line) for line in damaged]


def _wanted(archive: Archive, name: str) -> tuple[str, str | None, Side, int]:
    """Case, seam, who answered and seed of a cluster's smallest run, or of a run."""
    corpora = {corpus.number: json.loads(corpus.summary) for corpus in archive.corpora()}
    clusters = [] if "/" in name else archive.clusters(name)
    if len(clusters) > 1:
        raise ConfigurationError(name, f"begins {len(clusters)} clusters, allowed: a longer beginning")
    if clusters:
        body = json.loads(clusters[0].body)
        seed = corpora[clusters[0].corpus].get("seed", 0)
        return body["smallest"]["run"], body["seam"], Side(body["answered_by"]), seed
    runs = archive.runs(name)
    if not runs:
        raise ConfigurationError(name, "is no cluster and no run that is kept: changeover explain lists them")
    if runs[-1].corpus not in corpora:
        raise ConfigurationError(runs[-1].name, "ran in production, allowed: a case of a source")
    return runs[-1].name, runs[-1].seam, Side.LEGACY, corpora[runs[-1].corpus].get("seed", 0)
