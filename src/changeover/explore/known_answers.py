"""What invariants have said of observations that nothing tells apart in what they looked at.

An invariant is a function of one observation. In what it looks at, most replays of one run are alike; it is
asked again where they are not, and where it looked at more than parts that can be held against each other.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import fields
from functools import wraps
from operator import attrgetter
from typing import Any

from changeover.replay.observation_copy import SHOWN
from changeover.seam.judge import Predicate
from changeover.values.likeness import is_plain, nothing_tells_apart, plain_token
from changeover.values.observation import Observation, PortCall, Returned

ALIKE_KEPT_MAX = 20
"""So many that differ are held against a new one, of each part."""
ANSWERS_KEPT_MAX = 5_000
_Numbered = tuple[int | None, tuple[int, ...]]
"""Which content a part has, and at which positions."""
_CALL = attrgetter(*(one.name for one in fields(PortCall) if one.name != "position"))
_PARTS = frozenset(one.name for one in fields(Observation))
_ASKS_FOR_PARTS = frozenset(
    {
        *("__class__", "__dataclass_fields__"),
        *(name for name, value in vars(Observation).items() if isinstance(value, property)),
    }
)
"""What says nothing of its own: it asks for parts, which are noted too."""


class _Alike:
    """What was met of one part; those that nothing tells apart have a number in common."""

    def __init__(self) -> None:
        self._known: list[Any] = []
        self._plain: dict[bytes, int] = {}
        self._found = 0
        self._gave_up = False

    def number(self, content: Any) -> int | None:
        """None where nothing is known of it: it is too much, or of a kind that cannot be told to be alike."""
        if self._gave_up:
            return None
        number = self._number(content)
        if number is not None:
            self._found += 1
            return number
        if len(self._known) >= ALIKE_KEPT_MAX:
            self._gave_up = self._found < ALIKE_KEPT_MAX
            return None
        self._known.append(content)
        token = plain_token(content) if is_plain(content) else None
        if token is not None:
            self._plain[token] = len(self._known) - 1
        return len(self._known) - 1

    def _number(self, content: Any) -> int | None:
        if self._plain:
            token = plain_token(content)
            number = None if token is None else self._plain.get(token)
            if number is not None or len(self._plain) == len(self._known):
                return number
        alike = (number for number, one in enumerate(self._known) if nothing_tells_apart(one, content))
        return next(alike, None)


class Likeness:
    """Says of parts of observations which are alike, by a key that those have in common."""

    def __init__(self) -> None:
        self._alike: dict[str, _Alike] = {}
        self._last: list[tuple[Observation, dict[str, _Numbered]]] = []  # the two sides of a run

    def content(self, seen: Observation, part: str) -> int | None:
        """The number of what a part holds but for positions; None where nothing is known of it."""
        return self._key(seen, part)[0]

    def of(self, seen: Observation, parts: Sequence[str]) -> Hashable:
        """The key of some parts, None where nothing is known of one of them."""
        keys = tuple([self._key(seen, part) for part in parts])
        return None if any(key[0] is None for key in keys) else keys

    def _key(self, seen: Observation, part: str) -> _Numbered:
        keys = next((keys for known, keys in self._last if known is seen), None)
        if keys is None:
            keys = {}
            self._last = [*self._last[-1:], (seen, keys)]
        found = keys.get(part)
        if found is None:
            content, positions = _apart(part, getattr(seen, part))
            found = keys[part] = self._alike.setdefault(part, _Alike()).number(content), positions
        return found


class KnownAnswers:
    """Of the invariants of one seam, for many replays of one run."""

    def __init__(self, likeness: Likeness) -> None:
        self._likeness = likeness
        self._kept = 0

    def asked(self, predicate: Predicate) -> Predicate:
        """The invariant, which is asked once for all observations that it cannot tell apart."""
        known: dict[tuple[str, ...], dict[Hashable, bool]] = {}  # by what it looked at

        @wraps(predicate)
        def holds(seen: Observation) -> bool:
            for parts, answers in known.items():
                answer = answers.get(self._likeness.of(seen, parts))
                if answer is not None:
                    return answer
            answer = predicate(seen)
            asked = SHOWN.asked_of(seen)
            parts = tuple(sorted(asked & _PARTS))
            if (answer is True or answer is False) and parts and asked <= _PARTS | _ASKS_FOR_PARTS:
                self._keep(known.setdefault(parts, {}), self._likeness.of(seen, parts), answer)
            return answer

        return holds

    def _keep(self, answers: dict[Hashable, bool], key: Hashable, answer: bool) -> None:
        if key is not None and self._kept < ANSWERS_KEPT_MAX:
            self._kept += key not in answers
            answers[key] = answer


def _apart(part: str, content: Any) -> tuple[Any, tuple[int, ...]]:
    """What a part holds, and the positions in it, of which many are met with one content."""
    if part in ("effects", "reads"):
        return [*map(_CALL, content)], tuple([one.position for one in content])
    if part == "events":
        return [(*one[:4], *one[5:]) for one in content], tuple([one.position for one in content])
    if part == "outcome" and type(content) is Returned:
        return content.value, ()
    return content, ()
