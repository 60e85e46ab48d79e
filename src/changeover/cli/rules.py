"""`changeover rules check` and `changeover rules blindspots`."""

from __future__ import annotations

import sys

import click

from changeover.api.rules import CASES, check_rules, find_blind_spots
from changeover.cli.output import format_option, say, show, show_json
from changeover.views.layout import screen_for
from changeover.views.text.mutations import blind_spots_screen
from changeover.views.text.rules import rules_screen


@click.group("rules")
def command() -> None:
    """Are the rules sound, and what do they hide."""


@command.command("check", short_help="everything that is wrong with rules.toml")
@format_option
def check(format_: str) -> None:
    """Read rules.toml and say everything that is wrong with it; exits 1 where something is.

    For example: changeover rules check
    """
    found = check_rules()
    path, rules, problems = found.file, found.rules, found.problems
    if format_ == "json":
        listed = [{"line": problem.line, "problem": problem.text} for problem in problems]
        show_json(
            "rules-check",
            {"file": str(path), "problems": listed, "digest": None if rules is None else rules.digest},
        )
    else:
        show(rules_screen(path.name, rules, problems, screen_for(sys.stdout)))
    raise click.exceptions.Exit(found.exit_code)


@command.command("blindspots", short_help="what the comparison would not notice")
@click.argument("names", metavar="[PHASE]...", nargs=-1)
@click.option(
    "--source", "sources", metavar="NAME", multiple=True, help="where runs come from; all that are declared"
)
@click.option(
    "--runs",
    type=click.IntRange(min=1),
    default=CASES,
    show_default=True,
    help="at most so many cases of each source",
)
@click.option("--seed", type=int, default=0, show_default=True, help="for sources that generate cases")
@click.option("--everything", is_flag=True, help="alter places that look alike as well, in every run")
@format_option
def blindspots(
    names: tuple[str, ...], sources: tuple[str, ...], runs: int, seed: int, everything: bool, format_: str
) -> None:
    """Alter every place of real runs in turn, and list what the comparison does not notice.

    Exits 0 where everything was noticed or is listed in blindspots.toml, 1 where something is not or an
    effect is hidden, 3 where nothing could be altered.

    For example: changeover rules blindspots trading --source history --source stress
    """
    review = find_blind_spots(
        *names, source=sources, runs=runs, seed=seed, everything=everything, progress=say
    )
    if format_ == "json":
        show_json("rules-blindspots", review.as_data())
    else:
        show(blind_spots_screen(review, screen_for(sys.stdout)))
    raise click.exceptions.Exit(review.exit_code)
