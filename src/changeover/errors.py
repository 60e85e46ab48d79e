"""What the toolkit raises, and to whom: configuration errors to people, refusals to a path in a replay."""

from __future__ import annotations

import errno
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Self

_NAMES_MAX = 1_000
_FULL = frozenset({errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)})


class ExitCode(IntEnum):
    """What a command answers to whoever started it; `changeover docs exit-codes` says what it means."""

    YES = 0
    NO = 1
    USAGE = 2
    INCONCLUSIVE = 3
    DEFECT = 70
    INTERRUPTED = 130


class FailureKind(StrEnum):
    """What kind of failure it was; `changeover schema error` has it."""

    USAGE = "usage"
    CONFIGURATION = "configuration"
    PROGRAM = "program"
    MISSING_PACKAGE = "missing-package"
    STORE = "store"
    NOTHING_COMPARED = "nothing-compared"
    PROGRAM_ENDED = "program-ended"
    DEFECT = "defect"
    INTERRUPTED = "interrupted"


class ChangeoverError(Exception):
    """Anything the toolkit itself says no to."""


class ConfigurationError(ChangeoverError):
    """A file or a declaration is wrong; the message names the place, what was found and what is allowed.

    Attributes:
        where: The file, the option, the argument or the declaration.
        problem: What is wrong there, as a sentence.
        allowed: The names that may stand there; empty where it is no choice among names.
        do: What to type or to do about it; None where the sentence is all there is to say.
        program_error: What code of the program raised; None where it had no part in it.
    """

    allowed: tuple[str, ...] = ()
    do: str | None = None
    program_error: BaseException | None = None

    def __init__(self, where: str, problem: str) -> None:
        super().__init__(f"{where}: {problem}")
        self.where = where
        self.problem = problem

    @classmethod
    def unknown(
        cls,
        where: str,
        problem: str,
        name: str,
        known: Iterable[object],
        *,
        none: str = "none",
        more: str = "",
    ) -> Self:
        """An unknown name: what is near, and what is allowed.

        Args:
            where: as of any error.
            problem: what is wrong, up to the names: `'shelff' is unknown`.
            name: the name itself.
            known: those that are allowed.
            none: stands for these where there are none.
            more: behind them.
        """
        words = tuple(str(one) for one in known)
        error = cls(where, f"{problem}{did_you_mean(name, words)} allowed: {', '.join(words) or none}{more}")
        error.allowed = words
        return error


_NOTHING_COMPARED = (
    "nothing was compared yet: changeover compare --source NAME, of a source that the program declares"
    " (changeover docs declarations)"
)


class NothingComparedError(ChangeoverError):
    """Nothing was compared yet, so that there is nothing to show."""

    def __init__(self, why: str = _NOTHING_COMPARED) -> None:
        super().__init__(why)


class ProgramEndedError(ConfigurationError):
    """The program asked for the end of the process where a command waited for an answer of it."""


def ends_the_process(error: BaseException) -> bool:
    """Whether it is neither an error nor an interrupt, but asks that the process ends."""
    return not isinstance(error, Exception | KeyboardInterrupt | GeneratorExit)


def describe_end(error: BaseException) -> str:
    """How the program asked for the end: `asked for the end of the process (SystemExit: 0)`."""
    said = f": {error}" if str(error) else ""
    return f"asked for the end of the process ({type(error).__name__}{said})"


