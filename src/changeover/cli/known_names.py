"""Names that a line may go on with, read from files: nothing of the program runs, and nothing is written.

Each function is a `shell_complete` of click. What cannot be read has no names; whatever goes wrong meanwhile
is not shown to whoever types (`cli.completing`).
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from changeover.evidence.store.peek import NAMES_MAX, clusters_of, compared_sources
from changeover.evidence.store.place import store_path
from changeover.project import Project, open_project
from changeover.settings import SCENARIOS_FOLDER
from changeover.values.stage import Stage

if TYPE_CHECKING:
    from changeover.rollout.plan_file import Phase

FILE_BYTES_MAX = 1_000_000
SHARES = ("ramp:1", "ramp:5", "ramp:10", "ramp:25", "ramp:50")
BUILT_IN = ("scenarios", "store")
RECEIVERS = ("log", "webhook", "slack", "email")
_PLAIN = re.compile(r"[\w./:@%+,-]+")
Names = list[CompletionItem[str]]


def phase_names(_context: click.Context, _parameter: click.Parameter, beginning: str) -> Names:
    """The phases of the plan."""
    return _items({name: phase.title for name, phase in _phases().items()}, beginning)


def seam_names(_context: click.Context, _parameter: click.Parameter, beginning: str) -> Names:
    """The seams of the plan."""
    return _items(_seams(), beginning)


def phase_and_seam_names(_context: click.Context, _parameter: click.Parameter, beginning: str) -> Names:
    """Both, the phases that have seams first."""
    phases = {name: phase.title for name, phase in _phases().items() if phase.seams}
    return _items(phases | _seams(), beginning)


def stage_names(context: click.Context, _parameter: click.Parameter, beginning: str) -> Names:
    """The stages of the phase that stands on the line, all stages where none does."""
    named = context.params.get("phase") or next(iter(context.params.get("phases") or ()), None)
    phase = _phases().get(str(named))
    words: list[str] = []
    for stage in Stage if phase is None else phase.stages:
        words += SHARES if stage is Stage.RAMP else [str(stage)]
    return _items(words, beginning)


def source_names(_context: click.Context, _parameter: click.Parameter, beginning: str) -> Names:
    """The sources that were compared, that the plan asks for, and that the file of the app declares."""
    found = open_project(".")
    names = dict.fromkeys(compared_sources(store_path(found.root)))
    for phase in _phases().values():
        for gate in phase.gates.values():
            names |= dict.fromkeys(() if gate.corpus is None else gate.corpus.sources)
    return _items([*names, *_declared_sources(found), *BUILT_IN], beginning)


def cluster_names(_context: click.Context, _parameter: click.Parameter, beginning: str) -> Names:
    """The clusters that were met last."""
    return _items(clusters_of(store_path(open_project(".").root), beginning.lower()), beginning.lower())


def explained_names(context: click.Context, parameter: click.Parameter, beginning: str) -> Names:
    """The clusters that were met last, and the phases and seams that have any."""
    return [
        *cluster_names(context, parameter, beginning),
        *phase_and_seam_names(context, parameter, beginning),
    ][:NAMES_MAX]


def scenario_names(_context: click.Context, _parameter: click.Parameter, beginning: str) -> Names:
    """The scenarios that are kept."""
    found = (open_project(".").directory / SCENARIOS_FOLDER).glob("*.jsonl")
    return _items((name for path in sorted(found) for name in _scenarios_in(path)), beginning)


def receiver_names(_context: click.Context, _parameter: click.Parameter, beginning: str) -> Names:
    """Who may hear of alerts."""
    return _items(RECEIVERS, beginning)


def schema_names(_context: click.Context, _parameter: click.Parameter, beginning: str) -> Names:
    """The schemas that are published."""
    from changeover.models.catalogue import described

    return _items(described(), beginning)


def topic_names(_context: click.Context, _parameter: click.Parameter, beginning: str) -> Names:
    """The topics of the manual, and the commands, of which it can be asked as well."""
    from changeover.manual import TOPICS, command_names

    return _items([*(name for names in TOPICS.values() for name in names), *command_names()], beginning)


def _items(names: Iterable[str], beginning: str) -> Names:
    """Those that begin so, at most so many; none that a shell would read as more than a name."""
    abouts: Mapping[str, str] = names if isinstance(names, Mapping) else {}
    fitting = (one for one in dict.fromkeys(names) if one.startswith(beginning) and _PLAIN.fullmatch(one))
    return [
        CompletionItem(name, help=_one_line(abouts.get(name, "")))
        for _, name in zip(range(NAMES_MAX), fitting, strict=False)
    ]


def _one_line(text: str) -> str | None:
    return " ".join("".join(one if one.isprintable() else " " for one in text).split()) or None


def _phases() -> Mapping[str, Phase]:
    plan = open_project(".").plan()
    return {} if plan is None else plan.phases


def _seams() -> dict[str, str]:
    return {seam: f"of {name}" for name, phase in _phases().items() for seam in phase.seams}


def _declared_sources(project: Project) -> Iterator[str]:
    """`@migration.source("NAME", ...)` in the file of the app, which is read and not imported."""
    module = (project.app or "").partition(":")[0].replace(".", "/")
    places = [folder / f"{module}{end}" for folder in (project.root / "src", project.root) for end in _ENDS]
    file = next((one for one in places if module and one.is_file()), None)
    if file is None or file.stat().st_size > FILE_BYTES_MAX:
        return
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "source":
            first = node.args[0] if node.args else None
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield first.value


_ENDS = (".py", "/__init__.py")


def _scenarios_in(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8") as lines:
        for _, line in zip(range(NAMES_MAX), lines, strict=False):
            try:
                name = json.loads(line).get("id")
            except (ValueError, AttributeError):
                continue
            if isinstance(name, str):
                yield name
