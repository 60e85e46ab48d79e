"""All orders in which a path can be given its events, one after the other, and what can happen in each.

Each replay says how many deliveries waited at each turn. The next order is the last one up to the latest turn
at which another delivery could have been chosen, and that choice. An example, of waiting 1, 2, 2 and then 1:

    first 1:1 2:1 3:1 4:1   then 3:2 ...   then 2:2 ...   then 2:2 3:2 ...   and that is all
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from changeover.replay.schedule import Schedule, Turn
from changeover.replay.scheduler import TurnTaken


def next_order(taken: Sequence[TurnTaken]) -> Schedule | None:
    """The order after this one; None where it was the last."""
    for last in range(len(taken) - 1, -1, -1):
        one = taken[last]
        if one.turn.place + 1 < one.waiting:
            turns = {number: earlier.turn for number, earlier in enumerate(taken[:last], 1)}
            turns[last + 1] = Turn(one.turn.place + 1)
            return Schedule.of(turns)
    return None


def disturbed(taken: Sequence[TurnTaken]) -> Iterator[Schedule]:
    """The same order with each delivery twice in turn, and with a restart before each."""
    order = Schedule.of({number: one.turn for number, one in enumerate(taken, 1)})
    for number, one in enumerate(taken, 1):
        yield order.with_turn(number, one.turn._replace(twice=True))
    for number, one in enumerate(taken, 1):
        if one.can_restart:
            yield _restarted(order, number)


def _restarted(order: Schedule, before: int) -> Schedule:
    """A restart is a turn of its own: those after it move by one."""
    moved = {number + (number >= before): turn for number, turn in order.turns.items()}
    return Schedule.of({**moved, before: Turn(restart=True)})


def disturbances(taken: Sequence[TurnTaken]) -> int:
    """How many `disturbed` gives."""
    return len(taken) + sum(one.can_restart for one in taken)
