"""One copy of a value while it is made: what is copied already, what comes in the end, and the limits."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from time import thread_time
from types import MappingProxyType
from typing import Any

from changeover.values import identity
from changeover.values.atom_types import ATOMS
from changeover.values.closures import closed_over
from changeover.values.copy_time import CopyTime, TookTooLong
from changeover.values.equality import identical
from changeover.values.limits import COPIED_BEFORE_A_LOOK, COPIED_BETWEEN_LOOKS, ITEMS_MAX
from changeover.values.own_state import class_name, module_of
from changeover.values.sentinels import may_be_sentinel
from changeover.values.snapshot_error import SnapshotError, parts_below

ByReference = Callable[[Any], bool]


class CopyOperation:
    """One copy operation: what was met twice is copied once, as `deepcopy` does."""

    # The class has what is so at first: most copies need no more.
    items = 0
    is_to_be_read = False
    began = 0.0
    failed_at: Any = None
    later: Sequence[Callable[[], None]] = ()
    made_by: Mapping[str, None] = MappingProxyType({})
    functions: tuple[Any, ...] = ()
    shared: tuple[Any, ...] = ()
    frozen: list[Any] | None = None
    refuses: Callable[[Any], bool] | None = None
    _kept: list[Any] | None = None
    _globals: dict[str, set[int]] | None = None

    def __init__(self, by_reference: ByReference | None, time_left: CopyTime | None) -> None:
        self.number_of = identity.number_of
        self.memo: dict[int, Any] = {}
        self.by_reference = by_reference
        self._time = time_left
        self.next_look = ITEMS_MAX if time_left is None else COPIED_BEFORE_A_LOOK

    def unlike(self, value: Any) -> Any:
        """The innermost part whose copy was made by something else than its attributes, and is not alike."""
        found = value
        for _, part in parts_below(value):
            copy = self.memo.get(self.number_of(part), part)
            if class_name(type(part)) in self.made_by and not identical(copy, part):
                found = part
        return found

    def copied(self, value: Any, depth: int) -> Any:
        """The value itself where nothing in it can change, else its copy (`copying.Copier`)."""
        raise NotImplementedError

    def is_sentinel(self, value: Any, state: dict[Any, Any]) -> bool:
        """Whether an object stands in the module of its class for a name alone: `is` is asked of it."""
        if not may_be_sentinel(value, state):
            return False
        name = module_of(type(value))
        if self._globals is None:
            self._globals = {}
        if name not in self._globals:
            module = sys.modules.get(name)
            self._globals[name] = set() if module is None else {*map(id, vars(module).values())}
        return id(value) in self._globals[name]

    def keep(self, value: Any, made: Any) -> None:
        """Remember the copy of a value, which may not be complete yet."""
        self.memo[self.number_of(value)] = made

    def hold(self, parts: Any) -> None:
        """Let parts that a reading made for this copy live, so that no identity is used twice."""
        if self._kept is None:
            self._kept = []
        self._kept.append(parts)

    def met_function(self, function: Any) -> None:
        """A function goes as it is; what it holds in its closure is looked at in the end."""
        self.functions += (function,)

    def look_at_functions(self) -> None:
        """Refuse a function that would act on what it was handed with, and not on the copy of it."""
        for function in self.functions:
            if any(self.memo.get(self.number_of(part), part) is not part for part in closed_over(function)):
                problem = "holds in its closure what it is handed with, which would be the program's own"
                raise SnapshotError(problem, function)

    def count(self, value: Any) -> None:
        """Look at the limits."""
        if self.items > ITEMS_MAX:
            raise SnapshotError(f"goes beyond {ITEMS_MAX} items", value)
        if self.has_time(value):
            self.next_look = min(ITEMS_MAX, self.items + COPIED_BETWEEN_LOOKS)

    def has_time(self, value: Any) -> bool:
        """True where it may take longer, else raises TookTooLong; the first time that is asked it begins."""
        if self._time is not None:
            now = thread_time()
            self.began = self.began or now
            if now - self.began >= self._time.left:
                raise TookTooLong("takes longer to be copied than record_seconds_max allows", value)
        return True

    def all(self, parts: Iterable[Any], depth: int, owner: Any) -> list[Any]:
        """Copies of parts."""
        found = parts if isinstance(parts, list | tuple) else [*parts]
        self.items += len(found)
        if self.items > self.next_look:
            self.count(owner)
        copied = self.copied
        return [part if type(part) in ATOMS else copied(part, depth) for part in found]

    def named(self, parts: dict[Any, Any], depth: int, owner: Any) -> dict[Any, Any]:
        """A dict with copies of the values."""
        self.items += len(parts)
        if self.items > self.next_look:
            self.count(owner)
        copied = self.copied
        return {name: part if type(part) in ATOMS else copied(part, depth) for name, part in parts.items()}
