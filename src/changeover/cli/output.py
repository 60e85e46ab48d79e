"""What commands share about showing: the option `--format`, JSON, and results on standard output."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

import click

from changeover.values.safe_text import json_text, visible, visible_lines

SCHEMA_VERSION = 1
format_option: Callable[[Any], Any] = click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="of the result",
)


def show(text: str) -> None:
    """Text that ends with its own line end, on standard output; on a terminal it may have colour."""
    sys.stdout.write(visible_lines(text, coloured=sys.stdout.isatty()))
    sys.stdout.flush()


def show_json(name: str, content: Mapping[str, Any]) -> None:
    """The output that has a schema of that name (`changeover schema`), as its model has it.

    One that does not fit is shown all the same, as it is: whoever asked waits for it. That it does not fit is
    said on standard error, and fails every test of this project.
    """
    from changeover.models.catalogue import fitted

    document, problems = fitted(name, {"schema_version": SCHEMA_VERSION, **content})
    show(json_text(document) + "\n")
    if problems:
        say(f"! not as `changeover schema {name}` has it: {'; '.join(problems)}")


def quiet() -> None:
    """What is wrong with the flags is on the screen already; nobody has to log it as well."""
    import logging

    logging.getLogger("changeover").addHandler(logging.NullHandler())


def say(text: str) -> None:
    """Talk, on standard error."""
    print(visible_lines(text), file=sys.stderr, flush=True)


def warn(text: str) -> None:
    """Something that must not be overlooked, on standard error."""
    say(f"! {visible(text)}")


def say_dry_run(dry_run: bool) -> None:
    """Say at the end of a dry run that it was one."""
    if dry_run:
        say("dry run: nothing was changed; without --dry-run exactly this is done")
