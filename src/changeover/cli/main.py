"""The command `changeover`, its exit codes, and how it says what is wrong.

0 yes; 1 the answer is no; 2 usage or configuration error; 3 inconclusive; 130 interrupted. Every command is
imported when it is called, so that help and status cost little.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from changeover import __version__
from changeover.errors import ChangeoverError, MissingPackageError
from changeover.values.safe_text import visible_lines

try:
    import click
except ModuleNotFoundError as error:  # nothing below can be read without it
    print(f"changeover: {MissingPackageError.of(error)}", file=sys.stderr)
    sys.exit(2)

INTERRUPTED = 130
USAGE = 2


class LateGroup(click.Group):
    """A group whose commands are imported when they are asked for; the values are file and help."""

    def __init__(self, *args: Any, late: Mapping[str, tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._late = late

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order in which they are needed."""
        return list(self._late)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now."""
        if cmd_name not in self._late:
            return None
        module = import_module(f"changeover.cli.{self._late[cmd_name][0]}")
        command: click.Command = getattr(module, f"{cmd_name}_command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, without importing one."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, about) for name, (_, about) in self._late.items()])


COMMANDS = {
    "compare": ("comparison", "run both paths on the cases of a source, and say exactly what differs"),
    "explain": (
        "evidence",
        "one cluster or run: both sides, where the odd value was seen, how to reproduce it",
    ),
    "diff": ("comparison", "compare two files of recorded outputs with the same rules"),
    "status": ("status", "where every phase stands, problems first"),
    "report": ("comparison", "one HTML page to read before deciding"),
    "gate": ("readiness", "may this phase move to that stage, criterion by criterion"),
    "flip": ("moves", "move a phase; forward only where its gate passes"),
    "rollback": ("going_back", "move a phase back, or all of them; always possible"),
    "kill": ("going_back", "let legacy answer everything, now"),
    "unkill": ("going_back", "let the flags decide again"),
    "history": ("moves", "who moved what, when, why; does it agree with the flags"),
    "flags": ("moves", "seal a hand edit of flags.json"),
    "waive": ("evidence", "accept a difference for now: by whom, why, until when"),
    "rules": ("configuration", "are the rules sound; what do they hide"),
    "scenarios": ("scenarios", "cases that are kept as regression tests"),
    "evidence": ("evidence", "join the stores of other machines; forget what is old"),
    "legacy": ("readiness", "who still calls the old code; does everything pass without it"),
    "doctor": ("configuration", "the effective configuration, and what is wrong with it"),
    "schema": ("configuration", "the JSON Schema of a file or of an output"),
    "init": ("configuration", "write a commented migration folder"),
}
"""Of each command its file in this folder, and what it does."""


@click.group(cls=LateGroup, late=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="changeover", message="%(prog)s %(version)s")
def changeover() -> None:
    """Move a running program to new code, and know that it does the same.

    For example: changeover compare --source history --runs 100
    """


def main() -> None:
    """Run the command line; a user's mistake is one sentence, never a traceback."""
    try:
        code = changeover.main(prog_name="changeover", standalone_mode=False)
    except click.exceptions.Exit as exit_:
        code = exit_.exit_code
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except ModuleNotFoundError as error:
        missing = MissingPackageError.of(error)
        if missing is None:
            raise
        print(f"changeover: {missing}", file=sys.stderr)
        code = USAGE
    except ChangeoverError as error:
        print(f"changeover: {visible_lines(str(error))}", file=sys.stderr)
        code = USAGE
    except (KeyboardInterrupt, click.Abort):
        print("changeover: interrupted", file=sys.stderr)
        code = INTERRUPTED
    except BrokenPipeError:
        # Whoever read the output has gone; closing it again at exit must not complain.
        sys.stderr.close()
        code = 1
    sys.exit(code if isinstance(code, int) else 0)
