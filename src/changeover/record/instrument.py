"""Functions of classes and modules are replaced in place, once, by ones that ask the context first."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cached_property, wraps
from itertools import repeat
from operator import is_
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

from changeover.errors import DeclarationError
from changeover.quick_dataclass import dataclass
from changeover.record import callable_kind
from changeover.record.asked_object import AskedObject
from changeover.record.called_back import HANDED, notice
from changeover.record.class_family import is_of
from changeover.record.context import (
    SESSION,
    TASKS_AT_WORK,
    UNSET,
    WORK_HERE,
    Args,
    Kwargs,
    current_session,
)
from changeover.record.outer_frame import outer_frame
from changeover.record.property_mocks import as_property
from changeover.record.redirected_functions import redirect, twin_of
from changeover.record.special_methods import SETS

Site = tuple[str, int]
"""File and line of a call."""
MACHINERY = ("changeover.", "concurrent.futures.", "asyncio.")
"""Where no call of a program stands."""


@dataclass(eq=False, repr=False)
class Hook:
    """One instrumented function of a class or module; which port it serves is for each migration to say.

    With `has_owner` the first argument is the object or class that the call is made on. `unreplaced` is the
    function that whoever took it before still calls, None where that one asks the hook as well. No call
    is shown in a module whose name begins with one of `machinery`. One that `is_own` is of a function that
    one object alone has, and of which its class knows nothing.
    """

    name: str
    module: str
    original: Callable[..., Any]
    has_owner: bool
    is_property: bool = False
    unreplaced: Callable[..., Any] | None = None
    machinery: tuple[str, ...] = MACHINERY
    is_own: bool = False

    def __post_init__(self) -> None:
        self.is_async = callable_kind.is_async(self.original)
        # Of one that is not: whether it gives what an async one does. The first call says whether it is so.
        self.gives_coroutine = callable_kind.may_give_coroutine(self.original)


class Binder:
    """Arguments by name, defaults included, without the cost of `Signature.bind` where it can be spared."""

    __slots__ = ("_defaults", "_names", "_positional_max", "_signature")

    def __init__(self, function: Callable[..., Any], *, skip_first: bool) -> None:
        self._signature: inspect.Signature | None = None
        self._names: tuple[str, ...] = ()
        self._defaults: dict[str, Any] = {}
        self._positional_max = -1
        try:
            signature = callable_kind.signature_of(function)
        except (TypeError, ValueError):
            return  # a builtin that does not show its signature
        parameters = list(signature.parameters.values())[1 if skip_first else 0 :]
        self._signature = signature.replace(parameters=parameters)
        kinds = {parameter.kind for parameter in parameters}
        if not kinds & {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}:
            self._names = tuple(parameter.name for parameter in parameters)
            self._positional_max = sum(p.kind is not inspect.Parameter.KEYWORD_ONLY for p in parameters)
            self._defaults = {
                p.name: p.default for p in parameters if p.default is not inspect.Parameter.empty
            }

    @property
    def signature(self) -> inspect.Signature | None:
        """What the names are of, None where that is not known."""
        return self._signature

    @property
    def required(self) -> tuple[str, ...]:
        """The names without a default; none where the function takes any."""
        return tuple(name for name in self._names if name not in self._defaults)

    def __call__(self, args: Args, kwargs: Kwargs) -> dict[str, Any]:
        """The arguments by name in the order of the signature; by number where there is no such name."""
        if not kwargs and len(args) == self._positional_max == len(self._names):
            return dict(zip(self._names, args, strict=True))
        if len(args) <= self._positional_max and kwargs.keys() <= set(self._names[len(args) :]):
            bound = {**self._defaults, **dict(zip(self._names, args, strict=False)), **kwargs}
            return {name: bound[name] for name in self._names if name in bound}
        if self._signature is not None:
            try:
                arguments = self._signature.bind(*args, **kwargs)
            except TypeError:
                pass  # the call itself fails the same way; it is recorded as it was made
            else:
                arguments.apply_defaults()
                return dict(arguments.arguments)
        return {**{str(number): value for number, value in enumerate(args)}, **kwargs}

    def left_out(self, args: Args, kwargs: Kwargs) -> tuple[str, ...]:
        """The names that the call does not give, so that a function has its own default for each."""
        if self._positional_max >= 0:
            given = self._names[: len(args)]
            return tuple(name for name in self._defaults if name not in given and name not in kwargs)
        if self._signature is None:
            return ()
        try:
            bound = self._signature.bind(*args, **kwargs).arguments
        except TypeError:
            return ()
        parameters = self._signature.parameters.values()
        return tuple(one.name for one in parameters if one.name not in bound)


_MARK = "__changeover_hook__"
PACK_MARK = "__changeover_pack__"
"""On a function of a library that a pack has replaced (`packs.patches`), with whose function it is."""
_WHERE_A_FUNCTION_STANDS = (type, BuiltinFunctionType, MethodType)
_TAKEN = "__changeover_taken__"
"""On a function whose own code asks the hook by now, with the class that the hook is for."""


def hook_function(owner: Any, name: str) -> Hook:
    """Instrument one attribute of a class, a module or an object; a second time finds the first hook.

    Raises DeclarationError where the attribute cannot be replaced.
    """
    static = as_property(inspect.getattr_static(owner, name))
    function = function_of(static)
    known, of_class = _known(function)
    in_class = _is_given_its_object(owner, static)
    if known is not None and name in vars(owner) and _is_for(known, of_class, owner, static):
        return known
    taken = function if known is None and isinstance(function, FunctionType) else None
    original = known.original if known is not None else twin_of(taken) if taken is not None else function
    module = str(getattr(owner, "__module__", "") or getattr(owner, "__name__", ""))
    hook = Hook(name, module, original, has_owner=in_class, is_property=isinstance(static, property))
    asking = _asking(hook)
    replacement = replaced_function(static, asking)
    if not isinstance(static, _WHERE_A_FUNCTION_STANDS) and not hasattr(type(static), "__get__"):
        replacement = AskedObject(original, asking, hook)
    try:
        setattr(owner, name, replacement)
    except (AttributeError, TypeError) as error:
        raise DeclarationError(
            f"{owner!r}.{name}", f"cannot be instrumented ({error}); give a class of your own that calls it"
        ) from None
    if isinstance(owner, ModuleType):
        replace_imported_names(function, replacement)
    if known is None:
        hook.unreplaced = function
    if taken is not None:
        held = _for_objects_of(owner, asking, original) if in_class else asking
        if not callable_kind.is_stream(original) and redirect(taken, held, is_async=hook.is_async):
            hook.unreplaced = None
            setattr(taken, _TAKEN, (hook, owner))
            setattr(taken, "__wrapped__", original)  # noqa: B010  its signature, for who asks
    return hook


def hook_setter(cls: type, name: str, kind: str) -> Hook:
    """Instrument what sets (`.__set__`) or deletes a property of a class; a second time finds the first hook.

    Raises DeclarationError where the property cannot be replaced.
    """
    static = inspect.getattr_static(cls, name)
    is_set = kind == SETS
    function = static.fset if is_set else static.fdel
    known = hook_of(function)
    if known is not None and name in vars(cls):
        return known
    hook = Hook(name + kind, cls.__module__, function if known is None else known.original, has_owner=True)
    asking = _asking(hook)
    try:
        setattr(cls, name, static.setter(asking) if is_set else static.deleter(asking))
    except (AttributeError, TypeError) as error:
        raise DeclarationError(f"{cls!r}.{name}", f"cannot be instrumented ({error})") from None
    return hook


def _is_given_its_object(owner: Any, static: Any) -> bool:
    """Whether what stands there is called with the object; without `__get__` it is not, also in a class."""
    return (
        isinstance(owner, type) and hasattr(type(static), "__get__") and not isinstance(static, staticmethod)
    )


def _is_for(known: Hook, of_class: Any, owner: Any, static: Any) -> bool:
    """Whether a function asks its hook where it stands: as a static one it does not, if it was a method."""
    if of_class is None:
        return True
    return of_class is owner and known.has_owner == _is_given_its_object(owner, static)


def _known(function: Any) -> tuple[Hook | None, Any]:
    """The hook of an instrumented function, and the one class that it is for where its own code asks it."""
    marked: Hook | None = getattr(function, _MARK, None)
    if marked is not None:
        return marked, None
    taken: tuple[Hook, Any] | None = getattr(function, "__dict__", {}).get(_TAKEN)
    return (None, None) if taken is None else taken


def _for_objects_of(
    cls: type, asking: Callable[..., Any], original: Callable[..., Any]
) -> Callable[..., Any]:
    """What a function does that was taken: a class that is no port may have the same one."""

    def held(*args: Any, **kwargs: Any) -> Any:
        owner = args[0] if args else None
        is_of_class = is_of(owner if isinstance(owner, type) else type(owner), cls)
        return (asking if is_of_class else original)(*args, **kwargs)

    return held


_WATCHED = "__changeover_watchers__"


def watch_subclasses(cls: type, cover: Callable[[type], None]) -> None:
    """Call `cover` with every class that is derived from now on, before anybody can use it."""
    watchers: list[Callable[[type], None]] | None = vars(cls).get(_WATCHED)
    if watchers is not None:
        watchers.append(cover)
        return
    made: list[Callable[[type], None]] = [cover]
    own = vars(cls).get("__init_subclass__")

    def begun(derived: Any, /, **options: Any) -> None:
        if own is not None:
            own.__get__(None, derived)(**options)
        else:
            super(cls, derived).__init_subclass__(**options)  # type: ignore[arg-type]
        for watcher in made:
            watcher(derived)

    with suppress(AttributeError, TypeError):  # a class that cannot be changed is covered when a run begins
        setattr(cls, "__init_subclass__", classmethod(begun))  # noqa: B010  as an assignment it would not type
        setattr(cls, _WATCHED, made)


def hook_of(function: Any) -> Hook | None:
    """The hook of an instrumented function or bound method, None for any other."""
    found, _ = _known(getattr(function, "__func__", function))
    return found


def original_of(owner: Any, name: str) -> Any:
    """The program's own function behind an attribute, instrumented or not."""
    function = function_of(inspect.getattr_static(owner, name))
    known, _ = _known(function)
    return function if known is None else known.original


