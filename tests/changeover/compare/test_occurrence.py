"""Clusters are told in the order in which a case meets them, below each what never occurs without it."""

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from changeover.compare.clusters import Cluster, Clusters, RunFound, RunOccurrence
from changeover.compare.provenance import Sighting
from changeover.evidence.run_record import SmallestRun
from changeover.values.divergence import Divergence, Kind
from changeover.views.layout import WIDTH, Screen
from changeover.views.text.differences import cluster_lines
from tests.changeover.support.projects import shop_in
from tests.changeover.support.shop_runs import Answer, Office


def office_that_owes_fourfold(*, settles_less_from: int = 0, forgets_debts_of: str = "") -> Office:
    """A wrong amount of the inner seam, and on the cases that are asked for a wrong payment after it."""

    def owed(name: str) -> Decimal:
        amount = office.till.balance(name)
        return amount if name == forgets_debts_of else 4 * amount

    def settle(name: str) -> Answer:
        amount = office.till.balance(name)
        number = int(name.removeprefix("guest "))
        wrong = number >= settles_less_from or name == forgets_debts_of
        if amount > 0:
            office.till.pay(name, amount / 2 if wrong else amount)
        return {"name": name, "settled": amount / 2 if wrong else max(amount, Decimal(0))}

    office = Office(owed=owed, settle=settle)
    return office


def told(clusters: tuple[Cluster, ...]) -> list[tuple[str, str]]:
    return [(one.fingerprint.seam, one.fingerprint.place) for one in clusters]


def test_what_an_inner_seam_gave_is_met_before_the_effect_that_follows_and_the_result_around_it() -> None:
    clusters = office_that_owes_fourfold().corpus().clusters
    assert told(clusters) == [
        ("desk.owed", "result"),
        ("desk.settle", "effects.till.pay[*].amount"),
        ("desk.settle", "result.settled"),
    ]
    first, *others = clusters
    assert first.root is None
    assert {one.root for one in others} == {first.fingerprint}


def test_a_result_is_met_after_the_calls_of_its_run_also_where_other_cases_have_more_calls() -> None:
    clusters = Clusters()
    for number, calls in enumerate((3, 30, 30)):
        occurrence = RunOccurrence(
            tuple((1, False, call, 1) for call in range(1, calls + 1)), (1, True, calls, 1)
        )
        late = replace(found(PLACES[0])[0], position=calls)
        differing = (late,) if calls > 3 else (late, *found(PLACES[3]))
        clusters.add(RunFound(str(number), "s", differing, occurrence=occurrence))
    assert [place for _, place in told(clusters.found)] == [PLACES[0], PLACES[3]]


def test_a_cluster_of_some_of_the_cases_stands_below_one_of_them_all() -> None:
    owed, paid, settled = office_that_owes_fourfold(settles_less_from=9).corpus().clusters
    assert (owed.runs, paid.runs, settled.runs) == (15, 9, 9)
    assert (owed.root, paid.root, settled.root) == (None, owed.fingerprint, owed.fingerprint)
    assert owed.fingerprint in paid.always_with


def test_what_occurs_once_without_the_other_stands_by_itself() -> None:
    office = office_that_owes_fourfold(settles_less_from=9, forgets_debts_of="guest 1")
    owed, paid, settled = office.corpus().clusters
    assert (owed.root, paid.root, settled.root) == (None, None, paid.fingerprint)


def test_the_screen_shows_the_first_and_one_of_each_effect_and_result_below_it() -> None:
    corpus = office_that_owes_fourfold().corpus()
    owed, paid, settled = corpus.clusters
    assert cluster_lines(corpus.clusters, corpus.smallest, Screen()) == [
        "3 clusters, in the order in which a run meets them; below each, what never occurs without it",
        "",
        f"{owed.id}   desk.owed                    result",
        "         value, larger                      0.25 -> 1.00",
        "         15 of 20 runs; smallest desk/case-01",
        "",
        f"    {paid.id}   desk.settle                  effects  till.pay[*].amount    UNSAFE",
        "             effect-changed, smaller            0.25 -> 0.125",
        "             15 runs, every run that has till.pay; smallest desk/case-01",
        "",
        f"    {settled.id}   desk.settle                  result.settled",
        "             value, smaller                     0.25 -> 0.125",
        "             15 of 20 runs; smallest desk/case-01",
    ]


