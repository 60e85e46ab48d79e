"""The smallest schedule that still shows a cluster: as few turns as possible that are not as usual."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from changeover.replay.schedule import Schedule, Turn

REPLAYS_MAX = 300
Shows = Callable[[Schedule], bool]
"""Whether the cluster is still there under a schedule."""


def shrunk(schedule: Schedule, shows: Shows) -> Schedule:
    """Take turns away in ever smaller groups, then one by one, then make what is left smaller."""
    left = REPLAYS_MAX

    def still(smaller: Schedule) -> bool:
        nonlocal left
        left -= 1
        return left >= 0 and shows(smaller)

    size = len(schedule) // 2
    while size:
        numbers = sorted(schedule.turns)
        for start in range(0, len(numbers), size):
            gone = set(numbers[start : start + size])
            smaller = Schedule(
                {number: turn for number, turn in schedule.turns.items() if number not in gone}
            )
            if len(smaller) < len(schedule) and still(smaller):
                schedule = smaller
        size //= 2
    is_smaller = True
    while is_smaller and left > 0:
        is_smaller = False
        for smaller in _smaller(schedule):
            if still(smaller):
                schedule, is_smaller = smaller, True
                break
    return schedule


def _smaller(schedule: Schedule) -> Iterator[Schedule]:
    for number in sorted(schedule.turns):
        yield schedule.without(number)
    for number, turn in sorted(schedule.turns.items()):
        if turn.twice and turn.place:
            yield schedule.with_turn(number, Turn(turn.place, restart=turn.restart))
            yield schedule.with_turn(number, turn._replace(place=0))
        if turn.place > 1:
            yield schedule.with_turn(number, turn._replace(place=turn.place - 1))
