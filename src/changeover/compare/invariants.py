"""What must hold of each path alone: the reference can be wrong too, and two paths wrong alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from changeover.compare.comparison import comparer_error
from changeover.quick_dataclass import dataclass
from changeover.values.divergence import Divergence, Kind
from changeover.values.error_text import class_and_message
from changeover.values.form import type_name
from changeover.values.observation import Observation
from changeover.values.place import normalise, render

Predicate = Callable[[Observation], bool]

HOLDS = "holds"
BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Invariant:
    """A named predicate over one observation of one seam."""

    name: str
    seam: str
    predicate: Predicate


def broken_invariants(
    invariants: Iterable[Invariant], seam: str, legacy: Observation, candidate: Observation
) -> tuple[Divergence, ...]:
    """What does not hold, on either side; a predicate that cannot say is one that could not be compared."""
    found: list[Divergence] = []
    for invariant in invariants:
        if invariant.seam != seam:
            continue
        place = ("invariant", invariant.name)
        ours, theirs = _state(invariant, legacy), _state(invariant, candidate)
        unclear = [state for state in (ours, theirs) if state not in (HOLDS, BROKEN)]
        if unclear:
            found.append(comparer_error(render(place), unclear[0]))
        elif BROKEN in (ours, theirs):
            found.append(
                Divergence(render(place), Kind.INVARIANT_BROKEN, ours, theirs, normal_place=normalise(place))
            )
    return tuple(found)


def _state(invariant: Invariant, observation: Observation) -> str:
    try:
        answer = invariant.predicate(observation)
    except Exception as error:  # noqa: BLE001  a predicate is a program's own code and may raise anything
        return f"the predicate raised {class_and_message(error)}"
    if answer is True:
        return HOLDS
    if answer is False:
        return BROKEN
    return f"the predicate answered {type_name(type(answer))}, allowed: True, False"
