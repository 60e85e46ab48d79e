"""The command `changeover`, its exit codes, and how it says what is wrong.

The exit codes are those of `ExitCode`; code of the program never chooses one. Every command is imported when
it is called, so that help and status cost little.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from time import monotonic
from typing import Any

from changeover import __version__
from changeover.errors import ExitCode, MissingPackageError
from changeover.settings import TRACEBACK_VARIABLE

try:
    import click
except ModuleNotFoundError as error:  # nothing below can be read without it
    print(f"changeover: {MissingPackageError.of(error)}", file=sys.stderr)
    sys.exit(2)

from changeover.cli.common_options import common_options, leaves_of, take_common_options
from changeover.cli.own_exit import exit_code_is_ours
from changeover.cli.session import begin_session, session
from changeover.cli.written_out import own_standard_error, standard_error


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
        from changeover.cli.output import offer_json, with_own_output

        for one in leaves_of(command):
            offer_json(one)
            one.callback = with_own_output(one.callback)
        take_common_options(command)
        return command

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands in groups, without importing one, the options of all of them, the exit codes."""
        from changeover.cli.grouped_help import write_commands, write_exit_codes

        write_commands({name: about for name, (_, about) in self._late.items()}, formatter)
        click.Command.format_options(self, ctx, formatter)
        write_exit_codes(formatter)


COMMANDS = {
    "compare": ("comparison", "run both paths on the cases of a source, and say exactly what differs"),
    "explain": (
        "evidence",
        "one cluster, run or seam: both sides, where the odd value was seen, how to reproduce it",
    ),
    "explore": (
        "exploration",
        "the candidate under other orders of its events: twice, late, after a restart",
    ),
    "diff": ("comparison", "compare two files of recorded outputs with the same rules"),
    "worker": ("worker", "replay what programs have recorded, in processes of its own"),
    "alerts": ("alerts", "who hears of what: look, send, test, list"),
    "serve": ("serve", "pages that show the migration as it goes on, to browsers"),
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
    "completion": ("completion", "let a shell complete commands, phases, seams, sources, clusters"),
    "docs": ("manual", "the manual: a page of it, or all its topics"),
}
"""Of each command its file in this folder, and what it does."""


HELP_COLUMNS_MAX = 100


@click.group(
    cls=LateGroup,
    late=COMMANDS,
    no_args_is_help=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": HELP_COLUMNS_MAX},
)
@click.version_option(__version__, prog_name="changeover", message="%(prog)s %(version)s")
def changeover() -> None:
    """Move a running program to new code, and know that it does the same.

    For example: changeover compare --source history --runs 100
    """


changeover.params = [*common_options(), *changeover.params]


def main() -> None:
    """Run the command line; a user's mistake is one sentence, and a defect of this tool another one."""
    wanted = os.environ.get("_CHANGEOVER_COMPLETE")
    if wanted is not None:
        from changeover.cli.completing import complete

        complete(changeover, wanted)
        sys.exit(ExitCode.YES)
    arguments = sys.argv[1:]
    begin_session(json=asks_for_json(arguments), traceback=bool(os.environ.get(TRACEBACK_VARIABLE)))
    began = monotonic()
    with own_standard_error():
        with exit_code_is_ours():
            code = _answer(arguments)
        if session().verbose:
            print(f"exit code {int(code)} after {monotonic() - began:.1f} s", file=standard_error())
    if "changeover.cli.output" in sys.modules:
        from changeover.cli.output import leave_output_to_the_command

        leave_output_to_the_command()
    sys.exit(code)


def asks_for_json(arguments: Sequence[str]) -> bool:
    """Whether the result is wanted as JSON, and so an error too: also where the line cannot be parsed."""
    words = arguments[: arguments.index("--")] if "--" in arguments else arguments
    last = ""
    for word, behind in zip(words, [*words, ""][1:], strict=True):
        if word == "--format":
            last = behind
        elif word.startswith("--format="):
            last = word.removeprefix("--format=")
    return last == "json"


def _answer(arguments: Sequence[str]) -> int:
    try:
        if not arguments:
            changeover.main(["--help"], prog_name="changeover", standalone_mode=False)
            return ExitCode.USAGE
        answer = changeover.main(list(arguments), prog_name="changeover", standalone_mode=False)
        return answer if isinstance(answer, int) else ExitCode.YES
    except click.exceptions.Exit as exit_:
        return exit_.exit_code
    except BrokenPipeError:
        # Whoever read the output has gone; closing it again at exit must not complain.
        with suppress(OSError, ValueError, AttributeError):
            sys.stderr.close()
        return ExitCode.NO
    except BaseException as error:  # noqa: BLE001  nobody who waits for an answer is shown a traceback unasked
        from changeover.cli.failing import fail

        return fail(error)
