"""What a store promises, whichever it is: each test runs on a file and on a database."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from changeover.evidence.comparison_writer import ComparisonWriter, has_differences
from changeover.evidence.store import tapes
from changeover.evidence.store import writing as row_writing
from changeover.evidence.store.lookup import Archive
from changeover.evidence.store.maintenance import StoreLimits, prune, prune_store
from changeover.evidence.store.place import StorePlace
from changeover.evidence.store.reading import read_cluster
from changeover.evidence.store.records import StoredCluster, StoredComparison
from changeover.evidence.store.store import keep_review, read_evidence, writing
from changeover.evidence.store.tapes import without_known_tapes
from changeover.evidence.store.writing import REVIEWS_KEPT_MAX, add_runs, renew_runs
from changeover.evidence.tallies import SeamTally
from changeover.values.verdict import Verdict
from tests.changeover.evidence.test_store import CLUSTER, a_review
from tests.changeover.support.counted_runs import runs_in
from tests.changeover.support.evidence_rows import BEGAN, a_run, store_of


def test_runs_come_back_as_they_were_the_latest_first(place: StorePlace) -> None:
    store_of(
        place,
        a_run(1, tags=("a",), key="k", renewed_at=datetime(2026, 4, 1, tzinfo=UTC), gave_up=True),
        a_run(
            2,
            verdict=Verdict.UNSAFE,
            clusters=("ab", "cd", "more"),
            unsafe=("ab",),
            reason="half a \udc80 character",
        ),
    )
    latest, earliest = runs_in(place)
    assert (earliest.tags, earliest.at) == (("a",), BEGAN + timedelta(minutes=1))
    assert earliest.renewed_at == datetime(2026, 4, 1, tzinfo=UTC)
    assert (earliest.gave_up, earliest.reason) == (True, None)
    assert (latest.verdict, latest.clusters, latest.unsafe) == (Verdict.UNSAFE, ("ab", "cd", "more"), ("ab",))


def test_reviews_come_back_once_and_the_oldest_are_forgotten(place: StorePlace) -> None:
    assert keep_review(place, a_review(1)) is None
    assert keep_review(place, a_review(1)) is None
    assert read_evidence(place).reviews == (a_review(1),)
    with writing(place) as connection:
        for number in range(REVIEWS_KEPT_MAX):
            connection.execute(
                "INSERT INTO reviews (kind, name, at, code, rules, answer, found, body)"
                " SELECT kind, ?, at, code, rules, answer, found, body FROM reviews LIMIT 1",
                (str(number),),
            )
    keep_review(place, a_review(2))
    assert len(read_evidence(place).reviews) == REVIEWS_KEPT_MAX


def test_of_forgotten_comparisons_it_is_still_known_what_they_found(
    place: StorePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_writing, "CORPORA_KEPT_MAX", 3)
    for number in range(8):
        keeper = ComparisonWriter(place, pytest.fail)
        begun = StoredComparison(0, BEGAN + timedelta(hours=number), "days", "generated", "c", "r")
        keeper.begin(begun)
        keeper.keep(a_run(number, id=f"run {number:02}"))
        found = (cluster(),) if number in (1, 7) else ()
        seams = {"till.pay": SeamTally("till.pay", "till", {Verdict.MATCH: 1})}
        keeper.end(replace(begun, whole=True, seams=seams, clusters=found))
    evidence = read_evidence(place)
    assert len(evidence.corpora) == 3
    assert [one.state for one in evidence.corpora[0].clusters] == ["regressed"]
    assert Archive(place).runs("run 01") == []
    assert evidence.groups == ()


def cluster() -> StoredCluster:
    return read_cluster("a" * 64, CLUSTER)


def test_age_and_number_are_bounded_the_oldest_go_and_are_counted(place: StorePlace) -> None:
    store_of(place, *map(a_run, range(20)))
    with writing(place) as connection:
        prune(connection, StoreLimits(BEGAN + timedelta(minutes=5), runs_max=10))
    evidence = read_evidence(place)
    assert [run.id for run in runs_in(place)] == [a_run(number).id for number in range(19, 9, -1)]
    assert evidence.pruned == 10


def test_one_write_forgets_only_so_much(place: StorePlace) -> None:
    store_of(place, *map(a_run, range(20)))
    with writing(place) as connection:
        prune(connection, StoreLimits(BEGAN + timedelta(days=1)), most=3)
    assert len(runs_in(place)) == 17


def test_when_space_is_short_values_go_first_then_tapes_then_runs(place: StorePlace) -> None:
    runs = [a_run(number, body="x" * 9_000, tape=b"y" * 9_000) for number in range(30)]
    store_of(place, *runs)
    with writing(place) as connection:
        full = connection.used_bytes(exact=True)
    done = prune_store(place, StoreLimits(BEGAN, bytes_max=full - 50_000), corpora_too=False, dry_run=False)
    assert (done.bodies, done.tapes, done.runs) == (30, 0, 0)
    done = prune_store(place, StoreLimits(BEGAN, bytes_max=full // 3), corpora_too=False, dry_run=False)
    assert (done.bodies, done.tapes, done.runs) == (0, 30, 0)
    with writing(place) as connection:
        assert connection.used_bytes(exact=True) < full // 3
    done = prune_store(place, StoreLimits(BEGAN, bytes_max=0), corpora_too=False, dry_run=True)
    assert done.runs == 30
    assert len(runs_in(place)) == 30


def test_a_run_that_is_written_again_takes_the_place_of_the_first(place: StorePlace) -> None:
    store_of(place, a_run(1), a_run(2))
    store_of(place, a_run(1, verdict=Verdict.DIVERGED, code=None))
    assert [(run.id, run.verdict, run.code) for run in runs_in(place)] == [
        (a_run(2).id, Verdict.MATCH, "c"),
        (a_run(1).id, Verdict.DIVERGED, None),
    ]


def test_of_a_write_that_fails_nothing_stays(place: StorePlace) -> None:
    store_of(place, a_run(1))

    def fail_at_the_end() -> None:
        with writing(place) as connection:
            add_runs(connection, [a_run(2)])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_at_the_end()
    assert [run.id for run in runs_in(place)] == [a_run(1).id]


def test_texts_of_programs_come_back_whatever_stands_in_them(place: StorePlace) -> None:
    odd = "zero \0 half \udc80 mark ? percent %s quote ' \" ü 🦊"
    kept = odd.replace("\0", "\\u0000").replace("\udc80", "\\udc80")
    store_of(
        place, a_run(1, name=odd, key=odd, correlation_id=odd, reason=odd, tags=(odd,), tape=b"\0\xff%?")
    )
    (run,) = Archive(place).runs(kept)
    assert (run.name, run.key, run.correlation_id, run.reason) == (kept,) * 4
    assert runs_in(place)[0].tags == (odd,)


def test_runs_are_found_by_name_by_the_beginning_of_their_identifier_and_by_cluster(
    place: StorePlace,
) -> None:
    differing = {"verdict": Verdict.UNSAFE, "clusters": ("abcd", "ef01"), "unsafe": ("abcd",)}
    store_of(
        place, a_run(1, name="one"), a_run(2, name="two", **differing), a_run(3, name="two", **differing)
    )
    archive = Archive(place)
    assert [run.id for run in archive.runs("two")] == [a_run(2).id, a_run(3).id]
    assert [run.id for run in archive.runs(a_run(1).id)] == [a_run(1).id]
    assert [run.id for run in archive.runs("abc")] == [a_run(3).id]
    assert [run.id for run in archive.runs("ef")] == [a_run(3).id]
    assert archive.runs("f0") == []
    assert [run.id for run in archive.whole_runs([a_run(2).id, "none"])] == [a_run(2).id]


def test_of_a_case_the_run_that_differs_is_the_one_that_is_shown(place: StorePlace) -> None:
    writer = ComparisonWriter(place, pytest.fail)
    writer.begin(StoredComparison(0, BEGAN, "days", "generated", None, "r"))
    for number, verdict in enumerate((Verdict.MATCH, Verdict.DIVERGED, Verdict.FAILED)):
        writer.keep(a_run(number, id=f"run {number}", name="case", verdict=verdict))
    writer.flush()
    archive = Archive(place)
    shown = archive.run_of(1, "case", "till.pay")
    assert shown is not None
    assert shown.id == "run 1"
    found = archive.runs_of(1, (Verdict.DIVERGED, Verdict.FAILED), 9)
    assert [run.id for run in found] == ["run 1", "run 2"]
    assert archive.corpora()[0].seams["till.pay"].runs == 3


def test_whether_something_differs_elsewhere_is_known_also_without_a_code(place: StorePlace) -> None:
    store_of(place, a_run(1, verdict=Verdict.UNSAFE, code=None))
    assert has_differences(place, None, "r", "days")
    assert not has_differences(place, "c", "r", "days")
    assert not has_differences(place, None, "other", "days")


def test_a_renewed_run_keeps_its_time_and_what_is_not_there_stays_away(place: StorePlace) -> None:
    store_of(place, a_run(1, key="k", tape=b"tape"))
    again = a_run(1, at=BEGAN, code="d", verdict=Verdict.FAILED, reason="why", renewed_at=BEGAN)
    with writing(place) as connection:
        renew_runs(connection, [again, a_run(2)])
    (run,) = runs_in(place)
    assert (run.at, run.code, run.verdict, run.reason) == (a_run(1).at, "d", Verdict.FAILED, "why")


def test_of_a_world_that_has_a_tape_no_second_one_is_kept(
    place: StorePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    store_of(place, a_run(1, tape=b"1"), a_run(2))
    offered = [
        a_run(3, world=a_run(1).world, tape=b"3"),
        a_run(4, world=a_run(2).world, tape=b"4"),
        a_run(5, world=a_run(2).world, tape=b"5"),
        a_run(6, world=a_run(1).world, tape=b"6", verdict=Verdict.DIVERGED),
        a_run(7, tape=b"7"),
    ]
    with writing(place) as connection:
        assert [run.tape for run in without_known_tapes(connection, offered)] == [
            None,
            b"4",
            None,
            b"6",
            b"7",
        ]
        monkeypatch.setattr(tapes, "TAPES_PER_PHASE_MAX", 2)
        assert [run.tape for run in without_known_tapes(connection, offered)] == [
            None,
            b"4",
            None,
            b"6",
            None,
        ]
