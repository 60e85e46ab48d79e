"""A call with two paths, as it was declared."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from dataclasses import InitVar, dataclass
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Protocol, TypeVar, overload

from changeover.errors import DeclarationError
from changeover.record.instrument import Binder
from changeover.replay.fresh_path import Fresh
from changeover.replay.runner import View
from changeover.seam.runtime import Runtime
from changeover.values.observation import Side

if TYPE_CHECKING:
    from changeover.record.scenario_file import Scenario

P = ParamSpec("P")
Q = ParamSpec("Q")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)
S = TypeVar("S")
F = TypeVar("F", bound=Callable[..., Any])
PathFunction = Callable[..., Any] | Fresh[..., Any]
OwnerOf = Callable[["Scenario"], Any]
_OWNER_NAMES = ("self", "cls")
_STREAMS = ("is a generator", "a call has one answer; give a function that returns the whole of it")


class SeamFunction(Protocol[P, R_co]):
    """What stands in the place of a function that became a seam; it is called as before."""

    seam: Seam

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co:
        """Answer, by whichever path the stage says."""

    @overload
    def __get__(self, instance: None, owner: type | None = None) -> SeamFunction[P, R_co]: ...
    @overload
    def __get__(
        self: SeamFunction[Concatenate[S, Q], R_co], instance: S, owner: type | None = None
    ) -> Callable[Q, R_co]: ...

    def candidate(self, path: F) -> F:
        """Say what the new path is."""


@dataclass(eq=False, repr=False)
class Seam:
    """The two paths of one call, and how they are seen; `owners` is 1 where the first argument is `self`.

    `runtime` is the program's, whatever comparison is under way. `paths` has those that there are, `views`
    how their answers are seen. `named` gives the arguments of a call by name, without `self`. `owner_of`
    makes the object of a method anew for a stored scenario.
    """

    runtime: Runtime
    name: str
    phase: str
    legacy: InitVar[PathFunction | None]
    candidate: InitVar[PathFunction | None]
    key: Callable[..., object] | None
    tags: Callable[..., Iterable[str]] | None
    view: InitVar[tuple[View | None, View | None] | None]
    sample: float
    fallback: bool
    supplement: Sequence[tuple[str, str]]
    owner_of: OwnerOf | None = None

    def __post_init__(
        self,
        legacy: PathFunction | None,
        candidate: PathFunction | None,
        view: tuple[View | None, View | None] | None,
    ) -> None:
        self.views: dict[Side, View | None] = {Side.LEGACY: view[0], Side.CANDIDATE: view[1]} if view else {}
        self.paths: dict[Side, PathFunction] = {}
        first = legacy if legacy is not None else candidate
        if first is None:
            raise DeclarationError(f'seam "{self.name}"', "has no path, needed: legacy=, candidate= or both")
        self.shape = first.build if isinstance(first, Fresh) else first
        for side, path in ((Side.LEGACY, legacy), (Side.CANDIDATE, candidate)):
            if path is not None:
                self.add(side, path)
        self.is_async = not isinstance(first, Fresh) and inspect.iscoroutinefunction(first)
        self.owners = 0 if isinstance(first, Fresh) else _owners(first)
        self.named = Binder(
            (lambda: None) if isinstance(first, Fresh) else first, skip_first=self.owners == 1
        )

    def add(self, side: Side, path: PathFunction) -> None:
        """Give one of the paths, once; raises DeclarationError."""
        place = f'seam "{self.name}", {side}'
        if side in self.paths:
            raise DeclarationError(place, "is given twice")
        if not isinstance(path, Fresh) and not callable(path):
            raise DeclarationError(place, f"was {path!r}, allowed: a function or fresh(build)")
        inner = path.build if isinstance(path, Fresh) else path
        if inspect.isgeneratorfunction(inner) or inspect.isasyncgenfunction(inner):
            raise DeclarationError(place, ": ".join(_STREAMS))
        self.paths[side] = path


def _owners(function: Callable[..., Any]) -> int:
    try:
        names = list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return 0
    return 1 if names and names[0] in _OWNER_NAMES else 0
