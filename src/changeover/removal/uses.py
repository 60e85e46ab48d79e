"""Where source files use names of other modules: imports, instantiations, calls; by syntax tree."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass

ALIASES_MAX = 10_000


@dataclass(frozen=True, slots=True, order=True)
class Use:
    """One place: `how` is imports, instantiates or calls; `name` is dotted, from its package on."""

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
        for name, alias in _imported(node, module):
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


def _imported(node: ast.AST, module: str) -> Iterator[tuple[str, str]]:
    """What an import brings: its full name, and the name under which the file knows it."""
    if isinstance(node, ast.Import):
        for found in node.names:
            yield found.name, found.asname or found.name.partition(".")[0]
    elif isinstance(node, ast.ImportFrom):
        base = node.module or ""
        if node.level:
            package = module.split(".")[: -node.level]
            base = ".".join([*package, *([base] if base else [])])
        for found in node.names:
            yield f"{base}.{found.name}", found.asname or found.name


def _dotted(node: ast.expr) -> str:
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([*([node.id] if isinstance(node, ast.Name) else ["?"]), *reversed(parts)])
