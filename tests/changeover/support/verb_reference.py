"""The reference of the verbs in docs/api.md, made of their docstrings."""

import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any

import changeover

GROUPS = {
    "Compare": ("compare", "explain", "explore", "diff", "report"),
    "Where phases stand": ("status", "gate", "history"),
    "Move phases": ("flip", "rollback", "kill", "unkill", "seal_flags"),
    "Rules": ("check_rules", "find_blind_spots", "waive"),
    "Scenarios": ("list_scenarios", "show_scenario", "keep_scenario", "record_scenarios", "renew_scenario"),
    "Evidence": ("import_evidence", "prune_evidence", "check_evidence"),
    "Production": ("work", "run_alerts", "list_alerts", "try_alerts", "serve"),
    "The end of a migration": ("scan_legacy", "prove_removal"),
    "A project": ("init", "doctor"),
}
_SECTION = re.compile(r"^(Args|Returns|Raises|Example):$", re.MULTILINE)


def reference() -> str:
    """All of it."""
    return "\n".join(line for group, names in GROUPS.items() for line in _group(group, names)) + "\n"


def _group(title: str, names: tuple[str, ...]) -> Iterator[str]:
    yield f"## {title}"
    yield ""
    for name in names:
        yield from _verb(name)


def _verb(name: str) -> Iterator[str]:
    yield from described(name, getattr(changeover, name), "argument")


def described(title: str, function: Callable[..., Any], column: str, of: object = None) -> Iterator[str]:
    """What the docstring of a function says, as Markdown; `of` has it where the function has none."""
    about, *rest = _SECTION.split(inspect.getdoc(of or function) or "")
    sections = dict(zip(rest[::2], rest[1::2], strict=True))
    signature = inspect.signature(function)
    yield f"### `{title}`"
    yield ""
    yield _joined(about)
    yield ""
    yield f"| {column} | meaning |"
    yield "|---|---|"
    for argument, meaning in _entries(sections["Args"]):
        if argument != "options":
            written = signature.parameters.get(argument)
            yield f"| `{argument if written is None else _written(written)}` | {meaning} |"
    yield ""
    if of is None or "Returns" in sections:
        returns = f": {_joined(sections['Returns'])}" if "Returns" in sections else ""
        yield f"Returns `{signature.return_annotation}`{returns}{'' if returns else '.'}"
        yield ""
    if "Raises" in sections:
        yield "Raises " + "; ".join(f"`{error}`: {why}" for error, why in _entries(sections["Raises"]))
        yield ""
    yield "```python"
    yield inspect.cleandoc(sections["Example"]).strip()
    yield "```"
    yield ""


def _entries(section: str) -> list[tuple[str, str]]:
    found = re.findall(r"^    (\w+): (.*(?:\n        .*)*)", section, re.MULTILINE)
    return [(name, _joined(text)) for name, text in found]


def _joined(text: str) -> str:
    return "\n\n".join(" ".join(part.split()) for part in text.strip().split("\n\n"))


def _written(parameter: inspect.Parameter) -> str:
    if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
        return f"*{parameter.name}"
    if parameter.default in (inspect.Parameter.empty, ...):
        return parameter.name
    default = parameter.default
    if callable(default):
        return f"{parameter.name}={default.__name__}"
    return f"{parameter.name}={getattr(default, 'value', default)!r}"
