"""The functions that reach files, while something is compared: they ask whoever follows the path."""

from __future__ import annotations

import glob
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from importlib import import_module
from threading import Lock, local
from types import FunctionType, ModuleType
from typing import Any

from changeover.packs.files.file_calls import CALLS, LINKS, ON_DESCRIPTORS
from changeover.packs.host import follower
from changeover.record.outer_frame import outer_frame

NAME = "files"
_TOOLKIT = "changeover"
_NOT_SEARCHED = frozenset({"posix", "nt", "_io", "_pyio", "tokenize", _TOOLKIT})
"""Modules that keep what they have: the system's own, and that by which source lines are shown."""
_NOT_THE_PATH = frozenset({_TOOLKIT, "linecache", "logging", "importlib", "zipimport", "pkgutil", "warnings"})
"""Roots of modules whose files are none of a path's, whoever calls them."""

_STAYING = frozenset({"lstat", "rmdir"} if sys.version_info >= (3, 13) else ())
"""Of `os`, what stays in place once it is: `shutil.rmtree` goes by which of them it put on a list, and one
that goes on in another thread meanwhile must find the same again."""
_OPEN = import_module("_io").open
_CALLS_PATHS = tuple(f"{_TOOLKIT}.{room}." for room in ("record", "replay", "seam"))
"""What of the toolkit calls a path, or a job of one, and has no files of its own meanwhile."""


class Busy(local):
    """Whether this thread is inside of such a function already: what it calls is its own affair."""

    now = False


busy = Busy()


class HeldFunctions:
    """Those of this process. `hold` and `release` come in pairs, from any thread."""

    def __init__(self) -> None:
        self._holders = 0
        self._lock = Lock()
        self._pairs: dict[str, tuple[Any, Any]] = {}
        self._places: list[tuple[dict[str, Any], str, Any, Any]] = []
        self._defaults: list[tuple[FunctionType, Any, Any]] = []
        self._methods: list[tuple[type, str, Any, Any]] = []
        self._modules = 0
        self._waiting: list[Callable[[], bool]] = []

    def hold(self) -> None:
        """From now on they ask; the first who holds puts everything in its place, where some of it stays."""
        with self._lock:
            over = [is_over for is_over in self._waiting if is_over()]
            self._waiting = [is_over for is_over in self._waiting if is_over not in over]
            self._holders -= len(over)
            self._holders += 1
            if self._holders == 1:
                self._put_in()  # changes nothing where it is in place

    def put_what_stays(self) -> None:
        """Put those in place that stay there, before threads of the program work with them."""
        if _STAYING:
            self.hold()
            self.release()

    def release(self) -> None:
        """The last one takes it away again."""
        with self._lock:
            self._holders -= 1
            if self._holders <= len(self._waiting) and all(is_over() for is_over in self._waiting):
                self._waiting, self._holders = [], 0
                self._take_out()

    def release_when(self, is_over: Callable[[], bool]) -> None:
        """Release when that says so, which is looked at when others come and go."""
        with self._lock:
            self._waiting.append(is_over)

    def _put_in(self) -> None:
        if not self._pairs:
            self._pairs = _pairs()
            self._methods = [*_makers(), *_static_methods(self._pairs.values())]
        if len(sys.modules) != self._modules:
            self._modules = len(sys.modules)
            self._search()
        for place, name, original, asking in self._places:
            if place.get(name) is original:
                place[name] = asking
        for function, _, asking in self._defaults:
            function.__defaults__ = asking
        for owner, name, _, asking in self._methods:
            setattr(owner, name, asking)

    def _take_out(self) -> None:
        for place, name, original, asking in self._places:
            if place.get(name) is asking and not (place is vars(os) and name in _STAYING):
                place[name] = original
        for function, original, _ in self._defaults:
            function.__defaults__ = original
        for owner, name, original, _ in self._methods:
            setattr(owner, name, original)

    def _search(self) -> None:
        """Where these functions stand: also in modules that took them by name, and in those of libraries."""
        by_id = {id(original): (original, asking) for original, asking in self._pairs.values()}
        places = []
        for name, module in list(sys.modules.items()):
            if not isinstance(module, ModuleType) or name.partition(".")[0] in _NOT_SEARCHED:
                continue
            if name.startswith("importlib"):
                continue
            for attribute, value in list(vars(module).items()):
                pair = by_id.get(id(value))
                if pair is not None:
                    places.append((vars(module), attribute, *pair))
        self._places = places
        self._defaults = list(_with_defaults(by_id))