def hook_at(owner: Any, name: str) -> Hook | None:
    """The hook of what stands there now, None where it is not instrumented for this very owner."""
    found = vars(owner).get(name)
    known, of_class = (None, None) if found is None else _known(function_of(found))
    return known if known is not None and _is_for(known, of_class, owner, found) else None


def function_of(static: Any) -> Any:
    """The function behind an attribute as it stands in its class."""
    if isinstance(static, staticmethod | classmethod):
        return static.__func__
    if isinstance(static, cached_property):
        return static.func
    return static.fget if isinstance(static, property) else static


def replaced_function(static: Any, function: Callable[..., Any]) -> Any:
    """What stands in a class in place of such an attribute, so that it is found and called as before."""
    if isinstance(static, staticmethod | classmethod):
        return type(static)(function)
    if isinstance(static, cached_property):
        made = cached_property(function)
        made.attrname = static.attrname
        return made
    if isinstance(static, property):
        return property(function, static.fset, static.fdel, static.__doc__)
    return function


def _asking(hook: Hook) -> Callable[..., Any]:
    original = hook.original
    current, unset, elsewhere, of_tasks = SESSION.get, UNSET, WORK_HERE, TASKS_AT_WORK
    handed = HANDED
    port_call: Callable[..., Any]
    if hook.is_async:

        @wraps(original)
        async def asked_async(*args: Any, **kwargs: Any) -> Any:
            session = current(unset)
            if session is unset:
                session = current_session() if elsewhere or of_tasks else None
            if session is None:
                if handed:
                    notice(hook, args)
                return await original(*args, **kwargs)
            return await session.call(hook, original, args, kwargs)

        port_call = asked_async
    else:

        @wraps(original)
        def asked(*args: Any, **kwargs: Any) -> Any:
            session = current(unset)
            if session is unset:
                session = current_session() if elsewhere or of_tasks else None
            if session is None:
                if handed:
                    notice(hook, args)
                return original(*args, **kwargs)
            return session.call(hook, original, args, kwargs)

        port_call = asked
    setattr(port_call, _MARK, hook)
    return port_call


