"""What a program uses, found by reading its source: nothing of it is imported or run."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from changeover.packs.catalogue import OWN
from changeover.quick_dataclass import dataclass
from changeover.record.file_writing import WRITERS, is_writing_mode
from changeover.record.known_clients import OPENING, KnownClient, client_named
from changeover.values.python_files import FILES_MAX, NOT_OF_THE_PROJECT, python_files

_NOT_THE_PROGRAM = NOT_OF_THE_PROJECT | {
    *("test", "tests", "testing", "docs", "migration", "migrations", "benchmarks", "examples"),
}
DRIVERS = frozenset({"sqlite3", "asyncpg", "psycopg"})
"""Packs of what a program may ask by itself, and what one of the others asks for it."""
OVER_DRIVERS = frozenset({"sqlalchemy", "django"})
"""Packs that have the port `db` first: a driver beside them needs another name for its own."""
_LEGACY = "legacy"


@dataclass(frozen=True, slots=True)
class Made:
    """An object that a pack needs, made at the top of a module."""

    pack: str
    module: str
    attribute: str


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found: packages at the top, libraries with a pack, objects that those need, tests.

    `source` is the folder that the packages stand in. `libraries` has packs by name with the first place that
    imports what they cover ("shop/pay.py:3"); `uncovered` has clients that no pack covers likewise.
    `named_legacy` are packages and modules of that very name: shop.legacy.
    """

    source: Path
    packages: tuple[str, ...]
    libraries: dict[str, str]
    made: tuple[Made, ...]
    tests: str | None
    uncovered: dict[str, str]
    named_legacy: tuple[str, ...]


def look_at(root: Path) -> Looked:
    """Read the source of the project in a folder; files that are no Python are left out."""
    source = root / "src" if (root / "src").is_dir() and any(_packages(root / "src")) else root
    covers = {module: name for name, pack in OWN.items() for module in pack.covers}
    makers = {maker.rpartition(".")[2]: name for name, pack in OWN.items() for maker in pack.makers}
    libraries: dict[str, str] = {}
    made: list[Made] = []
    clients: dict[str, str] = {}
    opened: set[str] = set()
    legacy: set[str] = set()
    for file in _files(source):
        try:
            tree = ast.parse(file.read_bytes())
        except (OSError, SyntaxError, ValueError):
            continue
        for module, line in _imports(tree):
            name = next((covers[part] for part in _parts(module) if part in covers), None)
            place = f"{file.relative_to(root).as_posix()}:{line}"
            client = client_named(module)
            if name is not None:
                libraries.setdefault(name, place)
            elif client is not None and client.pack not in OWN:
                clients.setdefault(client.name, place)
        opened |= {client.name for client in _opening(tree)}
        for line in _writing(tree):
            libraries.setdefault("files", f"{file.relative_to(root).as_posix()}:{line}")
        module = _module_of(file, source)
        made.extend(_made(tree, module, makers))
        legacy.update(_named_legacy(module))
    tests = next((name for name in ("tests", "test") if (root / name).is_dir()), None)
    if tests is None and any(root.glob("test_*.py")):
        tests = "."
    for driver in DRIVERS - opened:  # it names its errors, or rows, and another library asks
        if driver == "sqlite3" or OVER_DRIVERS & libraries.keys():
            libraries.pop(driver, None)
    packages, libraries = tuple(_packages(source)), dict(sorted(libraries.items()))
    uncovered = _uncovered(clients, libraries, opened)
    return Looked(source, packages, libraries, tuple(made), tests, uncovered, tuple(sorted(legacy)))


def _named_legacy(module: str) -> Iterator[str]:
    """The package of that name in which a module stands, or the module itself."""
    parts = module.split(".")
    if _LEGACY in parts:
        yield ".".join(parts[: parts.index(_LEGACY) + 1])


def _uncovered(clients: dict[str, str], libraries: dict[str, str], opened: set[str]) -> dict[str, str]:
    """The clients without those that do the work of a library with a pack, or of another client.

    One in `opened` the program asks by itself, whatever else does.
    """

    def is_asked(client: KnownClient) -> bool:
        tops = {name.partition(".")[0] for name in client.below}
        if client.name in opened:
            return False
        return bool(tops & libraries.keys() or tops & clients.keys() - {client.name})

    known = ((name, client_named(name)) for name in sorted(clients))
    return {name: clients[name] for name, one in known if one is not None and not is_asked(one)}


def _packages(folder: Path) -> Iterator[str]:
    for path in sorted(folder.iterdir()):
        is_hidden = path.name.startswith((".", "_")) or path.name in _NOT_THE_PROGRAM
        if path.is_dir() and not is_hidden and (path / "__init__.py").exists():
            yield path.name
        elif (
            path.suffix == ".py"
            and not is_hidden
            and not path.name.startswith(("test_", "conftest", "setup"))
        ):
            yield path.stem


def _files(source: Path) -> Iterator[Path]:
    """The files of the program, at most so many; tests are none of it."""
    found = python_files(source, _NOT_THE_PROGRAM)
    own = (file for file in found if not file.name.startswith("test_") and file.name != "conftest.py")
    return islice(own, FILES_MAX)


def _imports(tree: ast.AST) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module, node.lineno
            for alias in node.names:
                yield f"{node.module}.{alias.name}", node.lineno


def _opening(tree: ast.AST) -> Iterator[KnownClient]:
    """The clients of which connections are opened: `sqlite3.connect(...)`, `from sqlite3 import connect`."""
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Attribute) and node.attr in OPENING:
            names = [ast.unparse(node.value)]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module or ""] if any(one.name in OPENING for one in node.names) else []
        yield from (client for client in map(client_named, names) if client is not None)


def _writing(tree: ast.AST) -> Iterator[int]:
    """Lines in which files seem to be written."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", None)
        given = [*node.args, *(one.value for one in node.keywords if one.arg == "mode")]
        modes = [one.value for one in given if isinstance(one, ast.Constant)]
        if called in WRITERS or (called == "open" and any(map(is_writing_mode, modes))):
            yield node.lineno


def _parts(module: str) -> Iterator[str]:
    """The module and those around it, the innermost first."""
    while module:
        yield module
        module = module.rpartition(".")[0]


def _made(tree: ast.Module, module: str, makers: dict[str, str]) -> Iterator[Made]:
    for node in tree.body:
        value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
        if not isinstance(value, ast.Call):
            continue
        called = value.func.attr if isinstance(value.func, ast.Attribute) else getattr(value.func, "id", None)
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        if called in makers and isinstance(target, ast.Name):
            yield Made(makers[called], module, target.id)


def _module_of(file: Path, source: Path) -> str:
    parts = file.relative_to(source).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
