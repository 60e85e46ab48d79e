"""A call of a method of an object that a port holds, or of a property that gives one.

It belongs to no port, so it is made in a replay as well, and its objects are looked at before and after: one
that changes something past every port would do so twice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import CoroutineType
from typing import Any

from changeover.quick_dataclass import dataclass
from changeover.record.context import Args, Kwargs
from changeover.record.evident_changes import changes_itself, changes_what_is_shared
from changeover.record.instrument import Hook
from changeover.record.loose_functions import acts_by_itself
from changeover.record.object_reading import ObjectReading
from changeover.record.own_methods import asked_of_itself
from changeover.values.atom_types import ATOMS
from changeover.values.own_state import own_state

LOOKS_MAX = 20
"""So often a method is looked at that has changed nothing."""
GIVES_BY_NAME = "__getattr__"


@dataclass(slots=True)
class EarlierCalls:
    """What was seen of a method: how often it changed something, and how often nothing."""

    changed: int = 0
    unchanged: int = 0

    @property
    def act(self) -> bool:
        """Whether it is taken for one that acts."""
        return self.changed > self.unchanged


@dataclass(frozen=True, slots=True)
class PartCall:
    """Of one method; `objects` are those that it may change: the part, the object of the port, or both.

    `is_kept` says that the part stays with its port; of a property or `__getattr__`, `given` is told each
    object that it gives, and its name.
    """

    hook: Hook
    port: str
    name: str
    part: Any
    root: Any
    objects: tuple[Any, ...]
    earlier: EarlierCalls
    is_kept: bool
    holds: Callable[[Any], bool]
    given: Callable[[str, Any], None] | None = None

    @property
    def way_out(self) -> str:
        """What to do about it."""
        if self.hook.is_own:
            return f'give the class a method of that name, and declare it of port "{self.port}"'
        if self.given is not None:
            return f'declare "{self.hook.name}" of port "{self.port}"'
        return f"declare the object as a port of its own, or call it in a method of port {self.port!r}"

    def why_refused(self, *, is_stored: bool) -> str | None:
        """Why a replay may not make it; None where nothing is known against it.

        What the answering path did not call was never looked at: there its code says whether it acts.
        """
        if self.hook.is_own:
            return "it is a function that the object has for itself, past every port"
        if self.earlier.act:
            return "it changes what the program has, past every port"
        if is_stored or self.given is not None or self.earlier.unchanged:
            return None
        function = self.hook.original
        acts = self.is_kept and changes_itself(function)
        if acts or changes_what_is_shared(function, self.part, self.root):
            return "it changes what the program has, past every port, and the answering path did not call it"
        return None

    def asked_for(self, args: Args) -> PartCall:
        """The same under the name that was asked for, where `__getattr__` answers."""
        if self.hook.name != GIVES_BY_NAME:
            return self
        return replace(self, name=f"{self.port}.{args[1]}")

    def run(
        self, original: Callable[..., Any], args: Args, kwargs: Kwargs, calls: Callable[[], int], note: Noted
    ) -> Any:
        """The answer, or an awaitable of it.

        Args:
            original: the function itself.
            args: what it is called with, its object first.
            kwargs: likewise, by name.
            calls: how many calls of ports were made; what those change is the affair of the port.
            note: is told the place of what was changed.
        """
        looks = self._looks()
        before = calls()
        if self.hook.is_async:
            return self._run_async(original(*args, **kwargs), looks, before, calls, note)
        if self.hook.is_own:
            note(self, "what a function of the object alone holds")
        value: Any = None
        try:
            value = original(*args, **kwargs)
        finally:
            if type(value) is not CoroutineType:
                self._look_again(looks, before, calls, note)
        if type(value) is CoroutineType:  # what a decorator handed on that knows nothing of async functions
            return self._run_async(value, looks, before, calls, note)
        if self.given is not None and acts_by_itself(value):
            if not self.is_kept:
                note(self.asked_for(args), "what the function that it gives holds")
            return asked_of_itself(args[0], self.hook.name, value) if self.is_kept else value
        return self._taken(value, args)

    async def _run_async(
        self, awaitable: Any, looks: list[_Look], before: int, calls: Callable[[], int], note: Noted
    ) -> Any:
        try:
            value = await awaitable
        finally:
            self._look_again(looks, before, calls, note)
        return self._taken(value, ())

    def _looks(self) -> list[_Look]:
        is_looked_at = self.earlier.unchanged < LOOKS_MAX and not self.earlier.act
        if self.given is not None:
            is_looked_at = is_looked_at and changes_itself(self.hook.original)
        return [_Look(one, self.holds) for one in self.objects] if is_looked_at else []

    def _look_again(self, looks: list[_Look], before: int, calls: Callable[[], int], note: Noted) -> None:
        if not looks:
            if self.earlier.act:
                note(self, "its object")
            return
        place = next(filter(None, (look.changed() for look in looks)), None)
        if place is None:
            self.earlier.unchanged += 1
        elif calls() == before:
            self.earlier.changed += 1
            note(self, place)

    def _taken(self, value: Any, args: Args) -> Any:
        if self.given is not None and type(value) not in ATOMS:
            self.given(self.asked_for(args).name, value)
        return value


Noted = Callable[[PartCall, str], None]


class _Look:
    """What an object holds, as it was; that something is there which was not is no change (`lazy`)."""

    def __init__(self, owner: Any, holds: Callable[[Any], bool]) -> None:
        self._owner = owner
        self._before = {name: value for name, value in own_state(owner).items() if value is not None}
        self._inside = ObjectReading(tuple(self._before.values()), holds)
        self._itself = None if self._before else ObjectReading(owner, holds)

    def changed(self) -> str | None:
        now = own_state(self._owner)
        for name, value in self._before.items():
            if name not in now or not (now[name] is value or (type(value) in ATOMS and now[name] == value)):
                return f"self.{name}"
        place = self._inside.changed()
        if place is not None:
            number = place.removeprefix("self[").partition("]")[0]
            names = list(self._before)
            return f"self.{names[int(number)]}" if number.isdecimal() and int(number) < len(names) else "self"
        return None if self._itself is None else self._itself.changed()