def _pairs() -> dict[str, tuple[Any, Any]]:
    """Each function with what stands in its place, by name."""
    system = import_module(
        os.name
    )  # a test may have put something into the place of those that programs name
    names = vars(tempfile)["_get_candidate_names"]
    found = {
        "open": (_OPEN, _opening(_OPEN)),
        "os.open": (system.open, _opening_descriptor(system.open)),
        "names": (names, _naming(names)),
    }
    for call in (*CALLS, *LINKS):
        original = getattr(system if call.module is os else call.module, call.name, None)
        if original is not None:
            found[call.full_name] = (original, _asking(call, original))
    for module_name, name in ON_DESCRIPTORS:
        try:
            original = getattr(system if module_name == "os" else import_module(module_name), name)
        except (ImportError, AttributeError):
            continue  # not on this system
        found[f"{module_name}.{name}"] = (original, _on_descriptor(original))
    return found


def _makers() -> Iterator[tuple[type, str, Any, Any]]:
    """Of those of `tempfile` that take away what they have made, when nobody knows of them any more."""
    for name in ("TemporaryDirectory", "_TemporaryFileCloser"):
        owner = vars(tempfile)[name]
        yield owner, "__init__", owner.__init__, _making(owner.__init__)


def _static_methods(pairs: Iterable[tuple[Any, Any]]) -> Iterator[tuple[type, str, Any, Any]]:
    """Of the class by which `pathlib` looks for files that match, since Python 3.13."""
    owner: Any = vars(glob).get("_StringGlobber")
    for name, static in vars(owner).items() if isinstance(owner, type) else ():
        for original, asking in pairs:
            if isinstance(static, staticmethod) and static.__func__ is original:
                yield owner, name, static, staticmethod(asking)


def _making(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        found = follower(NAME)
        if found is not None:
            found.made_temporary(self)

    return init


def _asking(call: Any, original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def ask(*args: Any, **kwargs: Any) -> Any:
        found = follower(NAME)
        if found is None or busy.now:
            return original(*args, **kwargs)
        return found.call(call, original, args, kwargs)

    return ask


def _opening(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def open(file: Any, mode: Any = "r", *args: Any, **kwargs: Any) -> Any:
        found = follower(NAME)
        if found is None or busy.now:
            return original(file, mode, *args, **kwargs)
        return found.open(original, file, mode, args, kwargs)

    return open


def _opening_descriptor(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def open(path: Any, flags: int, *args: Any, **kwargs: Any) -> Any:
        found = follower(NAME)
        if found is None or busy.now:
            return original(path, flags, *args, **kwargs)
        return found.open_descriptor(original, path, flags, args, kwargs)

    return open


def _on_descriptor(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def ask(descriptor: Any, *args: Any, **kwargs: Any) -> Any:
        found = follower(NAME)
        if found is None or busy.now:
            return original(descriptor, *args, **kwargs)
        return found.on_descriptor(original, descriptor, args, kwargs)

    return ask


class _Names:
    """In place of the iterator from which `tempfile` takes names."""

    def __init__(self, names: Any, ask: Callable[[Callable[[], str]], str]) -> None:
        self._names = names
        self._ask = ask

    def __iter__(self) -> _Names:
        return self

    def __next__(self) -> str:
        return self._ask(lambda: next(self._names))


def _naming(original: Callable[[], Any]) -> Callable[[], Any]:
    @wraps(original)
    def names() -> Any:
        found = follower(NAME)
        return original() if found is None else _Names(original(), found.temporary_name)

    return names


def _with_defaults(by_id: dict[int, tuple[Any, Any]]) -> Any:
    """Methods of `tempfile` that keep such a function as a default."""
    for method in vars(vars(tempfile)["_TemporaryFileCloser"]).values():
        defaults = getattr(method, "__defaults__", None)
        if isinstance(method, FunctionType) and defaults:
            changed = tuple(by_id[id(one)][1] if id(one) in by_id else one for one in defaults)
            if changed != defaults:
                yield method, defaults, changed


def is_of_the_path() -> bool:
    """Whether the path itself asks, and not what the toolkit or the machinery of Python does beside it."""
    frame = outer_frame(4)
    while frame is not None:
        name = frame.f_globals.get("__name__", "")
        root = name.partition(".")[0]
        is_between = name.startswith(__package__)
        if root in _NOT_THE_PATH and not is_between:
            return bool(name.startswith(_CALLS_PATHS))
        if not is_between and (root not in sys.stdlib_module_names or root == "__main__"):
            return True
        frame = frame.f_back
    return True


held_functions = HeldFunctions()
