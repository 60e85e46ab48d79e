"""`changeover scenarios`: recorded runs that are kept as regression cases."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import click

from changeover.cli.output import format_option, say, show, show_json
from changeover.cli.project import Project, find_project
from changeover.errors import ConfigurationError
from changeover.evidence.comparing import compared_cases, select
from changeover.evidence.sources import SourceOptions
from changeover.evidence.store import Archive, store_path
from changeover.evidence.stored import FOLDER, codec_of, stored_scenarios
from changeover.migration import Migration
from changeover.observation import Path as Side
from changeover.recording.codec import CodecError
from changeover.recording.scenarios import Scenario, scenario_of, to_line
from changeover.run import Run
from changeover.screens.layout import call_text, cut, plural, value_text

KEPT_FILE = "kept.jsonl"
CALLS_SHOWN_MAX = 60


@click.group("scenarios")
def command() -> None:
    """Recorded runs that are kept as regression cases: changeover compare --source scenarios."""


@command.command("list")
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
        show_json({"scenarios": listed, "damaged": damaged})
    else:
        for one in scenarios:
            calls, tags = plural(len(one.tape), "call"), ", ".join(one.tags)
            show(f"{cut(one.id, 40):<40} {cut(one.seam, 28):<28} {calls:>10}   {tags}".rstrip() + "\n")
        show("" if scenarios else "no scenario is kept yet: changeover scenarios keep CLUSTER\n")
    for line in damaged:
        say(f"damaged: {line}")
    raise click.exceptions.Exit(1 if damaged else 0)


@command.command("show")
@click.argument("name", metavar="ID")
def show_(name: str) -> None:
    """One scenario: its input, and every call on its tape.

    For example: changeover scenarios show history/2011-08-09
    """
    _, scenarios, _ = _all()
    found = [one for one in scenarios if one.id.startswith(name)]
    exact = [one for one in found if one.id == name]
    if len(exact or found) != 1:
        known = ", ".join(one.id for one in (found or scenarios)[:5]) or "none"
        raise ConfigurationError(name, f"names {len(found)} scenarios, allowed: one of {known}")
    for line in _lines((exact or found)[0]):
        show(f"{line}\n")


@command.command("keep")
@click.argument("name", metavar="CLUSTER or RUN")
@click.option("--dry-run", is_flag=True, help="only say what would be written")
def keep(name: str, dry_run: bool) -> None:
    """Run the smallest case of a cluster once more and keep its recording as a regression case.

    For example: changeover scenarios keep 09ad52
    """
    project, scenarios, _ = _all()
    migration = project.migration()
    case, seam, side, seed = _wanted(Archive(store_path(project.root)), name)
    run = _recorded(migration, case, seam, side, seed)
    scenario = replace(scenario_of(run), id=f"{case}/{seam}")
    if any(one.id == scenario.id for one in scenarios):
        raise ConfigurationError(scenario.id, "is kept already")
    try:
        line = to_line(scenario, codec_of(migration))
    except CodecError as error:
        raise ConfigurationError(scenario.id, f"cannot become a scenario: {error}") from error
    path = project.directory / FOLDER / KEPT_FILE
    if not dry_run:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(f"{line}\n")
    show(f"{'would keep' if dry_run else 'kept'} {scenario.id} in {path}\n")
    show("again       changeover compare --source scenarios\n")


def _all() -> tuple[Project, list[Scenario], list[str]]:
    project = find_project(Path.cwd(), os.environ)
    scenarios, damaged = stored_scenarios(project.migration(), project.directory / FOLDER)
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
    return runs[-1].name, runs[-1].seam, Side.LEGACY, corpora[runs[-1].corpus].get("seed", 0)


def _recorded(migration: Migration, case: str, seam: str | None, side: Side, seed: int) -> Run:
    source, _, only = case.partition("/")
    options = SourceOptions(None, seed, "tape", side, only)
    chosen = migration.sources.named(source)
    selection = select(migration, [] if seam is None else [seam])
    for done in compared_cases(migration, chosen, options, selection, rules=None, noise=False):
        if done.runs:
            return done.runs[-1]
    raise ConfigurationError(case, f"no longer passes through {seam}")


def _lines(scenario: Scenario) -> Iterator[str]:
    yield f"{scenario.id}   {scenario.seam}   {scenario.answered_by} answered"
    for name, value in scenario.arguments.items():
        yield f"  {name:<12} {value_text(value, 80)}"
    for number, entry in enumerate(scenario.tape.entries[:CALLS_SHOWN_MAX], start=1):
        call = entry.call(number)
        yield f"{number:>3}  {entry.method.call_class:<7} {call_text(call.name, call.arguments, 80)}"
    left_out = len(scenario.tape) - CALLS_SHOWN_MAX
    if left_out > 0:
        yield f"     and {plural(left_out, 'call')} more"
