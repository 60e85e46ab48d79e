"""A call with two paths, as it was declared."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import InitVar
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Protocol, TypeVar, overload

from changeover.errors import DeclarationError
from changeover.quick_dataclass import dataclass
from changeover.record.callable_kind import is_awaited
from changeover.record.context import Args
from changeover.record.instrument import Binder
from changeover.record.key_function import WrongArity, fitted
from changeover.record.loaded_module import LoadedModule
from changeover.replay.fresh_path import Fresh
from changeover.replay.kept_outcome import View
from changeover.seam.bound_objects import BoundObjects
from changeover.seam.first_crossings import FirstCrossings
from changeover.seam.path_check import check_alike, check_path
from changeover.seam.runtime import Runtime
from changeover.values.observation import Side
from changeover.values.own_state import mro, namespace, own_state, qualified_name
from changeover.values.stage import Setting

if TYPE_CHECKING:
    from changeover.record.scenario_file import Scenario

P = ParamSpec("P")
Q = ParamSpec("Q")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)
S = TypeVar("S")
T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])
PathFunction = Callable[..., Any] | Fresh[..., Any]
OwnerOf = Callable[["Scenario"], Any]


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

    @overload
    def candidate(
        self: SeamFunction[P, Coroutine[Any, Any, T]], path: Callable[P, Coroutine[Any, Any, T]]
    ) -> Callable[P, Coroutine[Any, Any, T]]: ...
    @overload
    def candidate(  # type: ignore[overload-overlap]  # a path that gives coroutines of coroutines is none
        self: SeamFunction[P, Coroutine[Any, Any, T]], path: Callable[P, T]
    ) -> Callable[P, T]: ...
    @overload
    def candidate(
        self: SeamFunction[P, T], path: Callable[P, Coroutine[Any, Any, T]]
    ) -> Callable[P, Coroutine[Any, Any, T]]: ...
    @overload
    def candidate(self: SeamFunction[P, T], path: Callable[P, T]) -> Callable[P, T]: ...
    @overload
    def candidate(self: SeamFunction[P, T], path: Fresh[P, T]) -> Fresh[P, T]: ...
    def candidate(self, path: Any) -> Any:
        """Say what the new path is: it takes what legacy takes, and gives what legacy gives."""


_OWNER_NAMES = ("self", "cls")
_WRAPPED_MAX = 20
_CLASSES_MAX = 1_000


class MethodObject:
    """Says of each call whether its first argument is the object of a method.

    `given` is what is known from the declaration, None where the call itself has to show it: the class of the
    first argument, or the class that this argument is, has the seam among its methods.
    """

    def __init__(self, function: Callable[..., Any] | None, given: bool | None) -> None:
        self.seam_function: Callable[..., Any] | None = None
        self.wrapped_class: type | None = None
        self._function = function
        self._given = given
        self.by_class: dict[type, int] = {}
        """What `count` gave for objects of a class, so that it need not be asked again."""
        self._known: dict[type, bool] = {}

    def count(self, args: Args) -> int:
        """How many of the arguments come before those of the method: 1 with an object, else 0."""
        if not args:
            return 0
        cls = type(args[0])
        if len(self.by_class) >= _CLASSES_MAX:
            self.by_class.clear()
        if self._given is not None:
            number = self.by_class[cls] = int(self._given)
            return number
        is_class = issubclass(cls, type)
        if is_class:
            cls = args[0]
        known = self._known.get(cls)
        if known is None:
            if len(self._known) >= _CLASSES_MAX:
                self._known.clear()
            known = self._known[cls] = self._is_of(cls)
        if not is_class:
            self.by_class[cls] = int(known)
        return int(known)

    @property
    def known_class(self) -> type | None:
        """The class whose method the seam is, None for a function, and where it cannot be found yet."""
        return (self.wrapped_class or _class_around(self._function)) if self.expected else None

    @property
    def expected(self) -> int:
        """The same before any call is made, for a stored one."""
        if self._given is not None:
            return int(self._given)
        if any(self._known.values()):
            return 1
        cls = _class_around(self._function)
        return int(self._is_of(cls) if cls is not None else self._looks_like_one())

    def _is_of(self, cls: type) -> bool:
        for base in mro(cls):
            for static in namespace(base).values():
                if self._stands_in(static):
                    return not issubclass(type(static), staticmethod)
        return self._looks_like_one(cls)

    def _stands_in(self, static: Any) -> bool:
        kind = type(static)  # not `isinstance`, which asks the object for its class as well
        if issubclass(kind, staticmethod | classmethod):
            static = static.__func__
        elif issubclass(kind, property):
            static = static.fget
        for _ in range(_WRAPPED_MAX):
            if static is None:
                return False
            if static is self.seam_function:
                return True
            held = own_state(static)  # a class may keep anything, of which nothing may be asked here
            inner = held.get("func") if type(static).__name__ == "cached_property" else None
            static = held.get("__wrapped__") if inner is None else inner
        return False

    def _looks_like_one(self, cls: type | None = None) -> bool:
        """Without the seam in sight: its function was defined in such a class, or names its parameter so."""
        if self._function is None or isinstance(self._function, type):
            return False
        qualname = getattr(self._function, "__qualname__", "")
        around = qualname.rpartition(".")[0]
        if cls is not None and any(qualified_name(base) == around for base in mro(cls)):
            return True
        try:
            names = list(inspect.signature(self._function).parameters)
        except (TypeError, ValueError):
            return False
        return bool(names) and names[0] in _OWNER_NAMES


def _class_around(function: Any) -> type | None:
    """The class that a function was defined in, where it can be found by its names."""
    around = getattr(function, "__qualname__", "").rpartition(".")[0]
    found: Any = sys.modules.get(getattr(function, "__module__", None) or "")
    for name in around.split(".") if around else ():
        found = getattr(found, "__dict__", {}).get(name)
    return found if around and isinstance(found, type) else None


@dataclass(eq=False, repr=False)
class Seam:
    """The two paths of one call, and how they are seen; `method_object` says whether a call has a `self`.

    `shared_self` promises that this object has no state of its own. `is_method` is None where nothing but the
    calls can tell. `on_loop` lets the program's own loop replay runs that wait beside the program.
    `runtime` is the program's, whatever comparison is under way. `paths` has those that there are, `views`
    how their answers are seen. `named` has two functions that give the arguments of a call by
    name: of all of them, and of those behind `self`. `owner_of`
    makes the object of a method anew for a stored scenario. `known_roles` is who
    answers by these settings, whatever the key. `by_legacy` and `by_candidate` are the crossings that each of
    them answers: what it sends past every port.
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
    shared_self: bool = False
    is_method: bool | None = None
    on_loop: bool = False
    loaded: LoadedModule | None = None

    def __post_init__(
        self,
        legacy: PathFunction | None,
        candidate: PathFunction | None,
        view: tuple[View | None, View | None] | None,
    ) -> None:
        self.views: dict[Side, View | None] = {Side.LEGACY: view[0], Side.CANDIDATE: view[1]} if view else {}
        self.paths: dict[Side, PathFunction] = {}
        self.bound = BoundObjects()
        self.known_roles: tuple[Mapping[str, Setting], Any] | None = None
        self.by_legacy = FirstCrossings(self.name, may_fall_back=self.fallback)
        self.by_candidate = FirstCrossings(self.name, may_fall_back=self.fallback)
        first = legacy if legacy is not None else candidate
        if first is None:
            raise DeclarationError(f'seam "{self.name}"', "has no path, needed: legacy=, candidate= or both")
        self._refused: set[str] = set()
        self.shape = first.build if isinstance(first, Fresh) else first
        for side, path in ((Side.LEGACY, legacy), (Side.CANDIDATE, candidate)):
            if path is not None:
                self.add(side, path)
        function = None if isinstance(first, Fresh) else first
        self.is_async = is_awaited(first.answering if isinstance(first, Fresh) else first)
        if self.on_loop and not self.is_async:
            raise DeclarationError(f'seam "{self.name}"', "on_loop is for a seam that is awaited")
        self.method_object = MethodObject(function, self.is_method)
        self.named = tuple(Binder(function or (lambda: None), skip_first=skips) for skips in (False, True))
        if function is not None:
            self.key = self._fitted("key", self.key, function)
            self.tags = self._fitted("tags", self.tags, function)

    @property
    def owners(self) -> int:
        """1 where the first argument of a call is expected to be the object of a method, else 0."""
        return self.method_object.expected

    def first_refused(self, place: str) -> bool:
        """Whether no replay of this seam was refused this before; asked again it was."""
        is_first = place not in self._refused
        self._refused.add(place)
        return is_first

    def _fitted(self, what: str, given: Any, function: Callable[..., Any]) -> Any:
        if given is None:
            return given
        try:
            return fitted(given, function, skip_first=False)
        except WrongArity as error:
            raise DeclarationError(f'seam "{self.name}"', f"{what} {error}") from None

    def add(self, side: Side, path: PathFunction) -> None:
        """Give one of the paths, once; raises DeclarationError."""
        place = f'seam "{self.name}", {side}'
        if side in self.paths:
            raise DeclarationError(place, "is given twice")
        check_path(place, path)
        other = self.paths.get(side.other)
        if not (other is None or isinstance(other, Fresh) or isinstance(path, Fresh)):
            check_alike(place, path, side.other, other)
        self.paths[side] = path
        self.known_roles = None
        self.bound.add(side, path)
