"""Who answers for real inside a replay: a `fixed` object, a world's copy, a copy of a local one."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from changeover.recording.method import CallClass, PortMethod
from changeover.replaying.world import Worlds


class NobodyAnswers(Exception):
    """There is no object that could answer without touching the world; says what to give."""


class StandIns:
    """The objects of one replay; `owners` answered for real, for ports that were given as a class."""

    def __init__(self, worlds: Worlds | None, seed: str) -> None:
        self.owners: Mapping[str, Any] = {}
        self._worlds = worlds
        self._seed = seed
        self._random: Random | None = None
        self._locals: dict[int, tuple[Any, Any]] = {}

    def call(
        self, method: PortMethod, owner: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Callable[[], Any]:
        """The call on whoever answers it; raises NobodyAnswers."""
        if method.make is not None:
            make = method.make
            if self._random is None:
                self._random = Random(self._seed)  # noqa: S311  repeatable, not secret
            generator = self._random
            return lambda: make(generator, *args, **kwargs)
        original = method.hook.original
        if not method.has_owner:
            return lambda: original(*args, **kwargs)
        known = self.owners.get(method.port) if owner is None else owner
        if known is None:
            raise NobodyAnswers("a port given as a class has no object that could answer; give the object")
        target = self._for(method, known)
        return lambda: original(target, *args, **kwargs)

    def _for(self, method: PortMethod, owner: Any) -> Any:
        copied = None if self._worlds is None else self._worlds.copy_for(method, owner)
        if copied is not None:
            return copied
        if method.call_class is not CallClass.LOCAL or isinstance(owner, type):
            return owner
        if id(owner) not in self._locals:
            try:  # its counter must not move for the answering path
                self._locals[id(owner)] = (owner, copy.deepcopy(owner))
            except Exception as error:
                hint = f"give local={{{method.name!r}: lambda random, ...: ...}}"
                raise NobodyAnswers(f"a local object cannot be copied ({error}); {hint}") from error
        return self._locals[id(owner)][1]
