"""What the source of a method shows at once: that it sets an attribute, or changes what its object holds.

Nothing is run. What it changes in another way (by a function that it calls) is not seen here, and where there
is no source nothing is.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from functools import lru_cache
from types import CodeType
from typing import Any, NamedTuple

from changeover.record.context import SESSION
from changeover.values.atom_types import ATOMS
from changeover.values.own_state import own_state

_CHANGING = frozenset(
    {
        *("append", "appendleft", "extend", "insert", "pop", "popleft", "remove", "sort"),
        *("add", "discard", "update", "setdefault", "clear", "put", "write"),
    }
)
"""Methods of containers and files that change what they are methods of."""
_Function = ast.FunctionDef | ast.AsyncFunctionDef


class _Changes(NamedTuple):
    """Whether attributes of the object are set, and the names of those that hold something it changes."""

    sets: bool
    inside: frozenset[str]


_NOTHING = _Changes(False, frozenset())


def changes_itself(function: Any) -> bool:
    """Whether it evidently changes its object, or what that holds: `self.n = 1`, `self.rows.append(...)`."""
    return _changes_of(function) != _NOTHING


def changes_what_is_shared(function: Any, part: Any, root: Any) -> bool:
    """Whether it evidently changes what an object shares with that of the port."""
    inside = _changes_of(function).inside
    if not inside:
        return False
    theirs = [root, *(value for value in own_state(root).values() if type(value) not in ATOMS)]
    own = own_state(part)
    return any(own.get(name) is one for name in inside for one in theirs)


def _changes_of(function: Any) -> _Changes:
    code = getattr(inspect.unwrap(function), "__code__", None)
    return _changes_in(code) if isinstance(code, CodeType) and code.co_argcount else _NOTHING


@lru_cache(maxsize=1_024)
def _changes_in(code: CodeType) -> _Changes:
    token = SESSION.set(None)  # a file is read, which no path asked for
    try:
        found = ast.parse(textwrap.dedent(inspect.getsource(code))).body
    except (OSError, SyntaxError, ValueError):
        return _NOTHING
    finally:
        SESSION.reset(token)
    if not found or not isinstance(found[0], _Function) or found[0].name != code.co_name:
        return _NOTHING
    known = {code.co_varnames[0]: ""}
    known |= _other_names(found[0], known)
    changed = list(_changed(found[0], known))
    return _Changes(any(is_set for is_set, _ in changed), frozenset(name for _, name in changed if name))


def _other_names(function: _Function, known: dict[str, str]) -> dict[str, str]:
    """Local names of what the object holds: `rows` after `rows = self.rows`."""
    return {
        node.targets[0].id: held
        for node in ast.walk(function)
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name)
        if isinstance(node.value, ast.Attribute) and (held := _held(node.value, known))
    }


def _changed(function: _Function, known: dict[str, str]) -> Iterator[tuple[bool, str]]:
    """Of each change whether it sets an attribute of the object, and else the attribute that is changed."""
    for node in ast.walk(function):
        if isinstance(node, ast.AugAssign):  # in place, where that can be
            held = _held(node.target, known)
            if held:
                yield False, held
        if isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load):
            held = _held(node.value, known)
            if held is not None:
                yield not held, held
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            held = _held(node.func.value, known) if node.func.attr in _CHANGING else None
            if held:
                yield False, held


def _held(node: ast.expr, known: dict[str, str]) -> str | None:
    """The attribute of the object by which a value is reached, "" for itself; None for what is another's."""
    names: list[str] = []
    while isinstance(node, ast.Attribute | ast.Subscript):
        if isinstance(node, ast.Attribute):
            names.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name) or node.id not in known:
        return None
    return known[node.id] or (names[-1] if names else "")
