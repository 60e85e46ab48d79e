"""Outside the old path no orchestrator makes or calls another one: what one says reaches others as events."""

import ast
from collections.abc import Iterator
from pathlib import Path

import trading

SOURCES = Path(trading.__file__).parent
MIGRATING = {"legacy", "compat"}


def modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(SOURCES.rglob("*.py")):
        name = path.relative_to(SOURCES)
        if name.parts[0] not in MIGRATING:
            yield name.as_posix(), ast.parse(path.read_bytes())


def orchestrators(tree: ast.Module) -> Iterator[ast.ClassDef]:
    yield from (
        node for node in tree.body if isinstance(node, ast.ClassDef) and node.name.endswith("Orchestrator")
    )


def test_there_is_an_orchestrator_to_look_at() -> None:
    assert [one.name for _, tree in modules() for one in orchestrators(tree)] == ["EventDrivenOrchestrator"]


def test_no_orchestrator_names_another_or_a_handler() -> None:
    classes = {
        node.name for _, tree in modules() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)
    }
    others = {name for name in classes if name.endswith(("Orchestrator", "Handler"))}
    named = [
        (file, one.name, node.id)
        for file, tree in modules()
        for one in orchestrators(tree)
        for node in ast.walk(one)
        if isinstance(node, ast.Name) and node.id in others - {one.name}
    ]
    assert named == []


def test_only_one_file_puts_handlers_together() -> None:
    ours = {node.name for _, tree in modules() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    makers = {
        file
        for file, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id.endswith(("Orchestrator", "Handler"))
        and node.func.id in ours
    }
    assert makers == {"handlers/subscriptions.py"}
