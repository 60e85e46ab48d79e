"""A schedule: in which order a bus delivers what waits, what comes twice, and where it restarts in between.

A bus asks before each delivery; that is a turn, and turns count from 1. Without a word about a turn the first
that waits is delivered, as the bus itself would do. As text:

    4:2   at turn 4 the second that waits is delivered
    5+    what is delivered at turn 5 comes twice
    6!    before turn 6 the bus forgets what it has in memory, and goes on from what it has kept
    4:2+  two of them at one turn; several turns are divided by commas
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from typing import NamedTuple

from changeover.errors import ConfigurationError
from changeover.quick_dataclass import dataclass

TURNS_MAX = 100_000
_WORD = re.compile(r"(?P<turn>\d{1,6})(:(?P<place>\d{1,6}))?(?P<twice>\+)?(?P<restart>!)?")
ALLOWED = "turns divided by commas: 4:2 (the second at turn 4), 5+ (twice), 6! (a restart before it)"


class Turn(NamedTuple):
    """What a bus is to do at one turn: restart first, deliver the one at this place, and once more.

    After a restart nothing is delivered: the bus asks again, with what it finds then.
    """

    place: int = 0
    twice: bool = False
    restart: bool = False

    @property
    def is_usual(self) -> bool:
        """Whether the bus would have done the same by itself."""
        return self == USUAL


USUAL = Turn()


@dataclass(frozen=True, slots=True)
class Schedule:
    """By turn what is not as usual."""

    turns: Mapping[int, Turn] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.turns)

    def __str__(self) -> str:
        return ",".join(_word(number, self.turns[number]) for number in sorted(self.turns))

    @classmethod
    def of(cls, turns: Mapping[int, Turn]) -> Schedule:
        """Those of them that are not as usual."""
        return cls({number: turn for number, turn in turns.items() if not turn.is_usual})

    def with_turn(self, number: int, turn: Turn) -> Schedule:
        """The same with another turn."""
        return Schedule.of({**self.turns, number: turn})

    def without(self, number: int) -> Schedule:
        """The same with one turn as usual."""
        return Schedule({other: turn for other, turn in self.turns.items() if other != number})


def _word(number: int, turn: Turn) -> str:
    place = f":{turn.place + 1}" if turn.place else ""
    return f"{number}{place}{'+' if turn.twice else ''}{'!' if turn.restart else ''}"


def parse_schedule(text: str, where: str = "--schedule") -> Schedule:
    """The schedule that has this text; raises ConfigurationError."""
    turns: dict[int, Turn] = {}
    for word in filter(None, (part.strip() for part in text.split(","))):
        found = _WORD.fullmatch(word)
        if found is None or not int(found["turn"]) or found["place"] == "0":
            raise ConfigurationError(where, f"was {word!r}, allowed: {ALLOWED}")
        number = int(found["turn"])
        if number in turns:
            raise ConfigurationError(where, f"names turn {number} twice, allowed: once")
        place = int(found["place"] or 1) - 1
        turns[number] = Turn(place, found["twice"] is not None, found["restart"] is not None)
    return Schedule.of(turns)
