"""`changeover schema`: the JSON Schemas of files and outputs, for editors and other programs."""

from __future__ import annotations

from pathlib import Path

import click

from changeover.cli.output import say, show
from changeover.models.catalogue import described, schema_text


@click.command("schema")
@click.argument("name", required=False)
@click.option(
    "--write",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="write every schema to FOLDER/NAME.json",
)
def command(name: str | None, folder: Path | None) -> None:
    """Print the JSON Schema (draft 2020-12) of a file or of a command's JSON; without NAME list the names.

    For example: changeover schema phases
    """
    if folder is not None:
        names = described() if name is None else [name]
        texts = {one: schema_text(one) for one in names}
        folder.mkdir(parents=True, exist_ok=True)
        for one, text in texts.items():
            (folder / f"{one}.json").write_text(text, encoding="utf-8", newline="\n")
        say(f"wrote {len(texts)} schemas to {folder}")
    elif name is None:
        width = max(map(len, described()))
        show("".join(f"{one:<{width}}   {about}\n" for one, about in described().items()))
    else:
        show(schema_text(name))
