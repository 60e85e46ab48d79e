"""Every cluster that is known has a state, and says when it was seen first and last."""

from datetime import timedelta

import pytest

from changeover.gate.seen_clusters import ClusterState, seen_clusters, state_among
from changeover.values.verdict import Verdict
from tests.changeover.support.gate_inputs import (
    CODE,
    NOW,
    SAFE,
    SEAMS,
    UNSAFE,
    cluster,
    corpus,
    passing,
    run,
    waiver,
)

OLD, OLDER = "1" * 64, "0" * 64


@pytest.mark.parametrize(
    ("having", "state"),
    [
        ({CODE}, ClusterState.NEW),
        ({OLD, CODE}, ClusterState.OPEN),
        ({OLDER, CODE}, ClusterState.REGRESSED),
        ({OLDER, OLD}, ClusterState.FIXED),
    ],
)
def test_codes_that_came_one_after_the_other_say_what_became_of_it(
    having: set[str | None], state: ClusterState
) -> None:
    assert state_among([OLDER, OLD, CODE], having, CODE) is state


def test_of_code_that_was_not_compared_nothing_is_known() -> None:
    assert state_among([OLDER, OLD], {OLD}, CODE) is ClusterState.UNKNOWN


def test_production_and_comparisons_are_told_together() -> None:
    differing = [
        run(day, verdict=Verdict.DIVERGED, clusters=(SAFE,), at=NOW - timedelta(days=day)) for day in (1, 4)
    ]
    alike = run(2)
    case = passing().but_runs([*differing, alike])
    case = case.but_corpus(clusters=(cluster(SAFE, state="new"),), at=NOW - timedelta(days=9))
    (one,) = seen_clusters(case.inputs)
    assert (one.state, one.runs, one.sources) == (ClusterState.NEW, 2, ("production", "history"))
    assert (one.first, one.last) == (NOW - timedelta(days=9), NOW - timedelta(days=1))
    assert (one.seam, one.place, one.kind) == (SEAMS[0], "result.total", "value")


def test_what_is_there_comes_first_and_effects_before_results() -> None:
    differing = [
        run(1, verdict=Verdict.DIVERGED, clusters=(SAFE,)),
        run(2, verdict=Verdict.UNSAFE, clusters=(UNSAFE,), unsafe=(UNSAFE,)),
        run(3, verdict=Verdict.DIVERGED, clusters=("cc" * 32,), code=OLD, at=NOW - timedelta(days=200)),
    ]
    found = seen_clusters(passing().but_runs(differing).inputs)
    assert [(one.digest[:2], one.state, one.is_unsafe) for one in found] == [
        ("bb", ClusterState.NEW, True),
        ("aa", ClusterState.NEW, False),
        ("cc", ClusterState.FIXED, False),
    ]


def test_a_waived_cluster_says_so() -> None:
    differing = [run(1, verdict=Verdict.WAIVED, clusters=(SAFE,))]
    case = passing().but_runs(differing).but(waivers=(waiver(SAFE),))
    (one,) = seen_clusters(case.inputs)
    assert one.is_waived


def test_what_an_earlier_comparison_of_a_source_found_is_superseded() -> None:
    later = corpus(number=2, clusters=(cluster(SAFE, state="open"),))
    earlier = corpus(number=1, at=NOW - timedelta(days=3), clusters=(cluster(SAFE, state="new"),))
    case = passing().but_evidence(corpora=(later, earlier))
    (one,) = seen_clusters(case.inputs)
    assert one.state is ClusterState.OPEN
