"""The digest of code: the syntax trees of packages, so that comments, docstrings and layout do not count."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import lru_cache
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

from changeover.errors import ConfigurationError

DIGITS_SHOWN = 7
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def code_digest(packages: Iterable[str]) -> str:
    """The digest of all source files of these packages; raises ConfigurationError."""
    total = sha256()
    for package in sorted(set(packages)):
        for name, path in _files(package):
            total.update(f"{name}\x1f{_file_digest(path, path.stat().st_mtime_ns)}\n".encode())
    return total.hexdigest()


def changed_since(packages: Iterable[str], moment_ns: int) -> str | None:
    """A source file that was written later than that, None where there is none; raises ConfigurationError."""
    return next(
        (
            name
            for package in sorted(set(packages))
            for name, path in _files(package)
            if path.stat().st_mtime_ns > moment_ns
        ),
        None,
    )


def _files(package: str) -> Iterator[tuple[str, Path]]:
    try:
        spec = find_spec(package)
    except (ImportError, ValueError) as error:
        raise ConfigurationError("migration.code", f"{package!r} cannot be found: {error}") from error
    if spec is None:
        raise ConfigurationError(
            "migration.code", f"{package!r} cannot be found, allowed: packages of the program"
        )
    # The same folder may be found by two ways: once as a place of scripts, once by PYTHONPATH.
    roots = list(dict.fromkeys(Path(root).resolve() for root in spec.submodule_search_locations or ()))
    if not roots and spec.origin is not None:
        yield package, Path(spec.origin)
    for root in roots:
        for path in sorted(root.rglob("*.py")):
            yield f"{package}/{path.relative_to(root).as_posix()}", path


@lru_cache(maxsize=10_000)
def _file_digest(path: Path, _changed_ns: int) -> str:
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError) as error:
        raise ConfigurationError(str(path), f"could not be read as Python: {error}") from error
    for node in ast.walk(tree):
        if isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            del node.body[0]
    return sha256(ast.dump(tree).encode("utf-8", "surrogatepass")).hexdigest()
