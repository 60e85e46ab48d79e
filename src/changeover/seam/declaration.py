"""A seam is declared: its name, its sample and its supplements have to fit the plan and the ports."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from inspect import getattr_static
from linecache import getline
from types import FrameType
from typing import TYPE_CHECKING, Any, TypedDict

from changeover.errors import DeclarationError, did_you_mean
from changeover.record.loaded_module import module_loaded_here
from changeover.record.option_check import (
    check_answers,
    check_function,
    check_gives_one_value,
    check_known,
    check_switch,
    number,
    shown,
)
from changeover.record.port import CallClass, PortBook
from changeover.replay.kept_outcome import View
from changeover.seam.runtime import Runtime
from changeover.seam.seam import OwnerOf, Seam
from changeover.values.observation import Side
from changeover.values.stage import stage_variable

if TYPE_CHECKING:
    from changeover.rollout.plan_file import Phase, Plan

_SEAM_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*(\.[a-z0-9][a-z0-9_-]*)*")


class SeamOptions(TypedDict, total=False):
    """What `Migration.seam` and `Migration.wrap` take beside the name and the two paths."""

    key: Callable[..., object] | None
    tags: Callable[..., Iterable[str]] | None
    view: tuple[View | None, View | None] | None
    sample: float | None
    fallback: bool | None
    owner: OwnerOf | None
    shared_self: bool
    on_loop: bool


def check_declaration(name: Any, options: SeamOptions) -> None:
    """Raises DeclarationError where name or options cannot be what they are, whatever the paths will be."""
    check_seam_name("seam", name)
    place = f'seam "{name}"'
    check_known(place, options, SeamOptions.__annotations__)
    key, tags, view = options.get("key"), options.get("tags"), options.get("view")
    if key is not None:
        check_answers(place, "key", key, "a function of the arguments of a call")
        check_gives_one_value(place, "key", key)
    if tags is not None:
        check_answers(place, "tags", tags, "a function of the arguments of a call")
    if view is not None:
        _check_view(place, view)
    if options.get("sample") is not None:
        number(place, "sample", options["sample"], highest=1)
    if options.get("fallback") is not None:
        check_switch(place, "fallback", options["fallback"])
    if options.get("owner") is not None:
        check_function(place, "owner", options["owner"], "scenario")
    check_switch(place, "shared_self", options.get("shared_self", False))
    check_switch(place, "on_loop", options.get("on_loop", False))


def stands_above_a_function(caller: FrameType) -> bool:
    """Whether a declaration that names the candidate alone decorates a function: then that is legacy.

    Else the old code is gone. Without the source, as in an interactive session, it is taken to be gone.
    """
    return getline(caller.f_code.co_filename, caller.f_lineno).lstrip().startswith("@")


def check_seam_name(decorator: str, name: Any) -> None:
    """Raises DeclarationError where it can be the name of no seam."""
    if isinstance(name, str):
        if not _SEAM_NAME.fullmatch(name):
            problem = "is no name of a seam, allowed: lower-case words, joined by '.', '-' or '_'"
            near = re.sub(r"[^a-z0-9.]+", "-", name.lower()).strip("-.") or "name"
            raise DeclarationError(f'seam "{name}"', f'{problem}, such as "{near}"')
        return
    given = getattr(name, "__name__", None) or shown(name)
    problem = f"was given {given} in place of the name of a seam, allowed: a text"
    raise DeclarationError(f"{decorator}()", f'{problem}; write @migration.{decorator}("NAME")')


def _check_view(place: str, view: Any) -> None:
    if not isinstance(view, tuple | list) or len(view) != 2:
        problem = f"view was {shown(view)}, allowed: two functions, legacy's first, None for no view"
        raise DeclarationError(place, f"{problem}; write view=(of_legacy, of_candidate)")
    for side, one in zip(Side, view, strict=True):
        if one is not None:
            check_function(place, f"view of {side}", one, "answer")
            check_gives_one_value(place, f"view of {side}", one)


def declare_seam(
    runtime: Runtime,
    plan: Plan | None,
    taken: Mapping[str, Seam],
    name: str,
    legacy: Any,
    candidate: Any,
    *,
    sample: float,
    options: SeamOptions,
    is_method: bool | None = None,
) -> Seam:
    """Make a seam of two paths.

    Args:
        runtime: that of the migration; its ports have to be declared.
        plan: the phases; without one every seam is a phase of its own.
        taken: the names of the seams that are declared.
        name: lower-case words, joined by '.', '-' or '_'.
        legacy: the path of the old code, None to give it later.
        candidate: the path of the new code, None to give it later.
        sample: the share of runs that are compared in all of the migration.
        options: those of this seam.
        is_method: whether its calls have an object; None where it does not stand in a class yet.

    Raises:
        DeclarationError: the name is none, is taken, or is in no phase; sample or supplements are wrong.
    """
    place = f'seam "{name}"'
    loaded, first = module_loaded_here(), legacy if legacy is not None else candidate
    if name in taken and not (
        loaded.is_again(taken[name].loaded) or _is_loaded_again(taken[name].shape, first)
    ):
        raise DeclarationError(place, "is declared twice")
    phase = None if plan is None else _phase_of(place, plan, name)
    if plan is None:
        _check_variable(place, name, taken)
    fallback = options.get("fallback")
    supplements = () if phase is None else phase.supplement
    return Seam(
        runtime,
        name,
        name if phase is None else phase.name,
        legacy,
        candidate,
        key=options.get("key"),
        tags=options.get("tags"),
        view=options.get("view"),
        sample=_sample(place, phase, sample, options.get("sample")),
        fallback=fallback if fallback is not None else phase is not None and phase.fallback,
        supplement=[_supplement(place, runtime.book, text) for text in supplements],
        owner_of=options.get("owner"),
        shared_self=options.get("shared_self", False),
        is_method=is_method,
        on_loop=options.get("on_loop", False),
        loaded=loaded,
    )


def wrapped_method(cls: Any, method: Any) -> Any:
    """What stands in the class under that name; raises DeclarationError."""
    if not isinstance(cls, type):
        problem = f"was given {shown(cls)}, allowed: a class; make a seam of the method of its class"
        raise DeclarationError("wrap()", problem)
    static = getattr_static(cls, method, None) if isinstance(method, str) else None
    if static is None:
        known = [name for name in dir(cls) if not name.startswith("__")]
        meant = did_you_mean(method, known) if isinstance(method, str) else ","
        problem = f"there is no method {shown(method)}{meant} allowed: {', '.join(known) or 'none'}"
        raise DeclarationError(f"wrap({cls.__qualname__})", problem)
    return static


def _is_loaded_again(before: Any, now: Any) -> bool:
    """Whether the path is another object under the same name of a module: the module was loaded again."""
    names = [(getattr(one, "__module__", None), getattr(one, "__qualname__", "<")) for one in (before, now)]
    return before is not now and names[0] == names[1] and "<" not in names[0][1]


def _phase_of(place: str, plan: Plan, seam: str) -> Phase:
    found = plan.phase_of(seam)
    if found is None:
        known = ", ".join(name for phase in plan.phases.values() for name in phase.seams)
        meant = did_you_mean(seam, [name for phase in plan.phases.values() for name in phase.seams])
        raise DeclarationError(place, f"belongs to no phase of phases.toml{meant} allowed: {known or 'none'}")
    return found


def _check_variable(place: str, name: str, taken: Iterable[str]) -> None:
    variable = stage_variable(name)
    other = next((one for one in taken if one != name and stage_variable(one) == variable), None)
    if other is not None:
        problem = f"has the variable {variable} of seam {other!r}, and would follow what is meant for that"
        raise DeclarationError(place, f"{problem}; needed: another name")


def _sample(place: str, phase: Phase | None, whole: float, own: float | None) -> float:
    if own is not None:
        return number(place, "sample", own, highest=1)
    return whole if phase is None else phase.sample * whole


def _supplement(place: str, book: PortBook, text: str) -> tuple[str, str]:
    port, method = text.split(".")
    known = book.ports.get(port)
    if known is None or method not in known.methods:
        raise DeclarationError(place, f"supplement {text!r} names no port method; declare ports before seams")
    if known.methods[method].call_class not in (CallClass.READ, CallClass.CLOCK):
        raise DeclarationError(place, f"supplement {text!r} is no read")
    return port, method
