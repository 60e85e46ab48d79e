"""Answers the turns of one replay: by a schedule, or drawn by a seed; and notes what was answered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import field
from random import Random
from typing import NamedTuple, Protocol

from changeover.quick_dataclass import dataclass
from changeover.replay.schedule import TURNS_MAX, USUAL, Schedule, Turn


class TurnTaken(NamedTuple):
    """One turn: of so many that waited, what was decided, and which event went to which handler."""

    waiting: int
    turn: Turn
    can_restart: bool
    event: str
    handler: str


class Decides(Protocol):
    """Says what is to be done at a turn."""

    def turn(self, number: int, waiting: int, *, can_restart: bool) -> Turn:
        """At the turn of this number, where so many wait."""


@dataclass(slots=True)
class Scheduler:
    """Of one replay; `taken` has its turns so far."""

    decides: Decides
    taken: list[TurnTaken] = field(default_factory=list)

    def turn(self, waiting: int, *, can_restart: bool, names: Callable[[int], tuple[str, str]]) -> Turn:
        """What the bus is to do; `names` says the type and the handler of one that waits."""
        number = len(self.taken) + 1
        turn = USUAL if number > TURNS_MAX else self.decides.turn(number, waiting, can_restart=can_restart)
        turn = Turn(min(turn.place, waiting - 1), turn.twice, turn.restart and can_restart)
        self.taken.append(TurnTaken(waiting, turn, can_restart, *names(turn.place)))
        return turn

    @property
    def schedule(self) -> Schedule:
        """What was decided in all."""
        return Schedule.of({number: one.turn for number, one in enumerate(self.taken, 1)})


@dataclass(frozen=True, slots=True)
class Given:
    """As a schedule says."""

    schedule: Schedule

    def turn(self, number: int, waiting: int, *, can_restart: bool) -> Turn:
        """As `Decides` says."""
        return self.schedule.turns.get(number, USUAL)


class Drawn:
    """By a seed: any order, some deliveries twice, some late, a restart now and then.

    How much of each is drawn first, so that some schedules have one disturbance and others have many.
    """

    def __init__(self, seed: str) -> None:
        self._chance = Random(seed)  # noqa: S311  schedules are no secrets
        self._reorders = self._chance.choice((0.0, 0.2, 0.5, 1.0))
        self._repeats = self._chance.choice((0.0, 0.1, 0.3))
        self._restarts = self._chance.choice((0.0, 0.0, 0.1))
        self._last = self._chance.random() < 0.2  # the latest first: the earliest come late

    def turn(self, number: int, waiting: int, *, can_restart: bool) -> Turn:
        """As `Decides` says."""
        chance = self._chance
        index = 0
        if waiting > 1 and chance.random() < self._reorders:
            index = waiting - 1 if self._last else chance.randrange(waiting)
        twice = chance.random() < self._repeats
        return Turn(index, twice, can_restart and chance.random() < self._restarts)


def labels(taken: Sequence[TurnTaken], schedule: Schedule) -> list[str]:
    """What is not as usual, turn by turn, in words."""
    return [
        f"turn {number}: {_said(one, schedule.turns[number])}"
        for number, one in enumerate(taken, 1)
        if number in schedule.turns
    ]


def _said(one: TurnTaken, turn: Turn) -> str:
    delivery = f"{one.event} -> {one.handler}"
    if turn.restart:
        return f"a restart before {delivery}"
    first = f"{delivery}, ahead of {turn.place} that waited longer" if turn.place else delivery
    return f"{first}, twice" if turn.twice else first
