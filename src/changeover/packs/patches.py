"""Functions of libraries are replaced once in a process, now or when the program imports the library."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import wraps
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from threading import RLock
from types import ModuleType
from typing import Any

from changeover.record.instrument import PACK_MARK, replace_imported_names

Maker = Callable[[Callable[..., Any]], Callable[..., Any]]
"""Gets the library's function and gives the one that stands in its place."""
_LOCK = RLock()


def replace(owner: Any, name: str, make: Maker) -> None:
    """Put `make(original)` in the place of a function of a class or module; a second time changes nothing."""
    original = getattr(owner, name)
    with _LOCK:
        if getattr(original, PACK_MARK, None) is owner:
            return
        made = wraps(original)(make(original))
        setattr(made, PACK_MARK, owner)
        setattr(owner, name, made)
    if isinstance(owner, ModuleType):
        replace_imported_names(original, made)


def replace_property(owner: Any, name: str, make: Maker) -> None:
    """The same for a property that is only read."""
    plain: property = vars(owner)[name]
    original: Any = plain.fget
    with _LOCK:
        if getattr(original, PACK_MARK, None) is owner:
            return
        made = wraps(original)(make(original))
        setattr(made, PACK_MARK, owner)
        setattr(owner, name, property(made, plain.fset, plain.fdel, plain.__doc__))


_waiting: dict[str, list[Callable[[Any], None]]] = {}
_done: set[tuple[str, Callable[[Any], None]]] = set()


def when_imported(module: str, patch: Callable[[Any], None]) -> None:
    """Call `patch` with the module once: now where it is imported, else after the program has imported it.

    Nothing is imported here. What `patch` raises then is raised by the import.
    """
    with _LOCK:
        if (module, patch) in _done:
            return
        _done.add((module, patch))
        found = sys.modules.get(module)
        if found is None or _is_being_imported(found):
            if not _waiting:
                sys.meta_path.insert(0, _Finder())
            _waiting.setdefault(module, []).append(patch)
            return
    patch(found)


def _is_being_imported(module: ModuleType) -> bool:
    return bool(getattr(getattr(module, "__spec__", None), "_initializing", False))


class _Finder(MetaPathFinder):
    """Finds only what somebody waits for, by asking the others; gone when nobody waits any more."""

    def __init__(self) -> None:
        self._asking: set[str] = set()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The spec of the others, with a loader that tells when the module is there."""
        if fullname not in _waiting or fullname in self._asking:
            return None
        self._asking.add(fullname)
        try:
            spec = find_spec(fullname)
        finally:
            self._asking.discard(fullname)
        if spec is not None and spec.loader is not None:
            spec.loader = _Telling(spec.loader, fullname)
        return spec


class _Telling(Loader):
    """A loader as it was, but that those who wait are told when it is done."""

    def __init__(self, loader: Any, module: str) -> None:
        self._loader = loader
        self._module = module

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """As the loader does."""
        made: ModuleType | None = self._loader.create_module(spec)
        return made

    def exec_module(self, module: ModuleType) -> None:
        """As the loader does; it is the module's own from then on."""
        spec = module.__spec__
        if spec is not None:
            spec.loader = self._loader
        module.__loader__ = self._loader
        self._loader.exec_module(module)
        with _LOCK:
            patches = _waiting.pop(self._module, [])
            if not _waiting:
                sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, _Finder)]
        for patch in patches:
            patch(module)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)