@contextmanager
def asking_the_program(where: str, doing: str = "") -> Iterator[None]:
    """What code of the program raises meanwhile is a ConfigurationError at that place; interrupts stay so."""
    try:
        yield
    except (ChangeoverError, KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:
        ended = ends_the_process(error)
        said = describe_end(error) if ended else f"raised {type(error).__name__}: {error}"
        kind = ProgramEndedError if ended else ConfigurationError
        wrong = kind(where, f"{doing}{said}{_raised_at(error)}")
        wrong.program_error = error
        raise wrong from error


def _raised_at(error: BaseException) -> str:
    """` (shop.py:41)`, the line that raised it."""
    from pathlib import Path
    from traceback import extract_tb

    frames = extract_tb(error.__traceback__)
    return f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""


def describe_os_error(error: OSError) -> str:
    """Why the system said no; a full disk or quota is called so, since making room is all that helps then."""
    words = error.strerror or str(error) or type(error).__name__
    return f"the disk is full: {words}" if error.errno in _FULL else words


def nearest_name(name: str, known: Iterable[object], likeness_min: float = 0.6) -> str | None:
    """The one that is written almost so, None where none is; a likeness of 1 is the same."""
    from difflib import get_close_matches  # only where something is wrong

    found = get_close_matches(name, [str(one) for one in known][:_NAMES_MAX], 1, likeness_min)
    return found[0] if found else None


def did_you_mean(name: str, known: Iterable[object]) -> str:
    """Between an unknown name and what is allowed: `, did you mean "abs"?` if one is near, else a comma."""
    nearest = nearest_name(name, known)
    return "," if nearest is None else f', did you mean "{nearest}"?'


class DeclarationError(ConfigurationError):
    """A port or seam cannot be what its declaration says."""


class UnknownOptionError(DeclarationError, TypeError):
    """There is no such option; a TypeError too, as for any argument that a function does not have."""


class MissingPackageError(ChangeoverError):
    """A package that changeover depends on is not installed, or not where this Python looks.

    Attributes:
        package: Its name, as it is imported and installed.
        install: The command that installs it.
    """

    def __init__(self, package: str, extra: str | None = None) -> None:
        """`extra` names the extra of changeover that it comes with."""
        wanted = _requirement(package) if extra is None else f"changeover[{extra}]"
        self.install = f'python -m pip install "{wanted}"'
        super().__init__(
            f"{package} is not installed for {sys.executable}, and this needs it: {self.install}"
        )
        self.package = package

    @classmethod
    def of(cls, error: ModuleNotFoundError) -> MissingPackageError | None:
        """What an import that failed says; None where a module of changeover itself is missing."""
        package = (error.name or "").partition(".")[0]
        return None if package in ("", "changeover") else cls(package)


def need_package(package: str, extra: str | None = None) -> None:
    """Raises MissingPackageError where it is not installed; imports nothing.

    Args:
        package: as it is imported.
        extra: of changeover, that it comes with; None where it is one of its own requirements.
    """
    from importlib.util import find_spec

    if find_spec(package) is None:
        raise MissingPackageError(package, extra)


def _requirement(package: str) -> str:
    """With the versions that changeover asks for, where it is installed itself."""
    from importlib.metadata import PackageNotFoundError, requires

    try:
        wanted = requires("changeover") or ()
    except PackageNotFoundError:
        wanted = ()
    return next((one for one in wanted if re.match(rf"{re.escape(package)}\b(?!-)[^;]*$", one)), package)


class LegacyRemovedError(ChangeoverError):
    """The legacy path of a completed phase was called."""


class ReplayRefusal(BaseException):
    """A call that a replay does not let through, which ends the path.

    Not an Exception, so that neither a handler nor a retry loop of the path takes it for the program's own.
    What was compared until then counts; what the path does after it is refused as well.
    """


class WorkRefused(Exception):
    """A refusal in a pool whose workers would die of anything but an Exception, and never give an answer."""


class EffectWithheld(ReplayRefusal):
    """The answering path had no such effect, so there is no answer to give; nothing was performed."""


class ReadMissing(ReplayRefusal):
    """The tape holds no answer to this read at this place."""


class UndeclaredCall(ReplayRefusal):
    """The port does not say what this method is, so a replay cannot let it through."""


class UndeclaredEffect(ReplayRefusal):
    """The path reached for the world past every port."""


class ReplayStopped(ReplayRefusal):
    """A limit was reached."""


class NotLoadedError(ReplayStopped):
    """A copy of an entity was asked for what its original had not fetched from the database."""
