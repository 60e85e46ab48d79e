"""Replays that reach for the world, the program or their own worker leave nothing, and the queue goes on.

All of them are tried by `python -m tests.sweeps hostile-worker`; here are a dozen.
"""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from changeover.operate.confinement import isolation_here
from tests.changeover.support.hostile_deeds import DEEDS
from tests.changeover.support.hostile_deeds_in_c import DEEDS_IN_C
from tests.changeover.support.hostile_deeds_of_processes import DEEDS_OF_PROCESSES
from tests.changeover.support.hostile_program import CALM, Hostile

NOT_IN_TIME = {
    *("computes for ever", "sleeps for ever", "holds the lock of the interpreter", "stops itself in c"),
    *("works on in a thread that holds the lock", "answers with much", "eats memory"),
}
STAYS = {"writes to memory of the import that is shared"}
FORGED = {
    *("answers for its process", "answers for its process as asked", "writes to every descriptor"),
    *("closes every descriptor", "ends in c"),
}
ALWAYS = sorted(FORGED | {"writes to a connection of the import", "signals the program by a descriptor"})
MENDED_IN_C = ["changes a mode in c", "limits the program in c", "makes shared memory of system v in c"]
ALL = {**DEEDS, **DEEDS_OF_PROCESSES, **DEEDS_IN_C}
SOME = 4


@pytest.fixture
def hostile(tmp_path: Path) -> Iterator[Hostile]:
    made = Hostile(tmp_path)
    try:
        made.start()
        yield made
    finally:
        made.close()


def chosen() -> list[str]:
    """Those that matter most, and some others."""
    has_all = "seccomp" in isolation_here()
    always = [*ALWAYS, *(MENDED_IN_C if has_all else ())]
    left_out = NOT_IN_TIME | STAYS | {*always} | ({*DEEDS_IN_C} if not has_all else set())
    drawn = random.Random(1)  # noqa: S311  (which are tried is no secret)
    return [*always, *drawn.sample(sorted(ALL.keys() - left_out), SOME)]


def test_nothing_is_left_in_the_world_or_in_the_program_that_recorded(hostile: Hostile) -> None:
    names = chosen()
    before = hostile.view()
    for name in names:
        hostile.call(name)
        hostile.call(CALM)

    summary = hostile.work()

    assert hostile.outside.traces() == {}, names
    assert hostile.view() == before, names
    verdicts = {run.key: run.verdict for run in hostile.project.runs}
    assert verdicts.pop(CALM) == "match"
    assert verdicts.keys() == {*names}
    assert {name for name, verdict in verdicts.items() if verdict == "match"} == set()
    # What the net stops before it can forge anything is an effect that legacy has not.
    assert {name for name in FORGED if verdicts[name] not in ("failed", "unsafe")} == set()
    calm = [run.verdict for run in hostile.project.runs if run.key == CALM]
    assert calm == ["match"] * (summary["replayed"] - len(names))
    assert summary["waiting"] == 0


def test_the_queue_goes_on_after_a_replay_that_ends_what_its_process_was_forked_from(
    hostile: Hostile,
) -> None:
    """On a system without the levels that refuse it; its own process ends by that, or a moment later."""
    for name in ("ends what it was forked from in c", CALM):
        hostile.call(name)

    hostile.work(without=("landlock", "seccomp"))

    runs = hostile.project.runs
    assert [run.verdict for run in runs if run.key == CALM] == ["match", "match"]  # the first is of its start
    assert [run.verdict in ("failed", "diverged") for run in runs if run.key != CALM] == [True]
