"""docs/commands.md, made of the commands themselves."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

import click

from changeover.cli.common_options import CommonOption, common_options
from changeover.cli.main import changeover
from tests.docs.pages import section

HEAD = """\
# Commands

*Reference. Every command with its arguments, options and exit codes.*

`changeover --help` lists the commands in groups, `changeover COMMAND --help` says the same as this page. A
command finds its project by `pyproject.toml`, in the working folder or above it. What it found goes to
standard output; talk and warnings go to standard error. Every command is a [function in Python](api.md) as
well. Exit codes that are not named below: 2 for what is wrong with an argument, a file or the app, 70 for a
defect of changeover, 130 after Ctrl-C ([more](exit-codes.md)).

The test suite runs every example, on a small project with these phases and sources.
"""

COMMON = """\
## Every command

These options stand before the words of a command or behind them: `changeover -q gate portfolio` is
`changeover gate portfolio -q`. An option has one spelling and one meaning in every command.
"""
VOICES = """\
Standard output has the result, and nothing else. Standard error has what is said besides:

| | standard output | standard error |
|---|---|---|
| as usual | the result | talk, how far it is, warnings (`! ...`), errors |
| `-q` | the result | warnings and errors |
| `-v` | the result | project, folder, app and store first; the log; at the end exit code and seconds |
| `--traceback` | the result | where code of the program, or of changeover, failed |
| `--format json` | one JSON object: the result, else the error | as without it |

With `--format json`, which every command takes, a command without a result prints what
[`changeover schema error`](schemas.md) describes: kind, message, where, what is allowed, what to do, exit
code. A command that is watched until it ends (`serve`) prints how it ended (`changeover schema done`).
`NO_COLOR` in the environment takes the colour away from terminals; `--color always` wins over it.

A shell completes commands, options, phases, seams, stages, sources, clusters, scenarios and topics after
`eval "$(changeover completion bash)"`, or the same for `zsh`; fish reads
`changeover completion fish | source`. Names are read from files: the program is not imported, a store in a
database is not asked, and where something is wrong nothing is said.
"""


def leaves(group: click.Group = changeover, before: str = "") -> Iterator[tuple[str, click.Command]]:
    """Every command by its words."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from leaves(command, f"{before}{name} ")
        else:
            yield before + name, command


def command_page() -> str:
    """The whole page."""
    overview = [f"| [`{name}`](#{anchor(name)}) | {first_line(command)} |" for name, command in leaves()]
    head = [HEAD, "| command | what it does |", "|---|---|", *overview, ""]
    return "\n".join([*head, common_part()]) + "".join(
        _described(name, command) for name, command in leaves()
    )


def common_part() -> str:
    """What every command takes, and what is printed where."""
    command = click.Command("any", params=[*common_options()])
    return "\n".join(
        [COMMON, "| option | meaning |", "|---|---|", *_options(command, common=True), "", VOICES]
    )


def anchor(name: str) -> str:
    """Of the heading of a command on the page."""
    return name.replace(" ", "-")


def first_line(command: click.Command) -> str:
    """The first sentence of its help."""
    about = " ".join(inspect.cleandoc(command.help or "").partition("\n\n")[0].split())
    return re.split(r"(?<=[.;])\s", about)[0].rstrip(".;") + "."


def example(command: click.Command) -> str:
    """The line that the help of a command ends with."""
    *_, last = inspect.cleandoc(command.help or "").split("\n\n")
    assert last.startswith("For example: changeover "), f"{command.name} has no example"
    return " ".join(last.removeprefix("For example: ").split())


def exit_codes() -> dict[str, list[str]]:
    """By the words of a command: what 0, 1 and 3 mean, as docs/exit-codes.md has it."""
    found: dict[str, list[str]] = {}
    for line in section("exit-codes.md", "Exit codes").splitlines():
        names, *cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if line.startswith("| `") and len(cells) == 3:
            found |= dict.fromkeys(re.findall(r"`([^`]+)`", names), cells)
    return found


def _described(name: str, command: click.Command) -> str:
    *about, _ = inspect.cleandoc(command.help or "").split("\n\n")
    usage = " ".join(command.collect_usage_pieces(click.Context(command)))
    lines = [f"\n## `{name}`\n", *(f"{' '.join(part.split())}\n" for part in about)]
    lines += [f"`changeover {name} {usage}`\n", "| option | meaning |", "|---|---|", *_options(command), ""]
    assert name in exit_codes(), f"docs/exit-codes.md does not say how {name} exits"
    codes = zip((0, 1, 3), exit_codes()[name], strict=True)
    lines += [
        "Exits " + "; ".join(f"**{code}** {meaning}" for code, meaning in codes if meaning != "-") + ".\n"
    ]
    return "\n".join([*lines, f"```sh\n$ {example(command)}\n```", ""])


def _options(command: click.Command, *, common: bool = False) -> Iterator[str]:
    context = click.Context(command)
    for parameter in command.get_params(context):
        if isinstance(parameter, CommonOption) is not common:
            continue
        record = parameter.get_help_record(context)
        if record is not None:
            yield f"| `{_cell(record[0])}` | {_cell(record[1])} |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
