"""`[migration.removal]` of `phases.toml`: what goes with the legacy packages, and what must pass then."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from changeover.quick_dataclass import dataclass
from changeover.values.toml_table import Table, parse_toml, read_text

TIMEOUT_S = 1_800


@dataclass(frozen=True, slots=True)
class Removal:
    """Files and folders to delete, a patch for the few lines that chose between the paths, and commands.

    `delete` and `patch` are relative to the project's folder. Each command of `check` may take `timeout_s`.
    `code` are the packages that evidence is about.
    """

    legacy: tuple[str, ...]
    delete: tuple[str, ...] = ()
    patch: str | None = None
    check: tuple[str, ...] = ()
    timeout_s: float = TIMEOUT_S
    code: tuple[str, ...] = ()

    @property
    def packages(self) -> tuple[str, ...]:
        """The packages to which the legacy ones belong, outermost."""
        return tuple(dict.fromkeys(name.partition(".")[0] for name in self.legacy))

    @property
    def staying(self) -> tuple[str, ...]:
        """The outermost packages and modules of the program that are not removed as a whole."""
        gone = {*self.legacy, *(_module_at(place) for place in self.delete)}
        tops = dict.fromkeys((*self.packages, *(name.partition(".")[0] for name in self.code)))
        return tuple(name for name in tops if name not in gone)


def load_removal(path: Path) -> Removal:
    """Read the plan's own part about removal; raises ConfigurationError naming the key."""
    top = Table(parse_toml(read_text(path), str(path)), str(path))
    migration = top.table("migration")
    if migration is None:
        raise top.missing("migration", "a table with a name")
    legacy = migration.texts("legacy")
    if not legacy:
        raise migration.error("legacy", "is missing or empty, needed: the packages that will be removed")
    table = migration.table("removal")
    if table is None:
        return Removal(legacy, code=migration.texts("code"))
    delete, patch = table.texts("delete"), table.text("patch", None)
    for key, place in [("delete", one) for one in delete] + [("patch", patch or "x")]:
        if not _is_inside(place):
            raise table.error(key, f"was {place!r}, allowed: a path inside the project, with '/'")
    timeout_s = table.whole("timeout_s", TIMEOUT_S, least=1)
    removal = Removal(legacy, delete, patch, table.texts("check"), timeout_s, migration.texts("code"))
    table.done()
    return removal


def _module_at(place: str) -> str:
    return ".".join(PurePosixPath(place.removeprefix("src/")).with_suffix("").parts)


def _is_inside(place: str) -> bool:
    path = PurePosixPath(place)
    is_plain = not path.is_absolute() and "\\" not in place and ":" not in place
    return is_plain and bool(path.parts) and ".." not in path.parts
