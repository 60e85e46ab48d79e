"""Who still needs what is to be removed: files by their imports and syntax, seams by who answers in them."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

from changeover.errors import ConfigurationError
from changeover.evidence.store.records import Evidence
from changeover.quick_dataclass import dataclass
from changeover.removal.named_in_text import entry_points, named_in_texts
from changeover.removal.plan import Removal
from changeover.values.observation import Side
from changeover.values.stage import OFF, Setting, Stage

ALIASES_MAX = 10_000


@dataclass(frozen=True, slots=True, order=True)
class Use:
    """One place: `how` is imports, instantiates, calls or names; `name` is dotted, from its package on."""

    file: str
    line: int
    how: str
    name: str


def uses_in(tree: ast.Module, file: str, module: str, is_wanted: Callable[[str], bool]) -> Iterator[Use]:
    """Uses of wanted names in one file, in the order of its lines; `module` is the file's own dotted name.

    A class is known by its capital letter. Calls through objects, and names made at run time, are not seen.
    """
    known: dict[str, str] = {}
    for node in ast.walk(tree):
        for name, alias in _imported(node, module, is_package=file.endswith("__init__.py")):
            if is_wanted(name):
                yield Use(file, getattr(node, "lineno", 1), "imports", name)
            if len(known) < ALIASES_MAX:
                known[alias] = name if alias != name.partition(".")[0] else alias
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = _dotted(node.func)
            first, dot, rest = called.partition(".")
            full = f"{known[first]}{dot}{rest}" if first in known else ""
            if full and is_wanted(full):
                last = full.rpartition(".")[2]
                how = "instantiates" if last[:1].isupper() else "calls"
                yield Use(file, node.lineno, how, full)
    for line, how, name in named_in_texts(tree, is_wanted):
        yield Use(file, line, how, name)


def _imported(node: ast.AST, module: str, *, is_package: bool) -> Iterator[tuple[str, str]]:
    """What an import brings: its full name, and the name under which the file knows it."""
    if isinstance(node, ast.Import):
        for found in node.names:
            yield found.name, found.asname or found.name.partition(".")[0]
    elif isinstance(node, ast.ImportFrom):
        base = node.module or ""
        if node.level:
            parts = module.split(".")
            package = parts[: len(parts) - node.level + is_package]
            base = ".".join([*package, *([base] if base else [])])
        for found in node.names:
            yield f"{base}.{found.name}", found.asname or found.name


def _dotted(node: ast.expr) -> str:
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([*([node.id] if isinstance(node, ast.Name) else ["?"]), *reversed(parts)])


EXTRA = "pip install 'changeover[removal]'"
PROJECT_FILES = ("pyproject.toml", "setup.cfg")
FILE_BYTES_MAX = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Importer:
    """A module that imports one that goes; `through` is the chain from it to a legacy package."""

    module: str
    file: str
    line: int
    imported: str
    through: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StaticScan:
    """`importers` and `uses` stay after the deletion, `mended` are files that the removal's patch changes.

    `gone` counts the modules that go, `looked_at` the files that were read, `unread` names the others.
    """

    gone: int
    looked_at: int
    importers: tuple[Importer, ...]
    uses: tuple[Use, ...]
    mended: tuple[str, ...]
    unread: tuple[str, ...] = ()

    @property
    def open_files(self) -> tuple[str, ...]:
        """Files that would break, by name."""
        return tuple(sorted(self.needing - set(self.mended)))

    @property
    def needing(self) -> set[str]:
        """All files that need what goes, the mended ones included."""
        return {one.file for one in self.importers} | {one.file for one in self.uses}


def scan(root: Path, removal: Removal, files: Sequence[Path], mended: Sequence[str]) -> StaticScan:
    """Look at the packages of the legacy ones and at these files; raises ConfigurationError.

    What is deleted together with the legacy packages may import them as it likes.
    """
    gone = Gone(root, removal)
    importers = tuple(sorted(_importers(root, removal, gone, files), key=lambda one: (one.file, one.line)))
    uses: list[Use] = list(_entry_points(root, gone))
    unread: list[str] = []
    looked_at = 0
    for path in files:
        name = path.relative_to(root).as_posix()
        if gone.has_file(name):
            continue
        tree = _tree(path)
        if tree is None:
            unread.append(name)
            continue
        looked_at += 1
        uses += uses_in(tree, name, _module_name(name), gone.has_module)
    return StaticScan(gone.modules, looked_at, importers, tuple(uses), tuple(mended), tuple(unread))


class Gone:
    """What goes: the legacy packages, and the files and modules that the plan deletes with them."""

    def __init__(self, root: Path, removal: Removal) -> None:
        self.modules = 0
        self._places = tuple(PurePosixPath(place) for place in removal.delete)
        self._names = tuple(dict.fromkeys((*removal.legacy, *map(_module_name, removal.delete))))
        self._legacy_places = tuple(
            PurePosixPath(place) for name in removal.legacy for place in _places_of(root, name)
        )

    def has_module(self, name: str) -> bool:
        """Whether a module, or a name in one, goes."""
        return any(name == gone or name.startswith(f"{gone}.") for gone in self._names)

    def has_file(self, name: str) -> bool:
        """Whether a file of the project goes."""
        path = PurePosixPath(name)
        return any(path.is_relative_to(place) for place in (*self._places, *self._legacy_places))


def _entry_points(root: Path, gone: Gone) -> Iterator[Use]:
    for name in PROJECT_FILES:
        try:
            text = (root / name).read_text("utf-8")
        except (OSError, ValueError):
            continue
        for line, found in entry_points(text, gone.has_module):
            yield Use(name, line, "names", found)


def _importers(root: Path, removal: Removal, gone: Gone, files: Sequence[Path]) -> Iterator[Importer]:
    packages = [name for name in removal.packages if not _is_module(root, name)]
    alone = [name for name in removal.legacy if _is_module(root, name)]
    for name in removal.legacy:
        top = name.partition(".")[0]
        if name not in alone and top not in packages:
            raise ConfigurationError("migration.legacy", f"{name!r} is no module of {top!r}")
    gone.modules = len(alone)  # no graph is made of those; who imports them, their syntax says
    if not packages:
        return
    try:
        import grimp
    except ImportError as error:
        raise ConfigurationError(
            "changeover legacy scan", f"needs grimp for the import graph: {EXTRA}"
        ) from error
    try:
        graph = grimp.build_graph(*packages, cache_dir=None)
    except Exception as error:  # a package that cannot be found, or a file that is no Python
        found = [name for name in removal.legacy if any(_places_of(root, name))]
        if len(found) == len(removal.legacy) and any(_tree(path) is None for path in files):
            # The other files tell what they import, and those that are no Python are named as not read.
            names = {_module_name(path.relative_to(root).as_posix()) for path in files}
            gone.modules = sum(gone.has_module(name) for name in names)
            return
        why = str(error) or type(error).__name__
        raise ConfigurationError("migration.legacy", f"the import graph cannot be built: {why}") from error
    for name in removal.legacy:
        if name not in graph.modules and name not in alone:
            raise ConfigurationError("migration.legacy", f"{name!r} is no module of {packages[0]!r}")
    going = sorted(name for name in graph.modules if gone.has_module(name))
    gone.modules += len(going)
    for imported in going:
        for module in graph.find_modules_that_directly_import(imported):
            if gone.has_module(module):
                continue
            chains = (_chain(graph, module, one) for one in removal.legacy)
            chain = next(filter(None, chains), None)
            for detail in graph.get_import_details(importer=module, imported=imported):
                file = _file_of(root, module)
                yield Importer(module, file, detail["line_number"], imported, tuple(chain or ()))


def _is_module(root: Path, name: str) -> bool:
    """Whether it is a file at the top of the project, and no package."""
    return "." not in name and _file_of(root, name) in (f"src/{name}.py", f"{name}.py")


def _chain(graph: Any, module: str, legacy: str) -> tuple[str, ...] | None:
    """From a module to a legacy package; of two that lie in each other each is a module of its own."""
    contains = f"{legacy}.".startswith(f"{module}.") or f"{module}.".startswith(f"{legacy}.")
    chain = graph.find_shortest_chain(module, legacy, as_packages=not contains)
    return None if chain is None else tuple(chain)


def _tree(path: Path) -> ast.Module | None:
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            return None
        return ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return None


def _module_name(place: str) -> str:
    parts = list(PurePosixPath(place.removeprefix("src/")).with_suffix("").parts)
    return ".".join(parts[:-1] if parts and parts[-1] == "__init__" else parts)


def _places_of(root: Path, package: str) -> Iterator[str]:
    stem = package.replace(".", "/")
    for place in (f"src/{stem}", stem, f"src/{stem}.py", f"{stem}.py"):
        if (root / place).exists():
            yield place


def _file_of(root: Path, module: str) -> str:
    stem = module.replace(".", "/")
    places = (f"src/{stem}.py", f"src/{stem}/__init__.py", f"{stem}.py", f"{stem}/__init__.py")
    return next((place for place in places if (root / place).exists()), module)


_LEGACY_MAY_ANSWER = (Stage.OFF, Stage.SHADOW, Stage.RAMP)


@dataclass(frozen=True, slots=True)
class LegacyEntry:
    """One seam as a way into legacy. `runs` and `last` are those in which legacy answered, by stage."""

    seam: str
    phase: str
    setting: Setting
    runs: int
    last: datetime | None
    last_stage: str | None

    @property
    def answers(self) -> bool:
        """Whether legacy may answer the next call; in `live` it is replayed only."""
        return self.setting.stage in _LEGACY_MAY_ANSWER


def legacy_entries(
    seams: Iterable[tuple[str, str]], settings: Mapping[str, Setting], evidence: Evidence
) -> tuple[LegacyEntry, ...]:
    """Each seam (with its phase) in the order given; a phase that nobody set stands at `off`."""
    found = []
    for seam, phase in seams:
        runs = [run for run in evidence.groups if run.seam == seam and run.answered_by is Side.LEGACY]
        last = max(runs, key=lambda group: group.last, default=None)
        at, stage = (None, None) if last is None else (last.last, last.stage)
        number = sum(group.runs for group in runs)
        found.append(LegacyEntry(seam, phase, settings.get(phase, OFF), number, at, stage))
    return tuple(found)
