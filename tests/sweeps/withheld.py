"""Every subset of a workflow's events withheld: nothing is lost, and nothing stands still in silence.

For each kind of workflow (complete, signals alone, nothing to trade, failing) and each subset of the types of
its events, those do not get through. Where that holds the workflow up, people must be told once, ten minutes
after its beginning, and the parking list must name exactly what it waits for and what is undelivered. Then

- in time: all of it is released at that moment. The workflow ends as it does undisturbed;
- too late: it is released after the workflow was given up. It is FAILED, and nothing is ordered any more.

Where nothing is held up, what was withheld stands in the list as undelivered until it is released. In the end
nothing is undelivered, nothing is dead, and every order was placed once.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from itertools import combinations
from random import Random

from tests.trading.support.deaths import SECOND
from tests.trading.support.forked import try_all
from tests.trading.support.withheld import Withheld, getting_through
from tests.trading.support.workflow_kinds import Ended, Kind, World
from trading.composition import configure_logging
from trading.events.journal.records import Outcome, WorkflowRecord
from trading.handlers.transitions import REQUESTS, WorkflowState
from trading.parking import Parking, look_at_parking
from trading.screens.progress import show_progress

NEVER_WITHHELD = ("WorkflowDeadlineReached", "StartupEvent")  # the alarm itself; no part of a workflow


class Release(StrEnum):
    """When what was withheld gets through after all."""

    IN_TIME = "in time"
    TOO_LATE = "too late"


@dataclass(frozen=True)
class Subset:
    """What is withheld of one workflow, and until when."""

    kind: Kind
    types: tuple[str, ...]
    release: Release

    def __str__(self) -> str:
        return f"{self.kind}, {self.release}: {', '.join(self.types) or 'nothing'}"


@cache
def undisturbed(kind: Kind) -> tuple[Ended, tuple[str, ...]]:
    """What it leaves, and the types of its events."""
    world = World.of(kind)
    with world.desk:
        world.begin()
        record = world.desk.journal.workflows()[-1]
        events = [stored.event for stored in world.desk.journal.events(record.workflow_id)]
        types = dict.fromkeys(event.event_type for event in events if event is not None)
        return world.left(), tuple(name for name in types if name not in NEVER_WITHHELD)


def subsets(kind: Kind) -> Iterator[Subset]:
    """All of them, the small ones first."""
    _, types = undisturbed(kind)
    for size in range(len(types) + 1):
        for chosen in combinations(types, size):
            yield from (Subset(kind, chosen, release) for release in Release)


def try_subset(subset: Subset, _seed: int = 0) -> tuple[bool, list[str]]:
    """Whether it held the workflow up, and what was wrong."""
    world, seen = World.of(subset.kind), list[Parking]()

    def told() -> bool:
        seen.append(parking(world))
        return subset.release is Release.IN_TIME

    with world.desk:
        with getting_through(Withheld(frozenset(subset.types), told)):
            went_well = world.begin()
        before = world.left()
        wrong = list(_silent(subset, world, seen))
        if went_well and "TradingWorkflowRequested" in subset.types:
            wrong.append("called a success before it began")
        world.desk.bus.resume()
        world.desk.bus.run_until(lambda: False)
        wrong += _wrong(subset, world, before, held_up=bool(seen))
    return bool(seen), [f"{subset}: {problem}" for problem in wrong]


def parking(world: World) -> Parking:
    """As `status` shows it."""
    journal, now = world.desk.journal, world.desk.clock.now()
    return look_at_parking(journal.backlog(), journal.workflows(), now)


def _silent(subset: Subset, world: World, seen: list[Parking]) -> Iterator[str]:
    """What stands still, or stood still, and was not told exactly."""
    if not seen and any(not record.finished for record in world.desk.journal.workflows()):
        yield "it has not ended, and nobody was told"
    if len(seen) > 1:
        yield f"told {len(seen)} times"
    for parked in seen:
        record = world.desk.journal.workflows()[-1]
        if [one.workflow_id for one in parked.workflows] != [record.workflow_id]:
            yield f"the list names {parked.workflows}"
        elif subset.release is Release.TOO_LATE and set(parked.workflows[0].awaited) != _awaited(
            world, record
        ):
            yield f"waits for {_awaited(world, record)}, and the list says {parked.workflows[0].awaited}"
        if not parked.backlog.undelivered:
            yield "the list names nothing that is undelivered"
    undelivered = {one.event.event_type for one in world.desk.journal.undelivered() if hasattr(one, "event")}
    if undelivered and not parking(world).backlog.undelivered:
        yield f"{undelivered} are undelivered, and the list says nothing of that"
    if undelivered - set(subset.types):
        yield f"{undelivered - set(subset.types)} did not get through, and nobody withheld them"


def _awaited(world: World, record: WorkflowRecord) -> set[str]:
    """By the journal: what was asked for, and has not been handled by the workflow until it was given up."""
    asked, handled = set[str](), set[str]()
    answers = {ask.__name__: answer.__name__ for pairs in REQUESTS.values() for ask, answer in pairs}
    for stored in world.desk.journal.events(record.workflow_id):
        if stored.event is None:
            continue
        name = stored.event.event_type
        asked |= {answers[name]} if name in answers else set()
        if any(
            one.outcome is Outcome.HANDLED and one.handler.startswith("workflow.")
            for one in stored.deliveries
        ):
            handled.add(name)
            asked |= {"ReconciliationCompleted"} if name == "TradeExecuted" else set()
    return asked - handled


def _wrong(subset: Subset, world: World, before: Ended, *, held_up: bool) -> Iterator[str]:
    """What is not as it should be when all has got through."""
    expected, left = undisturbed(subset.kind)[0], world.left()
    told = subset.kind is not Kind.SIGNALS
    if held_up and told:
        if [mail for mail in left.mails if mail.endswith("OVERDUE")] != list(left.mails[:1]):
            yield f"told {left.mails}"
        left = left._replace(mails=left.mails[1:])
    if held_up and subset.release is Release.TOO_LATE:
        expected = expected._replace(
            states=(*expected.states[:-1], WorkflowState.FAILED),
            orders=before.orders,
            mails=(f"{SECOND}: trading run FAILED",) if told else (),
        )
    if left != expected:
        yield f"left {left}, expected {expected}"


def main(arguments: Sequence[str]) -> int:
    """Print what was tried, and 1 where something was lost, or stood still in silence."""
    options = argparse.ArgumentParser(
        prog="python -m tests.sweeps withheld",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    options.add_argument("--subsets", type=int, help="of each kind, drawn; default: all")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--jobs", type=int, default=2)
    chosen = options.parse_args(arguments)
    configure_logging(written=False)
    drawn, problems = Random(chosen.seed), list[str]()  # noqa: S311  (a seeded cut)
    for kind in Kind:
        known = list(subsets(kind))
        tried = known if chosen.subsets is None else drawn.sample(known, min(chosen.subsets, len(known)))
        tries = try_all(try_subset, tried, chosen.seed, chosen.jobs)
        done = list(show_progress(tries, len(tried), label=lambda _: "subsets"))
        held_up = sum(held for held, _ in done)
        problems += [problem for _, found in done for problem in found]
        print(f"{kind:<17} {len(tried):>6,} of {len(known):,}; {held_up:>6,} held the workflow up")
    print(f"wrong             {len(problems):,}")
    print("\n".join(problems[:50]))
    return 1 if problems else 0
