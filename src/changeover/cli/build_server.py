"""What `compare` and `gate` do for a build server: results as files, annotations, the summary of a step."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from changeover.cli.options import REPEATABLE
from changeover.cli.output import SCHEMA_VERSION, say
from changeover.errors import ConfigurationError, describe_os_error
from changeover.evidence.source_comparison import SourceComparison
from changeover.project import open_project
from changeover.values.atomic_file import write_file
from changeover.values.safe_text import json_text
from changeover.views.ci.findings import Findings, findings_of
from changeover.views.ci.repository import Repository

SUMMARY_VARIABLE = "GITHUB_STEP_SUMMARY"
ACTIONS_VARIABLE = "GITHUB_ACTIONS"
GITLAB_VARIABLE = "GITLAB_CI"
FORMATS = {".xml": "junit", ".md": "markdown", ".json": "json"}
"""By the end of a file's name."""

Texts = Mapping[str, Callable[[], str]]
"""By format, what makes the text of the result."""


def _checked(context: click.Context, option: click.Parameter, files: tuple[Path, ...]) -> tuple[Path, ...]:
    """Each can be written, as far as that is known before anything long is begun."""
    for file in files:
        if file.suffix not in FORMATS:
            allowed = ", ".join(f"{end} ({name})" for end, name in FORMATS.items())
            raise click.BadParameter(f"{str(file)!r} has no format by its name, allowed: {allowed}")
        if file.is_dir():
            raise click.BadParameter(f"{str(file)!r} was a folder, needed: the name of a file")
        if not file.parent.is_dir():
            raise click.BadParameter(f"{str(file)!r} cannot be written: there is no folder {file.parent}")
    return files


results_option = click.option(
    "--output",
    "-o",
    "outputs",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="PATH",
    callback=_checked,
    help=f"where it is written{REPEATABLE}",
)


def found_in(
    comparisons: Iterable[SourceComparison], phases: Iterable[str] | None = None
) -> tuple[Findings, ...]:
    """What comparisons found, about the seams of these phases alone where they are named."""
    chosen = None if phases is None else frozenset(phases)
    return tuple(
        findings_of(
            one.info,
            one.corpus,
            None
            if chosen is None
            else [name for name, tally in one.corpus.seams.items() if tally.phase in chosen],
        )
        for one in comparisons
    )


def with_files() -> bool:
    """Whether JUnit names files in the way that GitLab alone reads."""
    return bool(os.environ.get(GITLAB_VARIABLE))


def json_result(name: str, content: Mapping[str, Any]) -> str:
    """What `--format json` prints."""
    from changeover.models.catalogue import fitted

    return json_text(fitted(name, {"schema_version": SCHEMA_VERSION, **content})[0]) + "\n"


def write_results(files: Sequence[Path], texts: Texts) -> None:
    """Write the result to each file in the format of its name; raises ConfigurationError."""
    for file in files:
        text = texts[FORMATS[file.suffix]]()
        try:
            write_file(file, text.encode("utf-8", "backslashreplace"))
        except OSError as error:
            raise ConfigurationError(
                str(file), f"could not be written: {describe_os_error(error)}"
            ) from error


def tell_github(text: str, annotations: Sequence[str]) -> None:
    """Annotations for the runner, which reads both streams, and the page it shows of the step."""
    if not os.environ.get(ACTIONS_VARIABLE):
        return
    for line in annotations:
        say(line)
    summary = os.environ.get(SUMMARY_VARIABLE)
    if summary:
        try:
            with Path(summary).open("a", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            say(f"warning: {SUMMARY_VARIABLE}: could not be written: {describe_os_error(error)}")


def checked_out() -> Repository:
    """The repository that the build server has checked out, as far as its variables say."""
    root = open_project(".").root.resolve()
    for folder, pages in (
        ("GITHUB_WORKSPACE", _joined("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "blob", "GITHUB_SHA")),
        ("CI_PROJECT_DIR", _joined("CI_PROJECT_URL", "-/blob", "CI_COMMIT_SHA")),
    ):
        named = os.environ.get(folder)
        if named and root.is_relative_to(Path(named).resolve()):
            inside = root.relative_to(Path(named).resolve()).as_posix()
            return Repository("" if inside == "." else inside, pages)
    return Repository()


def _joined(*parts: str) -> str | None:
    """An address of variables, and of words between them; None where one is not set, or it is no address."""
    values = [os.environ.get(part, "") if part.isupper() else part for part in parts]
    address = "/".join(value.strip("/") for value in values)
    is_one = (
        all(values)
        and address.startswith(("https://", "http://"))
        and not set(address) & set(" ()<>\\\"'`\n")
    )
    return address if is_one else None
