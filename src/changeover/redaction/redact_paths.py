"""The `redact` paths of a plan, followed step by step while a value is walked from its root down."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache

from changeover.compare.path_states import PathStates, opened, stepped
from changeover.compare.paths import Anything, ItemIs, NameIs, PathError, PathPart, parse_path
from changeover.record.live_answers import ANSWERS
from changeover.values.place import RowKey, Segment

_STEPS_KEPT_MAX = 20_000
NAMES_OF_ANSWER = 4
"""So many names lead to an answer: the root, its port, its method and its key."""

Stand = PathStates
"""Where all patterns stand."""


class RedactPaths:
    """Raises PathError for a path that cannot be read or begins at no root."""

    def __init__(self, paths: Iterable[str]) -> None:
        patterns = tuple(parse_path(path, REDACT_ROOTS) for path in paths)
        self._texts = tuple(pattern.text for pattern in patterns)
        self._parts = tuple(pattern.parts for pattern in patterns)
        self._numbered = any(
            isinstance(part, ItemIs) and part.parts is not None for parts in self._parts for part in parts
        )
        self._next = lru_cache(maxsize=_STEPS_KEPT_MAX)(self._worked_out)
        self.start: Stand = frozenset()
        if patterns:
            self.start = opened(self._parts, {(number, 0) for number in range(len(self._parts))})

    def step(self, stand: Stand, *segments: Segment) -> Stand:
        """Where the patterns stand further down; empty where none can match any more."""
        for segment in segments:
            if not stand:
                return stand
            # Without a pattern for one item, all items are alike: one step is remembered for all of them.
            stand = self._next(stand, 0 if type(segment) is int and not self._numbered else segment)
        return stand

    def matches(self, stand: Stand) -> bool:
        """Whether a whole path was walked: what stands here is redacted."""
        return any(part == len(self._parts[number]) for number, part in stand)

    def matched(self, stand: Stand) -> str:
        """The path, as it was written, that was walked to its end here."""
        return next((self._texts[n] for n, part in sorted(stand) if part == len(self._parts[n])), "")

    def at(self, place: str, within: Callable[[tuple[str, ...]], Stand] | None = None) -> Stand | None:
        """The stand at a place as text, as divergences name theirs; None for one that cannot be read.

        `within` gives that of an answer, by the names of its port, method and key; its place is no root.
        """
        try:
            parts = parse_path(place, None).parts
        except PathError:
            return None
        stand = self.start
        names = tuple(map(_segment, parts[:NAMES_OF_ANSWER]))
        if within is not None and len(parts) >= NAMES_OF_ANSWER and names[0] == ANSWERS:
            stand, parts = within(tuple(map(str, names[1:]))), parts[NAMES_OF_ANSWER:]
            if self.matches(stand):
                return stand
        for part in parts:
            segment = _segment(part)
            if segment is None:
                return None
            stand = self.step(stand, segment)
            if self.matches(stand):
                return stand
        return stand

    def may_name(self, words: Iterable[str]) -> bool:
        """Whether one of these words may be the name of what a path hides, wherever it stands."""
        last = [parts[-1].names if isinstance(parts[-1], NameIs) else None for parts in self._parts]
        if None in last:  # such as `*`
            return True
        hidden = {name for names in last if names is not None for name in names}
        return not hidden.isdisjoint(words)

    def _worked_out(self, stand: Stand, segment: Segment) -> Stand:
        stayed, arrived = stepped(self._parts, stand, segment)
        return opened(self._parts, stayed | arrived)


def _segment(part: PathPart) -> Segment | None:
    """The segment that a part of a place matches."""
    if isinstance(part, NameIs):
        return next(iter(part.names)) if part.names is not None and len(part.names) == 1 else None
    if isinstance(part, Anything) or part.parts is None or None in part.parts:
        return None
    texts = tuple(text for text in part.parts if text is not None)
    if len(texts) == 1 and texts[0].isdecimal():
        return int(texts[0])
    return RowKey(texts, (False,) * len(texts))


REDACT_ROOTS = ("arguments", "self", "result", "error", "effects", "reads", "events", "key")
