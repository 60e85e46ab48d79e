"""The digest of code: the syntax trees of packages, so that comments, docstrings and layout do not count."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from datetime import date
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

from changeover.compare.rules import STRICT
from changeover.errors import ConfigurationError
from changeover.evidence.file_digests import FileDigests
from changeover.quick_dataclass import dataclass
from changeover.rollout.plan_file import Plan
from changeover.settings import STATE_FOLDER
from changeover.values.observation import Side

DIGITS_SHOWN = 7
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


_digests = FileDigests()


def code_digest(packages: Iterable[str], root: Path | None = None) -> str:
    """The digest of all source files of these packages; raises ConfigurationError.

    Args:
        packages: their names.
        root: the project. In its state folder, where there is one, the digests of files are kept for the
            next process; to parse a thousand files takes seconds.
    """
    if root is not None:
        _digests.keep_in(root / STATE_FOLDER)
    total = sha256()
    for package in sorted(set(packages)):
        for name, path in _files(package):
            total.update(f"{name}\x1f{_digests.digest(path, _file_digest)}\n".encode())
    _digests.save()
    return total.hexdigest()


def judged_code(plan: Plan | None, root: Path | None = None) -> str | None:
    """The digest of what evidence is about: the code that the plan names, and its table of ports.

    None where the plan names no code. Ports that are declared in Python are code. Raises ConfigurationError.
    """
    if plan is None or not plan.code:
        return None
    code = code_digest(plan.code, root)
    if not plan.ports:
        return code
    ports = {name: dict(options) for name, options in plan.ports.items()}
    declared = json.dumps(ports, sort_keys=True, default=str)
    return sha256(f"{code}\x1f{declared}".encode()).hexdigest()


def changed_since(packages: Iterable[str], moment_ns: int) -> str | None:
    """A source file that was written later than that, None where there is none; raises ConfigurationError."""
    for package in sorted(set(packages)):
        for name, path in _files(package):
            if path.stat().st_mtime_ns > moment_ns:
                return name
    return None


def code_stamp(packages: Iterable[str]) -> tuple[int, int]:
    """How many source files there are, and when the last one was written (ns); raises ConfigurationError."""
    written = [path.stat().st_mtime_ns for package in sorted(set(packages)) for _, path in _files(package)]
    return len(written), max(written, default=0)


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


def _file_digest(path: Path) -> str:
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError) as error:
        raise ConfigurationError(str(path), f"could not be read as Python: {error}") from error
    for node in ast.walk(tree):
        if isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            del node.body[0]
    return sha256(ast.dump(tree).encode("utf-8", "surrogatepass")).hexdigest()


def answering_code(plan: Plan | None, side: Side) -> str | None:
    """The digest of the code of one path: the legacy packages for legacy, where the plan names any.

    None where it is not known: nothing is decided by it.
    """
    if plan is None:
        return None
    packages = (plan.legacy if side is Side.LEGACY else ()) or plan.code
    try:
        return code_digest(packages) if packages else None
    except (ConfigurationError, OSError):
        return None


@dataclass(frozen=True, slots=True)
class Judged:
    """Digests. Where one of them could not be worked out `problem` says why, and the runs never count.

    `answering` has those of the code of either path.
    """

    code: str | None
    rules: str
    problem: str | None = None
    answering: Mapping[Side, str | None] = field(default_factory=dict)


def judged_by(
    plan: Plan | None,
    rules_file: Path | None,
    today: date,
    loaded_ns: int | None = None,
    root: Path | None = None,
) -> Judged:
    """By the rules of a file, strictly where there is none yet; None where they are not those of a file.

    `loaded_ns` is when the program was loaded: what was written later is not the code that it runs. `root` is
    as in `code_digest`.
    """
    try:
        packages = () if plan is None else plan.code
        code = judged_code(plan, root)
        newer = None if loaded_ns is None else changed_since(packages, loaded_ns)
        if newer is not None:
            raise ConfigurationError(newer, "has changed since the program was loaded; start it again")
        answering = {side: answering_code(plan, side) for side in Side}
        return Judged(code, _rules_digest(rules_file, today), answering=answering)
    except ConfigurationError as error:
        return Judged(None, "", f"runs are kept and do not count: {error}")


def _rules_digest(rules_file: Path | None, today: date) -> str:
    from changeover.compare.rules_file import load_rules

    if rules_file is None:
        raise ConfigurationError(
            "Migration", "judge= was given, allowed for evidence: the rules of rules.toml"
        )
    return (load_rules(rules_file, today=today) if rules_file.exists() else STRICT).digest
