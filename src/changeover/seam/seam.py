"""A call with two paths: its declaration, and the function that stands in its place."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Protocol, TypeVar, overload

from changeover.errors import DeclarationError
from changeover.record.instrument import Binder
from changeover.replay.fresh_path import Fresh
from changeover.replay.runner import View
from changeover.seam.dispatch import cross, cross_async
from changeover.values.observation import Side
from changeover.values.pins import PINNED, Pins
from changeover.values.stage import OFF, Stage

if TYPE_CHECKING:
    from changeover.record.scenario_file import Scenario
    from changeover.seam.runtime import Home

P = ParamSpec("P")
Q = ParamSpec("Q")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)
S = TypeVar("S")
F = TypeVar("F", bound=Callable[..., Any])
OwnerOf = Callable[["Scenario"], Any]
_OWNER_NAMES = ("self", "cls")
_STREAMS = ("is a generator", "a call has one answer; give a function that returns the whole of it")


class SeamFunction(Protocol[P, R_co]):
    """What stands in the place of a function that became a seam; it is called as before."""

    seam: Seam

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co:
        """Answer, by whichever path the stage says."""
        ...

    @overload
    def __get__(self, instance: None, owner: type | None = None) -> SeamFunction[P, R_co]: ...
    @overload
    def __get__(
        self: SeamFunction[Concatenate[S, Q], R_co], instance: S, owner: type | None = None
    ) -> Callable[Q, R_co]: ...

    def candidate(self, path: F) -> F:
        """Say what the new path is."""
        ...


class Seam:
    """The two paths of one call, and how they are seen; `owners` is 1 where the first argument is `self`.

    `owner_of` makes the object of a method anew for a stored scenario.
    """

    def __init__(
        self,
        home: Home,
        name: str,
        phase: str,
        legacy: Callable[..., Any] | Fresh[..., Any] | None,
        candidate: Callable[..., Any] | Fresh[..., Any] | None,
        *,
        key: Callable[..., object] | None,
        tags: Callable[..., Iterable[str]] | None,
        view: tuple[View | None, View | None] | None,
        sample: float,
        fallback: bool,
        supplement: Sequence[tuple[str, str]],
        owner: OwnerOf | None = None,
    ) -> None:
        self.home = home
        self.name = name
        self.phase = phase
        self.key = key
        self.tags = tags
        self.sample = sample
        self.fallback = fallback
        self.supplement = tuple(supplement)
        self.owner_of = owner
        self._views = {Side.LEGACY: view[0], Side.CANDIDATE: view[1]} if view is not None else {}
        self._paths: dict[Side, Callable[..., Any] | Fresh[..., Any]] = {}
        first = legacy if legacy is not None else candidate
        if first is None:
            raise DeclarationError(f'seam "{name}"', "has no path, needed: legacy=, candidate= or both")
        self.shape = first.build if isinstance(first, Fresh) else first
        for side, path in ((Side.LEGACY, legacy), (Side.CANDIDATE, candidate)):
            if path is not None:
                self.add(side, path)
        self.is_async = not isinstance(first, Fresh) and inspect.iscoroutinefunction(first)
        self.owners = 0 if isinstance(first, Fresh) else _owners(first)
        self._named = Binder(
            (lambda: None) if isinstance(first, Fresh) else first, skip_first=self.owners == 1
        )

    def add(self, side: Side, path: Callable[..., Any] | Fresh[..., Any]) -> None:
        """Give one of the paths, once; raises DeclarationError."""
        place = f'seam "{self.name}", {side}'
        if side in self._paths:
            raise DeclarationError(place, "is given twice")
        if not isinstance(path, Fresh) and not callable(path):
            raise DeclarationError(place, f"was {path!r}, allowed: a function or fresh(build)")
        inner = path.build if isinstance(path, Fresh) else path
        if inspect.isgeneratorfunction(inner) or inspect.isasyncgenfunction(inner):
            raise DeclarationError(place, ": ".join(_STREAMS))
        self._paths[side] = path

    def path_of(self, side: Side) -> Callable[..., Any] | Fresh[..., Any] | None:
        """One of the two paths, None where there is none."""
        return self._paths.get(side)

    def view_of(self, side: Side) -> View | None:
        """How an answer of that path is seen by the comparison."""
        return self._views.get(side)

    def named(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """The arguments by name, without `self`."""
        return self._named(args, kwargs)


def _owners(function: Callable[..., Any]) -> int:
    try:
        names = list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return 0
    return 1 if names and names[0] in _OWNER_NAMES else 0


def standing_in(seam: Seam) -> Any:
    """The function that callers call."""
    pinned, home, phase, key = PINNED.get, seam.home, seam.phase, seam.key
    legacy, candidate = seam.path_of(Side.LEGACY), seam.path_of(Side.CANDIDATE)
    original = legacy if legacy is not None else candidate
    off, complete = Stage.OFF, Stage.COMPLETE
    # In these two stages one path answers alone; one of the seam's colour is called without more ado.
    legacy_alone = _plain(seam, legacy)
    candidate_alone = _plain(seam, candidate)

    def call(*args: Any, **kwargs: Any) -> Any:
        pins = pinned()
        if pins is not None:
            return cross(seam, pins, args, kwargs)
        resolution = home.current()
        settings = resolution.settings
        pins = Pins(settings) if key is None else home.pins(seam, resolution, args, kwargs)
        token = PINNED.set(pins)
        try:
            stage = settings.get(phase, OFF).stage
            if stage is off and legacy_alone is not None:
                return legacy_alone(*args, **kwargs)
            if stage is complete and candidate_alone is not None:
                return candidate_alone(*args, **kwargs)
            return cross(seam, pins, args, kwargs)
        finally:
            PINNED.reset(token)

    async def call_async(*args: Any, **kwargs: Any) -> Any:
        pins = pinned()
        if pins is not None:
            return await cross_async(seam, pins, args, kwargs)
        pins = home.pins(seam, home.current(), args, kwargs)
        token = PINNED.set(pins)
        try:
            return await cross_async(seam, pins, args, kwargs)
        finally:
            PINNED.reset(token)

    def give_candidate(path: F) -> F:
        nonlocal candidate_alone
        seam.add(Side.CANDIDATE, path)
        candidate_alone = _plain(seam, path)
        return path

    made: Any = call_async if seam.is_async else call
    if original is not None and not isinstance(original, Fresh):
        made = wraps(original)(made)
    made.seam = seam
    made.candidate = give_candidate
    return made


def _plain(seam: Seam, path: Callable[..., Any] | Fresh[..., Any] | None) -> Callable[..., Any] | None:
    """The path where it can be called as it is, else None."""
    if path is None or isinstance(path, Fresh) or seam.is_async or inspect.iscoroutinefunction(path):
        return None
    return path
