"""Which folder the programs of a project read, so that a command can say when it looks at another one.

A program that keeps evidence notes its folder beside the store; `kill` and `flip` read the note. They import
no program, and a kill switch in a folder that nobody reads would stop nobody.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from changeover.errors import ConfigurationError
from changeover.settings import DIRECTORY_VARIABLE, PROGRAMS_FILE
from changeover.values.atomic_file import write_file
from changeover.values.toml_table import parse_json, read_text

SEEN_WITHIN = timedelta(days=30)
NOTED_AGAIN = timedelta(days=1)
FOLDERS_MAX = 20


def note_program(state_folder: Path, directory: Path, now: datetime) -> None:
    """Write down that a program reads this folder, at most once a day; never raises."""
    file, name = state_folder / PROGRAMS_FILE, str(directory)
    seen = _seen(file)
    last = seen.get(name)
    if last is not None and timedelta() <= now - last < NOTED_AGAIN:
        return
    latest = sorted({**seen, name: now}.items(), key=lambda item: item[1])[-FOLDERS_MAX:]
    content = {folder: at.astimezone(UTC).isoformat(timespec="seconds") for folder, at in latest}
    with suppress(OSError):
        write_file(file, json.dumps(content, indent=2).encode() + b"\n")


def describe_other_folder(commands: Path, program: Path) -> str | None:
    """What is wrong where commands use one folder and a program reads another one; None where it is one."""
    if commands.resolve() == program.resolve():
        return None
    return (
        f"the program reads {program}, commands use {commands}: neither sees flags and kill switch of "
        f"the other; name one folder, by directory in pyproject.toml or by {DIRECTORY_VARIABLE}"
    )


def folders_read_instead(file: Path, directory: Path, now: datetime) -> Iterator[str]:
    """A sentence for each folder that programs have read lately, where none has read this one.

    Two migrations of one project lie beside each other, and each is read by its own program.
    """
    lately = [name for name, at in _seen(file).items() if abs(now - at) < SEEN_WITHIN]
    with suppress(OSError):
        problems = {name: describe_other_folder(directory, Path(name)) for name in lately}
        if None not in problems.values():
            yield from (text for name, text in problems.items() if text and Path(name).is_dir())


def _seen(file: Path) -> dict[str, datetime]:
    found = {}
    with suppress(ConfigurationError, AttributeError, TypeError):
        for name, at in parse_json(read_text(file), str(file)).items():
            with suppress(ValueError, TypeError):
                moment = datetime.fromisoformat(at)
                found[str(name)] = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return found
