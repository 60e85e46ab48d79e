"""A seam is declared: its name, its sample and its supplements have to fit the plan and the ports."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypedDict

from changeover.errors import DeclarationError
from changeover.record.port import CallClass, PortBook
from changeover.replay.kept_outcome import View
from changeover.seam.runtime import Runtime
from changeover.seam.seam import OwnerOf, Seam

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


def check_options(options: SeamOptions) -> None:
    """Raises TypeError where there is no such option."""
    unknown = options.keys() - SeamOptions.__annotations__.keys()
    if unknown:
        raise TypeError(f"seam() has no option {', '.join(sorted(unknown))}")


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
    if not _SEAM_NAME.fullmatch(name):
        raise DeclarationError(
            place, "is no name of a seam, allowed: lower-case words, joined by '.', '-' or '_'"
        )
    if name in taken and not _is_loaded_again(taken[name].shape, legacy if legacy is not None else candidate):
        raise DeclarationError(place, "is declared twice")
    phase = None if plan is None else _phase_of(place, plan, name)
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
    )


def _is_loaded_again(before: Any, now: Any) -> bool:
    """Whether the path is another object under the same name of a module: the module was loaded again."""
    names = [(getattr(one, "__module__", None), getattr(one, "__qualname__", "<")) for one in (before, now)]
    return before is not now and names[0] == names[1] and "<" not in names[0][1]


def _phase_of(place: str, plan: Plan, seam: str) -> Phase:
    found = plan.phase_of(seam)
    if found is None:
        known = ", ".join(name for phase in plan.phases.values() for name in phase.seams)
        raise DeclarationError(place, f"belongs to no phase of phases.toml, allowed: {known or 'none'}")
    return found


def _sample(place: str, phase: Phase | None, whole: float, own: float | None) -> float:
    share = own if own is not None else whole if phase is None else phase.sample * whole
    if not 0.0 <= share <= 1.0:
        raise DeclarationError(place, f"sample was {share}, allowed: 0 to 1")
    return share


def _supplement(place: str, book: PortBook, text: str) -> tuple[str, str]:
    port, method = text.split(".")
    known = book.ports.get(port)
    if known is None or method not in known.methods:
        raise DeclarationError(place, f"supplement {text!r} names no port method; declare ports before seams")
    if known.methods[method].call_class not in (CallClass.READ, CallClass.CLOCK):
        raise DeclarationError(place, f"supplement {text!r} is no read")
    return port, method
