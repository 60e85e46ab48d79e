"""Why a command gave no result, as data: for the sentence on standard error and for `--format json`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import click

from changeover.errors import (
    ChangeoverError,
    ConfigurationError,
    ExitCode,
    FailureKind,
    MissingPackageError,
    NothingComparedError,
    describe_end,
    did_you_mean,
    nearest_name,
)
from changeover.values.safe_text import visible, visible_lines

_CODES = {
    FailureKind.NOTHING_COMPARED: ExitCode.INCONCLUSIVE,
    FailureKind.PROGRAM_ENDED: ExitCode.INCONCLUSIVE,
    FailureKind.DEFECT: ExitCode.DEFECT,
    FailureKind.INTERRUPTED: ExitCode.INTERRUPTED,
}
_DO = {
    FailureKind.CONFIGURATION: "changeover doctor says everything that is wrong",
    FailureKind.PROGRAM: "mend the program; --traceback shows where it comes from",
    FailureKind.PROGRAM_ENDED: "mend the program; --traceback shows where it comes from",
    FailureKind.NOTHING_COMPARED: "changeover compare --source NAME",
    FailureKind.STORE: "changeover doctor says which store is meant",
    FailureKind.DEFECT: "report it; --traceback shows where it comes from",
    FailureKind.INTERRUPTED: "run it again",
}


ONE_OF_THESE = "give one of the names that are allowed"


@dataclass(frozen=True, slots=True)
class Failure:
    """One failure. `message` is the whole sentence; `do` is what to type or to do about it.

    `source` is the exception whose traceback says where a failure of the program, or of changeover, comes
    from; None where somebody only mistyped something.
    """

    kind: FailureKind
    message: str
    where: str | None = None
    allowed: tuple[str, ...] = ()
    do: str | None = None
    source: BaseException | None = None

    @property
    def exit_code(self) -> ExitCode:
        """What the command answers."""
        return _CODES.get(self.kind, ExitCode.USAGE)

    def data(self) -> dict[str, Any]:
        """What `--format json` prints."""
        return {
            "error": {
                "kind": str(self.kind),
                "message": self.message,
                "where": self.where,
                "allowed": list(self.allowed) or None,
                "do": self.do or (ONE_OF_THESE if self.allowed else _DO.get(self.kind)),
                "exit_code": int(self.exit_code),
            }
        }


def failure_of(error: BaseException) -> Failure:
    """Any exception that ended a command, as a failure."""
    if isinstance(error, click.ClickException):
        return _mistyped(error)
    if isinstance(error, KeyboardInterrupt | click.Abort):
        return Failure(FailureKind.INTERRUPTED, "interrupted")
    if isinstance(error, ChangeoverError):
        return _refused(error)
    if isinstance(error, ModuleNotFoundError):
        missing = MissingPackageError.of(error)
        if missing is not None:
            return _refused(missing)
    if isinstance(error, Exception):
        return _defect(error)
    said = f"the program {visible(describe_end(error))}: no answer"
    return Failure(FailureKind.PROGRAM_ENDED, said, source=error)


def _refused(error: ChangeoverError) -> Failure:
    """The toolkit said no."""
    message = visible_lines(str(error))
    if isinstance(error, ConfigurationError):
        by_program = error.program_error is not None
        kind = FailureKind.PROGRAM if by_program else FailureKind.CONFIGURATION
        return Failure(kind, message, visible(error.where), error.allowed, error.do, error.program_error)
    if isinstance(error, NothingComparedError):
        return Failure(FailureKind.NOTHING_COMPARED, message)
    if isinstance(error, MissingPackageError):
        return Failure(FailureKind.MISSING_PACKAGE, message, error.package, do=error.install)
    from changeover.evidence.store.place import StoreProblem

    if isinstance(error, StoreProblem):
        return Failure(FailureKind.STORE, message, visible(str(error.place)))
    return Failure(FailureKind.CONFIGURATION, message)


def _defect(error: Exception) -> Failure:
    """One sentence, with the place; the traceback for whoever asks for it."""
    from pathlib import Path
    from traceback import extract_tb

    frames = extract_tb(error.__traceback__)
    place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else None
    said = visible(f"{type(error).__name__}: {error}")
    at = "" if place is None else f" ({place})"
    sentence = f"a defect of changeover, please report it: {said}{at}; --traceback shows where it comes from"
    return Failure(FailureKind.DEFECT, sentence, place, source=error)


def _near_option(given: str, known: Iterable[str]) -> str:
    """Compared by their names: two dashes are no likeness."""
    names = {name.lstrip("-"): name for name in known}
    nearest = nearest_name(given.lstrip("-"), names)
    return "," if nearest is None else f', did you mean "{names[nearest]}"?'


def _mistyped(error: click.ClickException) -> Failure:
    """What the parser refused, in the words of every other error."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    path = "changeover" if context is None else context.command_path
    option, command = getattr(error, "option_name", None), getattr(error, "command_name", None)
    help_ = f"{path} --help"
    if isinstance(error, click.NoSuchOption):
        known = [] if context is None else _options_of(context)
        near = _near_option(error.option_name, known)
        said = f"{error.option_name}: is no option of {path}{near} {help_} lists them"
        return Failure(FailureKind.USAGE, visible(said), error.option_name, tuple(known), help_)
    if command is not None and isinstance(context and context.command, click.Group):
        return _no_command(str(command), f"is no command of {path}", context)
    if isinstance(context and context.command, click.Group) and _lacks_command(error, context):
        return _no_command("COMMAND", f"is missing behind {path}", context)
    if isinstance(error, click.BadParameter):
        return _bad_value(error, help_)
    where = path if option is None else str(option)
    return Failure(FailureKind.USAGE, visible(f"{where}: {_sentence(error.message)}"), where, (), help_)


def _lacks_command(error: click.ClickException, context: click.Context | None) -> bool:
    """Whether nothing stands behind the words of a group."""
    return context is not None and type(error) is click.UsageError and context.invoked_subcommand is None


def _no_command(name: str, problem: str, context: click.Context | None) -> Failure:
    group = None if context is None else context.command
    known = group.list_commands(context) if isinstance(group, click.Group) and context is not None else []
    near = did_you_mean(name, known)
    said = f"{name}: {problem}{near} allowed: {', '.join(known)}"
    path = "changeover" if context is None else context.command_path
    return Failure(FailureKind.USAGE, visible(said), name, tuple(known), f"{path} --help")


def _bad_value(error: click.BadParameter, help_: str) -> Failure:
    where, param = str(error.param_hint or ""), error.param
    allowed: tuple[str, ...] = ()
    if param is not None:
        named = param.metavar or (param.name or "").upper()
        where = "/".join(param.opts) if isinstance(param, click.Option) else named
        choice = param.type if isinstance(param.type, click.Choice) else None
        allowed = () if choice is None else tuple(str(one) for one in choice.choices)
    if isinstance(error, click.MissingParameter):
        about = getattr(param, "help", None)
        names = f", allowed: {', '.join(allowed)}" if allowed else f", needed: {about}" if about else ""
        said = f"{where}: is missing{names}; {help_} says more"
    else:
        said = f"{where}: {_sentence(error.message)}"
    return Failure(FailureKind.USAGE, visible(said), where, allowed, help_)


def _options_of(context: click.Context) -> list[str]:
    found = context.command.get_params(context)
    return [
        name for one in found if isinstance(one, click.Option) for name in (*one.opts, *one.secondary_opts)
    ]


def _sentence(message: str) -> str:
    """As a part of a sentence: without its end."""
    return message.strip().removesuffix(".")
