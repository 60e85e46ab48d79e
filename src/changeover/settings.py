"""Every environment variable, file name and default of the toolkit, in one place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

DIRECTORY_VARIABLE = "CHANGEOVER_DIR"
"""The migration's folder, in place of `directory` in pyproject.toml."""

FLAGS_VARIABLE = "CHANGEOVER_FLAGS"
"""The flags file, in place of the one in the migration's folder."""

KILL_VARIABLE = "CHANGEOVER_KILL"
"""`1` lets legacy answer every phase in this process; `0` or nothing: the other stages count.

A word that is neither yes nor no counts as `1`.
"""

STAGE_VARIABLE = "CHANGEOVER_STAGE_"
"""With the name of a phase behind it, in capitals and with `_` for what is no letter or digit: the stage of
that phase in this process, such as `CHANGEOVER_STAGE_ENTRY_POINTS=ramp:10`.
"""

MODE_VARIABLE = "CHANGEOVER_MODE"
"""`inline`, `background` or `worker`, in place of what the plan and the program say."""

POPULATION_VARIABLE = "CHANGEOVER_POPULATION"
"""What the runs of this process are evidence of: `production` (unless given), `recorded` or `generated`."""

STORE_VARIABLE = "CHANGEOVER_STORE"
"""Where evidence is kept: `sqlite:///PATH`, `postgresql://HOST/DATABASE`, or `none` to keep none.

Unless given: `.changeover/evidence.db` beside the migration's folder.
"""
STORE_SCHEME = "sqlite:///"
DATABASE_SCHEMES = ("postgresql://", "postgres://")

SPOOL_BYTES_VARIABLE = "CHANGEOVER_SPOOL_BYTES"
"""How many bytes may wait beside the store; beyond that the oldest are lost, and counted.

Unless given: 268,435,456.
"""
SPOOL_BYTES_MAX = 256 * 1024 * 1024

SPOOL_KEY_VARIABLE = "CHANGEOVER_SPOOL_KEY"
"""Keys of Fernet, with commas between them: recorded runs leave a machine sealed with the first one, and each
opens them.
"""

STORE_RUNS_VARIABLE = "CHANGEOVER_STORE_RUNS_MAX"
"""How many runs in production a store keeps; the oldest are forgotten first. Unless given: 1,000,000."""

STORE_BYTES_VARIABLE = "CHANGEOVER_STORE_BYTES_MAX"
"""How many bytes a store may have: the oldest values are forgotten first, then tapes, then runs.

Unless given: 4,294,967,296. A database is not bounded so.
"""

STORE_RUNS_MAX = 1_000_000
STORE_BYTES_MAX = 4 * 1024**3

WEBHOOK_VARIABLE = "CHANGEOVER_ALERT_WEBHOOK"
"""An http(s) address that is sent every alert."""

TRACEBACK_VARIABLE = "CHANGEOVER_TRACEBACK"
"""Where it is set to anything, every command has `--traceback`."""

WHO_VARIABLE = "CHANGEOVER_WHO"
"""Who moves phases, in place of user and host; `--who` wins."""

SERVE_TOKEN_VARIABLE = "CHANGEOVER_SERVE_TOKEN"  # noqa: S105  the name of a variable
"""What somebody has to know to move a phase from the pages of `changeover serve --allow-moves`.

At least 16 characters. Unless given: one is made at each start, and printed.
"""

KILL_FILE = "KILL"
FLAGS_FILE = "flags.json"
HISTORY_FILE = "history.jsonl"
PLAN_FILE = "phases.toml"
RULES_FILE = "rules.toml"
WAIVERS_FILE = "waivers.toml"
TRIPS_FILE = "trips.json"
PROGRAMS_FILE = "programs.json"
"""In the state folder: which folders the programs of a project read."""
SCENARIOS_FOLDER = "scenarios"
SPOOL_FOLDER = "spool"
"""Beside the store: what each process leaves behind at once, until it is in the store."""
RECORDED_FOLDER = "recorded"
"""Beside the store: runs that wait for a worker, with their raw values."""
STATE_FOLDER = ".changeover"
"""Beside the migration's folder: the store of evidence, and what else belongs to one machine."""

