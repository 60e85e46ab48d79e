"""`changeover init`, `doctor` and `schema`; `changeover rules check` and `changeover rules blindspots`."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from changeover.api import configuration as verbs
from changeover.api.initial import init
from changeover.cli.options import (
    complete_with,
    dry_run_option,
    format_option,
    jobs_option,
    on_option,
    output_option,
    runs_option,
    seed_option,
    source_option,
)
from changeover.cli.output import quiet, say, show, show_json, show_result
from changeover.errors import ConfigurationError, describe_os_error
from changeover.views.text.accepted import blind_spots_screen, rules_screen
from changeover.views.text.initial import initial_screen
from changeover.views.text.status import doctor_screen


@click.command("init")
@dry_run_option
@format_option
def init_command(dry_run: bool, format_: str) -> None:
    """Write what a migration begins with; what is there already stays as it is.

    The source of the program is read, and not imported: what it uses that a pack covers is written into
    phases.toml and compat.py.

    For example: changeover init --dry-run
    """
    made = init(dry_run=dry_run)
    files = [(os.path.relpath(one.path), one.state, one.what) for one in made.files]
    show_result(
        format_,
        "init",
        made,
        lambda made: {
            "files": [{"path": path, "state": state, "added": what} for path, state, what in files],
            "app": made.app,
            "libraries": made.libraries,
            "uncovered": made.uncovered,
            "next": list(made.next),
        },
        lambda made, screen: initial_screen(
            files, made.libraries, made.uncovered, made.next, dry_run, screen
        ),
    )


@click.command("doctor")
@format_option
def doctor_command(format_: str) -> None:
    """Say what is in effect, where every value comes from, and what is wrong; exits 1 where something is.

    Every problem of every configuration file is listed at once; exits 2 where the app cannot be loaded.

    For example: changeover doctor
    """
    quiet()
    found = verbs.doctor()
    show_result(
        format_,
        "doctor",
        found,
        asdict,
        lambda found, screen: doctor_screen(found.facts, found.problems, found.not_seen, screen),
    )
    raise click.exceptions.Exit(found.exit_code)


@click.group("rules")
def rules_command() -> None:
    """Are the rules sound, and what do they hide."""


@rules_command.command("check", short_help="everything that is wrong with rules.toml")
@format_option
def check(format_: str) -> None:
    """Read rules.toml and say everything that is wrong with it; exits 1 where something is.

    For example: changeover rules check
    """
    found = verbs.check_rules()
    show_result(
        format_,
        "rules-check",
        found,
        lambda found: {
            "file": str(found.file),
            "problems": [{"line": one.line, "problem": one.text} for one in found.problems],
            "digest": None if found.rules is None else found.rules.digest,
        },
        lambda found, screen: rules_screen(found.file.name, found.rules, found.problems, screen),
    )
    raise click.exceptions.Exit(found.exit_code)


@rules_command.command("blindspots", short_help="what the comparison would not notice")
@click.argument("names", metavar="[PHASE]...", nargs=-1, shell_complete=complete_with("phase_and_seam_names"))
@source_option(multiple=True)
@runs_option(verbs.CASES)
@seed_option
@jobs_option
@on_option
@click.option("--everything", is_flag=True, help="alter places that look alike as well, in every run")
@format_option
def blindspots(names: tuple[str, ...], format_: str, **options: Any) -> None:
    """Alter every place of real runs in turn, and list what the comparison does not notice.

    Without --source of all that are declared. Exits 0 where everything was noticed or is listed in
    blindspots.toml, 1 where something is not or an effect is hidden, 3 where nothing could be altered.

    For example: changeover rules blindspots trading --source history --source stress
    """
    review = verbs.find_blind_spots(*names, progress=say, **options)
    show_result(format_, "rules-blindspots", review, lambda review: review.as_data(), blind_spots_screen)
    raise click.exceptions.Exit(review.exit_code)


@click.command("schema")
@click.argument("name", required=False, shell_complete=complete_with("schema_names"))
@output_option(click.Path(file_okay=False, path_type=Path))
@format_option
def schema_command(name: str | None, output: Path | None, format_: str) -> None:
    """Print the JSON Schema (draft 2020-12) of a file or of a command's JSON; without NAME list the names.

    With --output it is written to PATH/NAME.json; without NAME every schema is.

    For example: changeover schema phases
    """
    from changeover.models.catalogue import described, schema_text

    abouts = described()
    texts = {} if name is None else {name: schema_text(name)}
    written = [] if output is None else _write(output, texts or {one: schema_text(one) for one in abouts})
    if format_ == "json":
        schemas = [
            {"name": one, "about": abouts[one]}
            | ({"json_schema": json.loads(texts[one])} if one in texts else {})
            for one in texts or abouts
        ]
        show_json("schema", {"schemas": schemas, "written": list(map(str, written))})
    elif output is not None:
        say(f"wrote {len(written)} schemas to {output}")
    elif name is None:
        width = max(map(len, abouts))
        show("".join(f"{one:<{width}}   {about}\n" for one, about in abouts.items()))
    else:
        show(texts[name])


def _write(folder: Path, texts: Mapping[str, str]) -> list[Path]:
    """Each to a file of its name; gives the files."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (folder / f"{name}.json").write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise ConfigurationError(str(folder), f"could not be written: {describe_os_error(error)}") from error
    return [folder / f"{name}.json" for name in texts]
