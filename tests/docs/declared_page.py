"""The made parts of docs/declarations.md, and docs/signatures.md: every public name."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import changeover
from changeover import Migration
from tests.changeover.support.verb_reference import GROUPS, described

VERBS = {name for names in GROUPS.values() for name in names}
DECLARATIONS: dict[str, Callable[..., Any]] = {
    "Migration": Migration,
    "Migration.load": Migration.load,
    "migration.port": Migration.port,
    "migration.use": Migration.use,
    "migration.seam": Migration.seam,
    "migration.wrap": Migration.wrap,
    "fresh": changeover.fresh,
    "migration.source": Migration.source,
    "migration.invariant": Migration.invariant,
    "migration.bus": Migration.bus,
    "migration.threads": Migration.threads,
    "migration.expose_metrics": Migration.expose_metrics,
    "reading": changeover.reading,
}
WHILE_IT_RUNS = (
    "problems",
    "stages",
    "look_again",
    "counts",
    "pinned",
    "resume",
    "flush",
    "write_evidence",
    "close",
)
OTHER_NAMES = {"Path": "Side"}
"""A second name of the same thing."""


def declarations() -> str:
    """Each with its arguments, errors and example."""
    lines = [""]
    for title, function in DECLARATIONS.items():
        lines += described(title, function, "argument", of=function)
    return "\n".join([*lines, ""])


def running() -> str:
    """What a program may ask of its migration while it runs."""
    rows = [
        f"| `migration.{_called(name)}` | {_sentence(getattr(Migration, name))} |" for name in WHILE_IT_RUNS
    ]
    return "\n".join(["", "| of a migration | meaning |", "|---|---|", *rows, "", ""])


def names() -> str:
    """Every public name that is no verb, with what it is for."""
    rows = [f"| `{name}` | {_about(name)} |" for name in changeover.__all__ if name not in VERBS]
    return "\n".join(["", "| name | what it is |", "|---|---|", *rows, "", ""])


def _about(name: str) -> str:
    return (
        f"another name of `{OTHER_NAMES[name]}`"
        if name in OTHER_NAMES
        else _sentence(getattr(changeover, name))
    )


def _called(name: str) -> str:
    member = inspect.getattr_static(Migration, name)
    return name if isinstance(member, property) else f"{name}({_parameters(getattr(Migration, name))})"


def _parameters(function: Callable[..., Any]) -> str:
    return ", ".join(name for name in inspect.signature(function).parameters if name != "self")


def _sentence(documented: object) -> str:
    return " ".join((inspect.getdoc(documented) or "").split("\n\n")[0].split())


def signatures_page() -> str:
    """One directive of mkdocstrings for each public name."""
    blocks = [f"::: {_path(name)}\n" for name in changeover.__all__ if name not in OTHER_NAMES]
    return "\n".join([SIGNATURES, *blocks])


def _path(name: str) -> str:
    found = getattr(changeover, name)
    return f"{found.__module__}.{found.__qualname__}"


SIGNATURES = """\
# Signatures

*Reference. Every public name with its signature, its docstring and its public members.*

The site fills this page from the docstrings. Where you read it as plain Markdown, Python shows the same:
`help(changeover.Migration)`. [Declarations](declarations.md) and [the verbs](api.md) explain the same names
in plain text. `Path` is another name of `Side`.
"""
