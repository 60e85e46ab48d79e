"""Every order of what is in flight together, and everything that is delivered comes twice.

A workflow of each kind (complete, signals alone, nothing to trade, failing) is run on an account in memory
under every order in which its deliveries can come. Each order is run again with each delivery in turn twice:
sent again by its transport, and taken up again after its handler did its work and died before anything was
kept. Then every order is run with all of them sent twice, and with all of them dying once, which makes more
orders. It must end as it does undisturbed: state, orders once each, one notification (one that was sent
before its handler died is sent again), nothing undelivered.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from random import Random

from tests.trading.support.forked import try_all
from tests.trading.support.turns import Repeat, Turns, delivered_by, every_order
from tests.trading.support.workflow_kinds import Ended, Kind, World
from trading.composition import configure_logging
from trading.screens.progress import show_progress

ALL = range(1_000_000)
ALL_DYING_MAX = 5_000


@dataclass(frozen=True)
class Order:
    """One order of one kind of workflow, and how many of its turns there are to repeat."""

    kind: Kind
    chosen: tuple[int, ...]
    turns: int


def ended(kind: Kind, turns: Turns) -> tuple[bool, Ended]:
    """Whether it was a success, and what it leaves."""
    world = World.of(kind)
    with world.desk:
        with delivered_by(turns):
            went_well = world.begin()
        return went_well, world.left()


@cache
def undisturbed(kind: Kind) -> tuple[bool, Ended]:
    """The same in the usual order."""
    return ended(kind, Turns())


def orders(kind: Kind) -> Iterator[Order]:
    """Every order of its deliveries."""
    for chosen, turns, _ in every_order(lambda turns: ended(kind, turns)):
        yield Order(kind, chosen, turns)


def try_order(order: Order, _seed: int = 0) -> tuple[int, list[str]]:
    """How many runs this order was tried in, and what ended otherwise than undisturbed."""
    tries = [Turns(order.chosen), Turns(order.chosen, ALL, Repeat.SENT)]
    tries += [Turns(order.chosen, (turn,), repeat) for repeat in Repeat for turn in range(order.turns)]
    wrong = [
        f"{order.kind}, order {order.chosen}, {turns.repeat} at {turns.twice}: {found}"
        for turns in tries
        if not _same(found := ended(order.kind, turns), order.kind)
    ]
    return len(tries), wrong


def all_dying(kind: Kind, most: int) -> tuple[int, bool, list[str]]:
    """The orders that there are when every handler dies once: how many were tried, whether that was all."""

    def run(turns: Turns) -> tuple[bool, Ended]:
        turns.twice, turns.repeat = ALL, Repeat.DIED
        return ended(kind, turns)

    tries = every_order(run)
    done = list(islice(tries, most))
    wrong = [f"{kind}, all dying, {chosen}: {found}" for chosen, _, found in done if not _same(found, kind)]
    return len(done), next(tries, None) is None, wrong


def _same(found: tuple[bool, Ended], kind: Kind) -> bool:
    """A notification may have come a second time: better twice than never."""
    (went_well, left), (expected_well, expected) = found, undisturbed(kind)
    told = set(left.mails) == set(expected.mails) and len(left.mails) <= 2 * len(expected.mails)
    return told and (went_well, left._replace(mails=expected.mails)) == (expected_well, expected)


def main(arguments: Sequence[str]) -> int:
    """Print what was tried, and 1 where something ended otherwise."""
    options = argparse.ArgumentParser(
        prog="python -m tests.sweeps permutations",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    options.add_argument("--orders", type=int, help="of each kind, drawn; default: all")
    options.add_argument("--all-dying", type=int, default=ALL_DYING_MAX, help="at the most, of each kind")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--jobs", type=int, default=2)
    chosen = options.parse_args(arguments)
    configure_logging(written=False)
    drawn, problems = Random(chosen.seed), list[str]()  # noqa: S311  (a seeded cut)
    for kind in Kind:
        known = list(orders(kind))
        tried = known if chosen.orders is None else drawn.sample(known, min(chosen.orders, len(known)))
        tries = try_all(try_order, tried, chosen.seed, chosen.jobs)
        done = list(show_progress(tries, len(tried), label=lambda _: "orders"))
        died, were_all, wrong = all_dying(kind, chosen.all_dying)
        problems += [problem for _, found in done for problem in found] + wrong
        print(
            f"{kind:<17} {len(tried):>4,} of {len(known):,} orders, "
            f"{sum(runs for runs, _ in done):>6,} runs; "
            f"every handler dying once: {died:>5,} orders{'' if were_all else ', the first of more'}"
        )
    print(f"ended wrong       {len(problems):,}")
    print("\n".join(problems))
    return 1 if problems else 0
