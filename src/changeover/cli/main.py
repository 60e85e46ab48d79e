"""The command `changeover`, its exit codes, and how it says what is wrong.

The exit codes are those of `ExitCode`; code of the program never chooses one. Every command is imported when
it is called, so that help and status cost little.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

from changeover import __version__
from changeover.errors import (
    ChangeoverError,
    ExitCode,
    MissingPackageError,
    NothingComparedError,
    describe_end,
)
from changeover.settings import TRACEBACK_VARIABLE
from changeover.values.safe_text import visible, visible_lines

try:
    import click
except ModuleNotFoundError as error:  # nothing below can be read without it
    print(f"changeover: {MissingPackageError.of(error)}", file=sys.stderr)
    sys.exit(2)


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
        from changeover.cli.output import with_own_output

        for one in _with_callbacks(command):
            one.callback = with_own_output(one.callback)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, without importing one."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, about) for name, (_, about) in self._late.items()])


def _with_callbacks(command: click.Command) -> Iterator[click.Command]:
    """The command, or those of the group that it is."""
    if isinstance(command, click.Group):
        for one in command.commands.values():
            yield from _with_callbacks(one)
    else:
        yield command


COMMANDS = {
    "compare": ("comparison", "run both paths on the cases of a source, and say exactly what differs"),
    "explain": (
        "evidence",
        "one cluster or run: both sides, where the odd value was seen, how to reproduce it",
    ),
    "explore": (
        "exploration",
        "the candidate under other orders of its events: twice, late, after a restart",
    ),
    "diff": ("comparison", "compare two files of recorded outputs with the same rules"),
    "worker": ("worker", "replay what programs have recorded, in processes of its own"),
    "alerts": ("alerts", "who hears of what: look, send, test, list"),
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
    "docs": ("manual", "the manual: a page of it, or all its topics"),
}
"""Of each command its file in this folder, and what it does."""


@click.group(cls=LateGroup, late=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="changeover", message="%(prog)s %(version)s")
def changeover() -> None:
    """Move a running program to new code, and know that it does the same.

    For example: changeover compare --source history --runs 100
    """


def main() -> None:
    """Run the command line; a user's mistake is one sentence, and a defect of this tool another one."""
    code = _answer()
    if "changeover.cli.output" in sys.modules:
        from changeover.cli.output import leave_output_to_the_command

        leave_output_to_the_command()
    sys.exit(code)


def _answer() -> int:
    try:
        answer = changeover.main(prog_name="changeover", standalone_mode=False)
        return answer if isinstance(answer, int) else ExitCode.YES
    except click.exceptions.Exit as exit_:
        return exit_.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        return _failed("interrupted", ExitCode.INTERRUPTED)
    except BrokenPipeError:
        # Whoever read the output has gone; closing it again at exit must not complain.
        sys.stderr.close()
        return ExitCode.NO
    except NothingComparedError as error:
        return _failed(visible_lines(str(error)), ExitCode.INCONCLUSIVE)
    except ChangeoverError as error:
        return _failed(visible_lines(str(error)), ExitCode.USAGE)
    except Exception as error:  # noqa: BLE001  nobody who waits for an answer is shown a traceback unasked
        missing = MissingPackageError.of(error) if isinstance(error, ModuleNotFoundError) else None
        if missing is not None:
            return _failed(str(missing), ExitCode.USAGE)
        return _defect(error)
    except BaseException as error:  # noqa: BLE001  whatever of the program it was, it answers for nobody
        return _failed(f"the program {visible(describe_end(error))}: no answer", ExitCode.INCONCLUSIVE)


def _failed(sentence: str, code: ExitCode) -> ExitCode:
    print(f"changeover: {sentence}", file=sys.stderr)
    return code


def _defect(error: Exception) -> ExitCode:
    """One sentence, with the place; the traceback for whoever asks for it."""
    from traceback import extract_tb, print_exception

    if os.environ.get(TRACEBACK_VARIABLE):
        print_exception(error)
    frames = extract_tb(error.__traceback__)
    at = f" ({os.path.basename(frames[-1].filename)}:{frames[-1].lineno})" if frames else ""  # noqa: PTH119
    said = visible(f"{type(error).__name__}: {error}")
    more = f"{TRACEBACK_VARIABLE}=1 shows where it comes from"
    return _failed(f"a defect of changeover, please report it: {said}{at}; {more}", ExitCode.DEFECT)
