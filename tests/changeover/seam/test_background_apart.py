"""What a replay beside the program may not touch, and what it has to find as the caller had it."""

import decimal
import gc
import random
import weakref
from contextvars import ContextVar
from decimal import Decimal
from typing import Any

import pytest

from tests.changeover.support.background_seam import beside, done, holding, same

MOOD: ContextVar[str] = ContextVar("mood of the background", default="calm")


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(1), KeyboardInterrupt(), RecursionError()])
def test_whatever_is_raised_beside_the_program_stays_there(error: BaseException) -> None:
    def raising(*anything: Any) -> Any:
        raise error

    migration, seam, runs = beside(raising, same)
    broken, broken_seam, _ = beside(same, same, sink=raising)
    for number in range(3):
        assert (seam(number), broken_seam(number)) == (number, number)
    done(migration)
    done(broken)
    assert [run.verdict for run in runs] == ["diverged"] * 3
    assert broken.counts == {("s", "match"): 3}


def test_the_program_draws_what_it_would_draw_alone() -> None:
    with holding() as held:

        def candidate() -> Any:
            drawn = [random.random(), random.choice(range(1000)), random.gauss(0, 1)]  # noqa: S311
            held()
            random.seed(1)
            return [*drawn, random.getrandbits(9), random.sample(range(1000), 3)]

        migration, seam, runs = beside(candidate, lambda: random.random())  # noqa: S311
        random.seed(42)
        alone = random.Random(42)  # noqa: S311
        assert seam() == alone.random()
        assert held.began.acquire(timeout=60)
        assert random.gauss(0, 1) == alone.gauss(0, 1)
        assert random.choice(range(1000)) == alone.choice(range(1000))  # noqa: S311
    done(migration)
    assert random.getstate() == alone.getstate()
    seeded = random.Random(42)  # noqa: S311  where the answering path began to draw
    first = [seeded.random(), seeded.choice(range(1000)), seeded.gauss(0, 1)]
    again = random.Random(1)  # noqa: S311
    assert runs[0].candidate is not None
    assert runs[0].candidate.outcome.give() == [
        *first, again.getrandbits(9), again.sample(range(1000), 3),
    ]  # fmt: skip


def test_views_compute_as_they_do_for_the_caller_and_leave_its_arithmetic_alone() -> None:
    contexts: list[decimal.Context] = []

    def third(number: int) -> tuple[str, Decimal]:
        contexts.append(decimal.getcontext())
        return MOOD.get(), Decimal(number) / 3

    migration, seam, runs = beside(same, same, view=(third, third))
    with decimal.localcontext() as callers:
        callers.prec = 5
        token = MOOD.set("keen")
        seam(1)
        MOOD.reset(token)
        done(migration)
        assert contexts[0] is callers
        assert contexts[1] is not callers
    assert [run.verdict for run in runs] == ["match"]
    assert runs[0].candidate is not None
    assert runs[0].candidate.outcome.give() == ("keen", Decimal("0.33333"))


class Parcel:
    """Something the program passes on and then lets go."""


def test_a_run_that_waits_keeps_nothing_of_the_callers_arguments_alive() -> None:
    with holding() as held:
        migration, seam, runs = beside(lambda parcel: held(), lambda parcel: 0)
        parcel = Parcel()
        gone = weakref.ref(parcel)
        seam(parcel)
        assert held.began.acquire(timeout=60)
        del parcel
        gc.collect()
        assert gone() is None
    done(migration)
    assert [run.verdict for run in runs] == ["match"]
