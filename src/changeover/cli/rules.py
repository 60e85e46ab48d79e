"""`changeover rules check` and `changeover rules blindspots`."""

from __future__ import annotations

import os
from collections import Counter
from datetime import date
from pathlib import Path

import click

from changeover.cli.output import format_option, say, show, show_json
from changeover.cli.project import Project, find_project
from changeover.compare.blindspots import BlindSpot, blind_spots
from changeover.compare.rules import STRICT, Rules
from changeover.compare.rules_file import check_rules_file
from changeover.evidence.comparing import compared_cases, select
from changeover.evidence.sources import SourceOptions
from changeover.migration import Migration
from changeover.observation import Path as Side
from changeover.screens.layout import WIDTH, cut, plural

SPOTS_SHOWN_MAX = 60
OBSERVATIONS_PER_SEAM_MAX = 20

_Spot = tuple[str, str, str, str]


@click.group("rules")
def command() -> None:
    """Are the rules sound, and what do they hide."""


@command.command("check")
@format_option
def check(format_: str) -> None:
    """Read rules.toml and say everything that is wrong with it; exits 1 where something is.

    For example: changeover rules check
    """
    path = find_project(Path.cwd(), os.environ).directory / "rules.toml"
    rules, problems = (STRICT, []) if not path.exists() else check_rules_file(path, today=date.today())
    if format_ == "json":
        found = [{"line": problem.line, "problem": problem.text} for problem in problems]
        show_json({"file": str(path), "problems": found, "digest": None if rules is None else rules.digest})
    elif problems:
        for problem in problems:
            line = f" line {problem.line}" if problem.line is not None else ""
            show(f"{path.name}{line}: {problem.text}\n")
    elif rules is not None:
        number = len(rules.rules)
        show(
            f"{plural(number, 'rule')}, sound, digest {rules.digest[:7]}\n" if number else "no rule: strict\n"
        )
    raise click.exceptions.Exit(1 if problems else 0)


@command.command("blindspots")
@click.option("--source", metavar="NAME", help="where observations come from; the first that is declared")
@click.option(
    "--runs", type=click.IntRange(min=1), default=20, show_default=True, help="at most so many cases"
)
@click.option("--seed", type=int, default=0, show_default=True)
@format_option
def blindspots(source: str | None, runs: int, seed: int, format_: str) -> None:
    """Alter every place of real observations in turn, and list what the comparison does not notice.

    Exits 1 where a change of an effect goes unnoticed, 3 where nothing could be altered.

    For example: changeover rules blindspots --source history --runs 50
    """
    project = find_project(Path.cwd(), os.environ)
    migration = project.migration()
    rules = project.rules(date.today()) or STRICT
    spots, tried, seams = _search(project, migration, source, rules, SourceOptions(runs, seed))
    effects = sum(number for (_, place, _, _), number in spots.items() if place.startswith("effects"))
    if format_ == "json":
        listed = [
            {"seam": seam, "place": place, "change": change, "hidden_by": hidden or None, "times": number}
            for (seam, place, change, hidden), number in spots.most_common()
        ]
        show_json({"tried": tried, "unnoticed": spots.total(), "effects": effects, "blind_spots": listed})
    else:
        show(_screen(spots, tried, seams))
    raise click.exceptions.Exit(3 if not tried else 1 if effects else 0)


def _search(
    project: Project, migration: Migration, source: str | None, rules: Rules, options: SourceOptions
) -> tuple[Counter[_Spot], int, int]:
    chosen = migration.sources.named(source or next(iter(migration.sources.names), "history"))
    spots: Counter[_Spot] = Counter()
    looked_at: Counter[str] = Counter()
    tried = 0
    for done in compared_cases(migration, chosen, options, select(migration, ()), rules=rules, noise=False):
        for run in done.runs:
            answered = run.legacy if run.answered_by is Side.LEGACY else run.candidate
            if answered is None or looked_at[run.seam] >= OBSERVATIONS_PER_SEAM_MAX:
                continue
            looked_at[run.seam] += 1
            found = blind_spots(answered, rules, run.seam)
            tried += found.tried
            spots.update(_spot(run.seam, spot) for spot in found.spots)
            if found.left_out:
                say(f"{done.name}, {run.seam}: not every place was altered, it has too many")
    return spots, tried, len(looked_at)


def _spot(seam: str, spot: BlindSpot) -> _Spot:
    return seam, spot.normal_place, spot.change, ", ".join(rule.path.text for rule in spot.hidden_by)


def _screen(spots: Counter[_Spot], tried: int, seams: int) -> str:
    noticed = tried - spots.total()
    lines = [f"{noticed:,} of {plural(tried, 'alteration')} noticed, in {plural(seams, 'seam')}"]
    if spots:
        lines.append("")
    for (seam, place, change, hidden), number in spots.most_common(SPOTS_SHOWN_MAX):
        by = f"hidden by {hidden}" if hidden else "hidden by no rule"
        lines.append(f"{number:>7,}  {cut(seam, 26):<26} {cut(place, 38):<38} {cut(change, 24)}")
        lines.append(cut(f"{'':<9}{by}", WIDTH))
    if len(spots) > SPOTS_SHOWN_MAX:
        lines.append(f"and {len(spots) - SPOTS_SHOWN_MAX:,} more: --format json")
    return "\n".join(lines) + "\n"