NO_REASON = "no reason given"
"""What the history says where a phase went back and nobody said why."""

REFRESH_S = 1.0
"""How old the stages that a process acts on may be."""

INPUTS_VERSION = "2"
"""Stands before the digest of a distinct input. Another way to read values makes other digests: raise it."""

INLINE, BACKGROUND, WORKER = "inline", "background", "worker"
MODES = (INLINE, BACKGROUND, WORKER)

LAG_MAX_S = 300.0
"""How old the oldest run may be that waits for a worker."""

KEEP = "keep"
ON_LAG = ("shadow", KEEP)
"""What becomes of a phase in `ramp` that no worker watches any more."""

PRODUCTION = "production"
POPULATIONS = (PRODUCTION, "recorded", "generated")


def absolute(path: Path) -> Path:
    """The same file wherever the process goes; where the working folder is gone, the path as it is."""
    try:
        return path.absolute()
    except OSError:
        return path


class ProgramEnvironment(Mapping[str, str]):
    """The environment of a program, in which a path means the same file wherever the process goes."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._here = absolute(Path())

    def __getitem__(self, name: str) -> str:
        text = self._environment[name]
        if not text:
            return text
        if name == FLAGS_VARIABLE:
            return str(self._here / text)
        if name == STORE_VARIABLE and text.startswith(STORE_SCHEME) and text != STORE_SCHEME:
            return f"{STORE_SCHEME}{self._here / text.removeprefix(STORE_SCHEME)}"
        return text

    def __iter__(self) -> Iterator[str]:
        return iter(self._environment)

    def __len__(self) -> int:
        return len(self._environment)


def program_environment(environment: Mapping[str, str]) -> Mapping[str, str]:
    """The environment itself, unless a path in it depends on the folder that the process works in."""
    flags, store = environment.get(FLAGS_VARIABLE, ""), environment.get(STORE_VARIABLE, "")
    named = [flags, store.removeprefix(STORE_SCHEME) if store.startswith(STORE_SCHEME) else ""]
    is_relative = any(text and not Path(text).is_absolute() for text in named)
    return ProgramEnvironment(environment) if is_relative else environment


def limit_of(variable: str, otherwise: int, environment: Mapping[str, str]) -> int:
    """A number of the environment; where it is none, or less than 1, what holds otherwise."""
    named = environment.get(variable, "")
    return int(named) if named.isdecimal() and int(named) else otherwise


def mode_of(wanted: str, environment: Mapping[str, str]) -> tuple[str, str | None]:
    """The mode that the environment names, else the wanted one; and what is wrong with the name, if so."""
    named = environment.get(MODE_VARIABLE) or wanted
    if named in MODES:
        return named, None
    return INLINE, f"{MODE_VARIABLE} was {named!r}, allowed: {', '.join(MODES)}; runs are compared inline"


def spool_bytes_of(environment: Mapping[str, str]) -> tuple[int, str | None]:
    """How much a folder of spools may hold; and what is wrong with what the environment says, if so."""
    named = environment.get(SPOOL_BYTES_VARIABLE, "")
    if not named:
        return SPOOL_BYTES_MAX, None
    if named.isdecimal() and named.isascii() and int(named):
        return int(named), None
    return SPOOL_BYTES_MAX, f"{SPOOL_BYTES_VARIABLE} was {named!r}, allowed: a number of bytes above 0"


def population_of(environment: Mapping[str, str]) -> tuple[str, str | None]:
    """The population that the environment names, else production; and what is wrong with the name, if so.

    A wrong name leaves the tripwire armed, as in production, and keeps nothing, as elsewhere.
    """
    named = environment.get(POPULATION_VARIABLE) or PRODUCTION
    if named in POPULATIONS:
        return named, None
    problem = f"{POPULATION_VARIABLE} was {named!r}, allowed: {', '.join(POPULATIONS)}; nothing is kept"
    return PRODUCTION, problem