def replace_imported_names(function: Any, replacement: Any) -> None:
    """`from client import submit` made names in other modules; they are the same function."""
    for module in list(sys.modules.values()):
        if not isinstance(module, ModuleType):
            continue
        names = vars(module)
        if not any(map(is_, list(names.values()), repeat(function))):  # hardly any module has it
            continue
        for name, value in list(names.items()):
            if value is function:
                setattr(module, name, replacement)


def public_functions(owner: Any) -> Iterator[str]:
    """The public methods of a class, or the public functions that a module defines itself."""
    for name in dir(owner):
        if name.startswith("_"):
            continue
        static = inspect.getattr_static(owner, name, None)
        if isinstance(owner, ModuleType):
            if isinstance(static, FunctionType) and _home(static) == owner.__name__:
                yield name
        elif isinstance(function_of(static), FunctionType) and not isinstance(
            static, property | cached_property
        ):
            yield name


def _home(function: FunctionType) -> str:
    hook, _ = _known(function)
    return str((hook.original if hook is not None else function).__module__)


ENTRANCES = frozenset({"changeover.seam.dispatch", "changeover.seam.experiment", "changeover.replay.runner"})
FRAMES_MAX = 100


def calling_site(
    port_module: str, frames_inside: int = 2, machinery: tuple[str, ...] = MACHINERY
) -> Site | None:
    """The first frame outside the toolkit and the port's module, as far out as the seam.

    Where path and port stand in one file, the innermost line of that file outside the toolkit. The innermost
    `frames_inside` frames are known to be the toolkit's.
    """
    frame = outer_frame(frames_inside)
    inside: Site | None = None
    for _ in range(FRAMES_MAX):
        if frame is None:
            break
        name = frame.f_globals.get("__name__", "")
        if name in ENTRANCES or name == "threading":
            break
        if not name.startswith(machinery):
            site = (frame.f_code.co_filename, frame.f_lineno)
            if name != port_module:
                return site
            inside = inside or site
        frame = frame.f_back
    return inside
