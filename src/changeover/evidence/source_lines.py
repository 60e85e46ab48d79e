"""The source lines behind a difference: of the call, of the raise, else of the path itself."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from types import FunctionType, MethodType
from typing import Any

from changeover.compare.paths import is_effect, method_at
from changeover.record.run import Run
from changeover.record.tape import near
from changeover.replay.fresh_path import Fresh
from changeover.values.divergence import ABSENT, Divergence, Kind
from changeover.values.observation import Observation, PortCall, Raised, Side
from changeover.values.own_state import mro, namespace, own_state
from changeover.values.source_line import NO_LINES, SourceLines, split_line

WRAPPED_MAX = 20
_INSTALLED = frozenset({"site-packages", "dist-packages"})


def lines_of(run: Run, found: Divergence) -> SourceLines:
    """Where each path did what differs: made the call, or raised; no line of a side that did neither."""
    if found.kind is Kind.UNDECLARED_EFFECT:
        noted = (one.asked_at for one in run.notes if one.position == found.position and one.asked_at)
        return _of_side(run.answered_by.other, next(noted, None))
    if is_effect(found.place):
        return SourceLines(*(_asked_at(run, side, found) for side in Side))
    if found.place == "error" or found.place.startswith("error."):
        return SourceLines(_raised_at(run.legacy), _raised_at(run.candidate))
    return NO_LINES


def _of_side(side: Side, line: str | None) -> SourceLines:
    return SourceLines(line, None) if side is Side.LEGACY else SourceLines(None, line)


def _raised_at(observation: Observation | None) -> str | None:
    outcome = None if observation is None else observation.outcome
    return outcome.raised_at if isinstance(outcome, Raised) else None


def _asked_at(run: Run, side: Side, found: Divergence) -> str | None:
    """The line of the effect; of one whose place in the run is not known, that of the first of its method."""
    observation = run.legacy if side is Side.LEGACY else run.candidate
    value = found.legacy if side is Side.LEGACY else found.candidate
    if observation is None or value is ABSENT:
        return None
    method = method_at(found.place)
    position = found.position if side is run.answered_by else found.replayed_at
    if found.kind is Kind.EFFECT_ORDER:  # of several methods, and its position is always legacy's
        method, position = "", found.position if side is Side.LEGACY else found.replayed_at
    elif found.legacy is ABSENT or found.candidate is ABSENT:  # the position is that of the side that has it
        position = found.position
    call = _call(observation.effects, method, position)
    return None if call is None else call.asked_at


def _call(effects: Iterable[PortCall], method: str, position: int | None) -> PortCall | None:
    of_method = [call for call in effects if not method or call.name == method]
    exact = (call for call in of_method if call.position == position)
    return next(exact, of_method[0] if method and of_method else None)


def defined_at(path: Callable[..., Any] | Fresh[..., Any] | None) -> tuple[str, int] | None:
    """File and line of a path's function, through what is wrapped around it; None where there is none."""
    found: Any = (path.answering or path.build) if isinstance(path, Fresh) else path
    for _ in range(WRAPPED_MAX):
        if isinstance(found, partial):
            found = found.func
        elif isinstance(found, MethodType):
            found = found.__func__
        elif (inner := own_state(found).get("__wrapped__")) is not None:
            found = inner
        else:
            break
    if found is not None and not isinstance(found, FunctionType):
        found = _called(found)
    if not isinstance(found, FunctionType):
        return None
    return found.__code__.co_filename, found.__code__.co_firstlineno


def _called(found: Any) -> object:
    """What runs when this object, or this class, is called."""
    name, cls = ("__init__", found) if isinstance(found, type) else ("__call__", type(found))
    return next((own[name] for own in map(namespace, mro(cls)) if name in own), None)


def path_lines(legacy: Any, candidate: Any) -> SourceLines:
    """Where both paths are defined, with the last two parts of each file's path."""
    return SourceLines(*map(_near, map(defined_at, (legacy, candidate))))


def _near(site: tuple[str, int] | None) -> str | None:
    return None if site is None else "{}:{}".format(*near(site))


def project_files(lines: Iterable[SourceLines], root: Path) -> Mapping[str, str]:
    """What the files of these lines are called from the folder of a project.

    Lines have the last two parts of a path. Of the modules that are loaded, those of the project are looked
    through for them; a file that is none, or whose name two of them have, is left out.
    """
    wanted = {split_line(place)[0] for one in lines for place in (one.legacy, one.candidate) if place}
    found: dict[str, set[str]] = {}
    folder = root.resolve()
    for module in list(sys.modules.values()):
        file = own_state(module).get("__file__") if module is not None else None
        if not isinstance(file, str):
            continue
        name, _ = near((file, 0))
        if name in wanted and (inside := _inside(file, folder)):
            found.setdefault(name, set()).add(inside)
    return {name: next(iter(files)) for name, files in found.items() if len(files) == 1}


def _inside(file: str, folder: Path) -> str | None:
    path = Path(file).resolve()
    if not path.is_relative_to(folder) or _INSTALLED.intersection(path.parts):
        return None
    return path.relative_to(folder).as_posix()
