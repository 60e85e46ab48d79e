"""A difference is mended by a comparison that does not find it, never by one that could not compare."""

from dataclasses import replace

import pytest

from changeover.evidence.store.records import FIXED, OPEN, Sightings, StoredComparison, state_of
from changeover.evidence.store.store import read_evidence, writing
from changeover.evidence.store.summary import Summary
from changeover.evidence.store.writing import add_corpus, end_corpus
from changeover.evidence.tallies import SeamTally
from changeover.gate.accepted_blind_spots import KIND
from changeover.values.gate_verdict import Answer
from changeover.values.verdict import Verdict
from tests.changeover.gate.test_what_is_not_forgotten import GOOD, ODD, kept, unsafe
from tests.changeover.support.gate_inputs import SEAMS, cluster, counts, passing

NOT_IN_FULL = [
    {SEAMS[0]: counts(match=50), SEAMS[1]: counts(match=49, failed=1)},
    {SEAMS[0]: counts(match=50), SEAMS[1]: counts(failed=50)},
    {SEAMS[0]: counts(match=50), SEAMS[1]: counts(match=49, unpaired=1)},
]
IDS = ["one failed", "all failed", "one was dropped"]


@pytest.mark.parametrize("seams", NOT_IN_FULL, ids=IDS)
def test_an_unsafe_run_that_could_not_be_compared_later_is_still_unsafe(seams: dict[str, SeamTally]) -> None:
    case = passing().but_evidence(corpora=(kept(2, seams=seams), unsafe(1)))
    assert case.criterion("effects that differ").answer is Answer.FAIL
    again = case.but_evidence(corpora=(kept(3), *case.inputs.evidence.corpora))
    assert again.criterion("effects that differ").answer is Answer.PASS


def test_a_result_that_could_not_be_compared_later_still_differs() -> None:
    odd = kept(1, seams=ODD, clusters=(cluster(runs=1),))
    later = kept(2, seams={SEAMS[0]: counts(match=49, failed=1), SEAMS[1]: counts(match=50)})
    case = passing().but_evidence(corpora=(later, odd))
    assert case.criterion("corpus: divergences").answer is Answer.FAIL


def test_a_failure_in_another_seam_keeps_nothing_open() -> None:
    later = kept(2, seams={SEAMS[0]: counts(match=49, failed=1), SEAMS[1]: counts(match=50)})
    case = passing().but_evidence(corpora=(later, unsafe(1)))
    assert case.criterion("effects that differ").answer is Answer.PASS


@pytest.mark.parametrize(("failed", "state"), [(0, FIXED), (1, OPEN)])
def test_a_cluster_is_fixed_by_a_seam_that_was_compared_in_full(tmp_path, failed: int, state: str) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "evidence.db"
    found = cluster(seam=SEAMS[0])
    later = {SEAMS[0]: SeamTally(SEAMS[0], "desk", {Verdict.MATCH: 5, Verdict.FAILED: failed})}
    for seams, clusters in ((ODD, (found,)), (ODD, (found,)), (later, ())):
        begun = StoredComparison(0, kept(1).at, "history", "recorded", "c", "r", summary=Summary())
        with writing(path) as connection:
            number = add_corpus(connection, begun, lambda data: data)
            done = replace(begun, number=number, whole=True, seams=seams, clusters=clusters)
            end_corpus(connection, done, lambda data: data)
    second = read_evidence(path).corpora[1]
    assert [one.state for one in second.clusters] == [state]


def test_an_older_store_that_says_less_is_read_as_before() -> None:
    first = Sightings(1, "days", True, frozenset({"s"}), {"s": frozenset({"d"})})
    second = Sightings(2, "days", True, frozenset({"s"}))
    assert state_of([first, second], 1, "s", "d") == FIXED


@pytest.mark.parametrize("accepted", [True, False])
def test_looking_for_blind_spots_takes_no_pass_away_where_any_are_allowed(accepted: bool) -> None:
    plain = passing().but_plan('check = ["lint-imports"]', 'check = ["lint-imports"]\nblind_spots = "any"')
    reviews = [one for one in plain.inputs.evidence.reviews if one.kind != KIND]
    before = plain.but_evidence(reviews=tuple(reviews))
    assert before.verdict.answer is Answer.PASS
    old = next(one for one in plain.inputs.evidence.reviews if one.kind == KIND)
    spot = {"seam": SEAMS[0], "place": "result.at", "change": "x", "hidden_by": [], "times": 1}
    found = replace(old, answer="pass" if accepted else "fail", body={"tried": 10, "spots": [spot]})
    after = plain.but_evidence(reviews=(*reviews, found))
    assert after.verdict.answer is Answer.PASS
    assert GOOD