PLACES = ("effects.till.pay[*].amount", "effects.till.pay[*].name", "effects.till.refund[*].name", "result.a")


def found(*places: str) -> tuple[Divergence, ...]:
    kinds = {place: Kind.EFFECT_CHANGED if place.startswith("effects") else Kind.VALUE for place in places}
    return tuple(
        Divergence(place, kinds[place], 1, 2, position=number if place.startswith("effects") else None)
        for number, place in enumerate(places, start=1)
    )


def test_what_is_not_shown_below_is_counted_with_its_unsafe_ones() -> None:
    clusters = Clusters()
    clusters.add(RunFound("1", "s", found(*PLACES, "result.b")))
    clusters.add(RunFound("2", "s", found(PLACES[0])))
    lines = cluster_lines(clusters.found, {}, Screen())
    first = clusters.found[0]
    result = next(one for one in clusters.found if one.fingerprint.place.startswith("result"))
    assert [line for line in lines if "result." in line] == [
        f"    {result.id}   {'s':<28} {result.fingerprint.place}"
    ]
    assert lines[-1] == (
        f"    2 more never without {first.id}, 1 of them UNSAFE: changeover explain {first.id}"
    )


def test_an_effect_is_shown_below_however_many_results_are_met_before_it() -> None:
    clusters = Clusters()
    for number in range(8):
        result = found(PLACES[3])
        clusters.add(
            RunFound("1", f"s{number}", result, occurrence=RunOccurrence((), (number, True, number, number)))
        )
    clusters.add(
        RunFound("1", "s9", found(PLACES[0]), occurrence=RunOccurrence(((9, False, 9, 9),), (9, True, 9, 9)))
    )
    text = "\n".join(cluster_lines(clusters.found, {}, Screen()))
    assert f"    {clusters.found[-1].id}   s9" in text
    assert "more never without" in text


def test_what_stands_below_is_no_wider_than_the_hand() -> None:
    clusters = Clusters()
    long = Divergence(
        "effects.till.pay" + "[*].amount" * 30, Kind.EFFECT_CHANGED, "a" * 90, "b" * 90, position=2
    )
    clusters.add(RunFound("1" * 90, "s" * 90, (*found(PLACES[2]), long)))
    example = SmallestRun(1, Sighting("x" * 200, "y"), ())
    seen = dict.fromkeys((one.fingerprint for one in clusters.found), example)
    lines = cluster_lines(clusters.found, seen, Screen())
    assert max(map(len, lines)) <= WIDTH


@given(st.lists(st.frozensets(st.sampled_from(PLACES)), max_size=12))
def test_a_root_is_met_earlier_and_is_in_every_case_of_what_stands_below(cases: list[frozenset[str]]) -> None:
    clusters = Clusters()
    for number, places in enumerate(cases):
        clusters.add(RunFound(str(number), "s", found(*sorted(places))))
    of = {place: {number for number, places in enumerate(cases) if place in places} for place in PLACES}
    met: dict[object, Cluster] = {}
    for cluster in clusters.found:
        mine = of[cluster.fingerprint.place]
        around = [one for one in met.values() if mine <= of[one.fingerprint.place]]
        assert (cluster.root is None) == (not around)
        if cluster.root is not None:
            assert met[cluster.root].root is None
            assert mine <= of[met[cluster.root].fingerprint.place]
        met[cluster.fingerprint] = cluster


def test_explain_lists_what_stands_below_a_cluster_and_names_what_is_met_first(tmp_path: Path) -> None:
    shop = shop_in(tmp_path)
    assert shop.run("compare", planted="whole").code == 1
    comparison = json.loads(shop.run("explain", "--format", "json").out)
    below_of: dict[str, list[str]] = {}
    for one in comparison["clusters"]:
        below_of.setdefault(one["root"] or one["id"], []).append(one["id"])
    first, *others = next(iter(below_of.values()))
    assert others
    listed = shop.run("explain").out.splitlines()
    assert [line[:8].rstrip() for line in listed if "runs" in line] == [
        name if name in below_of else f"  {name}" for names in below_of.values() for name in names
    ]
    head = shop.run("explain", first).out
    below = head.partition("\nnever without it\n")[2].partition("\n\n")[0].splitlines()
    assert [line.split()[0] for line in below] == others
    assert f"\nnever without {first}, which is met first" in shop.run("explain", others[0]).out
    assert json.loads(shop.run("explain", first, "--format", "json").out)["below"] == others
