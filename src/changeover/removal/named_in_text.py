"""Uses of what goes by a name in a text: modules imported by name, settings, entry points, patched names."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator

_DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.\w+)*")
_REFERENCE = re.compile(r"([A-Za-z_]\w*(?:\.\w+)*):([A-Za-z_]\w*(?:\.\w+)*)")
_ENTRY_POINT = re.compile(
    r"""^[^#\n]*=\s*["']?([A-Za-z_][\w.]*)\s*:\s*[A-Za-z_][\w.]*["']?\s*(?:\[.*\])?\s*$"""
)
_TABLE = re.compile(r"\s*\[([^\]]+)\]")
_OF_ENTRY_POINTS = ("scripts", "entry-points", "entry_points", "plugins")
"""Words in the name of a table of entry points; the migration's own table names an app that goes with it."""
_IMPORTING = frozenset(
    (
        *("import_module", "__import__", "find_spec", "run_module", "importorskip", "import_string"),
        *("locate", "resolve_name", "patch", "setattr", "delattr"),
    )
)
"""The last names of functions that import what their first argument says."""


def named_in_texts(tree: ast.Module, is_wanted: Callable[[str], bool]) -> Iterator[tuple[int, str, str]]:
    """Line, how and name of every text that names something wanted, in no order.

    A name alone says little: it counts where a function imports it, where it is written `module:name`, and
    where it is a name inside something wanted that has a dot itself (`"shop.old.Handler"` in settings).
    """
    passed: set[int] = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        function = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        first = _text(node.args[0])
        if function == "getLogger":
            passed.add(id(node.args[0]))
        elif function in _IMPORTING and first is not None:
            name = _absolute(first, node.args[1] if len(node.args) > 1 else None)
            if _DOTTED.fullmatch(name) and is_wanted(name):
                passed.add(id(node.args[0]))
                yield node.lineno, "imports", name
    for node in ast.walk(tree):
        text = _text(node)
        if text is None or id(node) in passed:
            continue
        reference = _REFERENCE.fullmatch(text)
        if reference and is_wanted(reference[1]):
            yield getattr(node, "lineno", 1), "names", f"{reference[1]}.{reference[2]}"
        elif _DOTTED.fullmatch(text) and _is_inside(text, is_wanted):
            yield getattr(node, "lineno", 1), "names", text


def entry_points(text: str, is_wanted: Callable[[str], bool]) -> Iterator[tuple[int, str]]:
    """Line and name of every `name = "module:function"` of a project's file that names something wanted."""
    table = ""
    for number, line in enumerate(text.splitlines(), 1):
        if header := _TABLE.match(line):
            table = header[1]
        found = _ENTRY_POINT.match(line)
        if found and is_wanted(found[1]) and any(word in table for word in _OF_ENTRY_POINTS):
            yield number, found[1]


def _text(node: ast.AST) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _absolute(name: str, package: ast.expr | None) -> str:
    """A relative name as `import_module(".old", "shop")` means it."""
    base = None if package is None else _text(package)
    if not name.startswith(".") or base is None:
        return name
    rest = name.lstrip(".")
    parts = base.split(".")
    return ".".join([*parts[: len(parts) - (len(name) - len(rest)) + 1], rest])


def _is_inside(name: str, is_wanted: Callable[[str], bool]) -> bool:
    """Whether a name stands below something wanted that has a dot itself.

    A folder that goes is wanted as well: `migration.removal.delete` may be a place in a file, and no module.
    """
    first, above = name.partition(".")[0], name.rpartition(".")[0]
    return is_wanted(above) and not is_wanted(first)
