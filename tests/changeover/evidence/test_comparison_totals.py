from decimal import Decimal
from logging import getLogger

import pytest

from changeover import Migration
from changeover.evidence.comparison_totals import Corpus
from changeover.record.run import Run
from changeover.values.observation import Side
from tests.changeover.support.shop_runs import Answer, Office


def office_that_pays_fourfold() -> Office:
    def settle(name: str) -> Answer:
        amount = office.owed(name)
        if amount > 0:
            office.till.pay(name, 4 * amount)
        return {"name": name, "settled": max(amount, Decimal(0))}

    office = Office(settle=settle)
    return office


def office_that_forgets() -> Office:
    def settle(name: str) -> Answer:
        return {"name": name, "settled": max(office.owed(name), Decimal(0))}

    office = Office(settle=settle)
    return office


def office_that_asks_something_else() -> Office:
    office = Office(owed=lambda name: office.till.balance(f"the {name}"))
    return office


def office_that_pays_always() -> Office:
    def settle(name: str) -> Answer:
        amount = office.owed(name)
        office.till.pay(name, amount)
        return {"name": name, "settled": amount}

    office = Office(settle=settle)
    return office


PLANTED = [
    Office,
    office_that_pays_fourfold,
    office_that_forgets,
    office_that_asks_something_else,
    office_that_pays_always,
]


@pytest.mark.parametrize("make", PLANTED)
@pytest.mark.parametrize("answer", list(Side))
def test_rows_columns_and_effects_add_up(make: type[Office], answer: Side) -> None:
    corpus = make().corpus(answer=answer)
    columns = ("runs", "match", "tolerated", "waived", "diverged", "not_compared")
    for tally in [*corpus.seams.values(), corpus.total]:
        assert (
            tally.runs == tally.match + tally.tolerated + tally.waived + tally.diverged + tally.not_compared
        )
    for column in columns:
        assert getattr(corpus.total, column) == sum(getattr(tally, column) for tally in corpus.seams.values())
    for line in corpus.effects.lines:
        assert line.asked == line.equal + line.changed + line.only_asked
        assert line.performed == line.equal + line.changed + line.only_performed
        assert min(line.only_asked, line.only_performed, line.equal, line.changed) >= 0
        assert line.one_side == line.only_asked + line.only_performed
    assert sum(reason.runs for reason in corpus.not_compared.reasons) == corpus.total.not_compared


@pytest.mark.parametrize("make", PLANTED)
def test_only_the_answering_path_pays_whatever_the_other_does(make: type[Office]) -> None:
    office = make()
    office.corpus()
    assert office.till.paid == [(f"guest {n}", Decimal(n) / 4) for n in range(1, 21) if n % 4]


def test_an_effect_of_an_inner_seam_is_counted_once() -> None:
    office = Office()
    settle = office.settle
    office.settle = office.migration.seam(
        "desk.day", legacy=lambda name: settle(name), candidate=lambda name: settle(name)
    )
    corpus = office.corpus()
    (line,) = corpus.effects.lines
    assert (line.name, line.performed, line.asked, line.equal) == ("till.pay", 15, 15, 15)
    assert corpus.total.runs == 60


def test_one_run_that_could_not_be_compared_keeps_the_corpus_from_passing() -> None:
    def owed(name: str) -> Decimal:
        return office.till.balance("nobody" if name == "guest 7" else name)

    office = Office(owed=owed)
    corpus = office.corpus()
    assert (corpus.total.match, corpus.total.failed) == (39, 1)
    assert corpus.distinct_worlds == 19
    assert corpus.exit_code == 3


def test_a_changed_effect_is_unsafe_and_named_where_it_is_met() -> None:
    corpus = office_that_pays_fourfold().corpus()
    assert corpus.seams["desk.settle"].unsafe == 15
    assert corpus.seams["desk.owed"].diverged == 0
    (cluster,) = corpus.clusters
    assert cluster.fingerprint.place == "effects.till.pay[*].amount"
    assert (cluster.runs, cluster.reachable) == (15, 15)
    assert corpus.exit_code == 1


def test_an_effect_too_many_is_asked_by_one_side_and_refused() -> None:
    corpus = office_that_pays_always().corpus()
    (line,) = corpus.effects.lines
    assert (line.performed, line.asked, line.only_asked, line.refused) == (15, 20, 5, 5)


def test_what_could_not_be_compared_shows_both_questions_and_is_inconclusive() -> None:
    corpus = office_that_asks_something_else().corpus()
    assert corpus.exit_code == 3
    (inner,) = corpus.not_compared.reasons
    assert (inner.seam, inner.reason, inner.place, inner.runs) == (
        "desk.owed",
        "read-missing",
        "till.balance",
        20,
    )
    assert inner.asked is not None
    assert inner.recorded is not None
    assert inner.asked.arguments == {"name": "the guest 1"}
    assert inner.recorded.arguments == {"name": "guest 1"}
    assert corpus.seams["desk.settle"].match == 20  # inside a replayed path the inner seam answers by legacy
    assert corpus.distinct_worlds == 0


def test_cases_that_saw_the_same_world_count_as_one() -> None:
    office = Office()
    source = office.source(8)
    corpus = office.corpus(8)
    assert source.name == "desk"
    assert corpus.distinct_worlds == 8  # each guest has a name of its own
    assert corpus.distinct_diverged == 0


def test_tags_that_were_required_and_not_seen_are_missing() -> None:
    corpus = Office().corpus()
    assert corpus.tags == {"debt": 15, "none": 5}
    assert corpus.missing_tags == ("refund",)


def test_a_read_that_only_one_path_asks_for_is_advice() -> None:
    def settle(name: str) -> Answer:
        office.till.credit(name)
        return office.legacy_settle(name)

    office = Office()
    office.migration.seams["desk.settle"].paths[Side.LEGACY] = settle
    corpus = office.corpus()
    (read,) = corpus.one_sided_reads
    assert (read.seam, read.method, read.asked_by, read.runs) == (
        "desk.settle",
        "till.credit",
        Side.LEGACY,
        20,
    )
    assert corpus.exit_code == 0


def test_a_reference_that_always_raises_shows_nothing() -> None:
    def refuse(name: str) -> Answer:
        raise LookupError(name)

    office = Office(settle=refuse)
    office.migration.seams["desk.settle"].paths[Side.LEGACY] = refuse
    corpus = office.corpus()
    assert "desk.settle" in corpus.gave_up
    assert corpus.exit_code == 3


def test_a_reference_that_gave_nothing_in_most_cases_is_counted() -> None:
    """A mail about the crash is no sign of life."""
    office = Office(settle=lambda name: {"name": name, "settled": office.owed(name)})

    def dead_mostly(name: str) -> Answer | None:
        if name.endswith("7"):
            return office.legacy_settle(name)
        office.till.balance(name)
        office.till.pay("operator", Decimal(1))
        return None

    office.migration.seams["desk.settle"].paths[Side.LEGACY] = dead_mostly
    tally = office.corpus().seams["desk.settle"]
    assert (tally.gave_up, tally.compared, tally.reference_mostly_gave_nothing) == (18, 20, True)


def test_a_path_that_acts_and_gives_none_on_both_sides_gave_something() -> None:
    office = Office()

    def pays(name: str) -> None:
        office.till.pay(name, Decimal(1))

    for side in Side:
        office.migration.seams["desk.settle"].paths[side] = pays
    assert office.corpus().seams["desk.settle"].gave_up == 0


def test_a_program_that_is_not_deterministic_differs_from_itself() -> None:
    calls: list[str] = []

    def settle(name: str) -> Answer:
        calls.append(name)
        return {"name": name, "settled": Decimal(len(calls)), "owed": office.owed(name)}

    office = Office()
    office.migration.seams["desk.settle"].paths[Side.LEGACY] = settle
    corpus = office.corpus(noise=True)
    assert corpus.seams["desk.settle"].diverged == 20
    assert office.migration.seams["desk.settle"].paths.get(Side.CANDIDATE) == office.legacy_settle


def test_a_seam_that_was_never_crossed_keeps_the_corpus_from_passing() -> None:
    office = Office()
    office.migration.seam("desk.close", legacy=lambda: None, candidate=lambda: None)
    corpus = office.corpus()
    assert corpus.seams["desk.close"].runs == 0
    assert corpus.exit_code == 3


def test_no_run_at_all_is_inconclusive() -> None:
    assert Corpus().exit_code == 3
    assert Corpus().rate_bound() == 1.0


def test_after_a_comparison_the_programs_own_runtime_is_in_place_again() -> None:
    office = Office()
    runtime = office.migration.runtime
    office.corpus()
    assert runtime.active is runtime
    assert not runtime.active.is_comparison
    assert office.migration.stages().settings["desk.settle"].stage == "off"


def test_a_comparison_has_a_runtime_of_its_own_and_gives_way_when_it_is_broken_off() -> None:
    runtime = Office().migration.runtime
    before = dict(vars(runtime))
    own = runtime.with_(is_comparison=True, sink=None, population="generated")

    def broken_off() -> None:
        with runtime.replaced_by(own):
            assert runtime.active is own
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken_off()
    assert runtime.active is runtime
    assert vars(runtime) == before


def test_where_the_candidate_answers_its_effects_are_the_ones_performed() -> None:
    corpus = office_that_pays_always().corpus(answer=Side.CANDIDATE)
    (line,) = corpus.effects.lines
    assert (line.performed, line.asked, line.only_performed, line.only_asked) == (20, 15, 5, 0)


def test_a_read_that_one_path_asks_for_now_and_then_is_no_advice() -> None:
    def settle(name: str) -> Answer:
        if name == "guest 4":
            office.till.credit(name)
        return office.legacy_settle(name)

    office = Office()
    office.migration.seams["desk.settle"].paths[Side.LEGACY] = settle
    assert office.corpus().one_sided_reads == ()


def test_a_read_that_a_path_did_not_reach_in_runs_that_differ_is_no_advice() -> None:
    def settle(name: str) -> Answer:
        raise LookupError(name)

    corpus = Office(settle=settle).corpus()
    assert corpus.seams["desk.settle"].diverged == 20
    assert corpus.one_sided_reads == ()


class Prices:
    """Asked for one stock, or for more."""

    def price(self, stock: str) -> Decimal:
        return Decimal(len(stock))


def test_where_a_value_was_seen_before_and_what_was_logged_are_those_of_the_run_that_is_shown() -> None:
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append, refresh_s=0)
    prices = Prices()
    migration.port("prices", Prices, reads=["price"])

    def dearest(stocks: list[str]) -> str:
        for one in stocks:
            prices.price(one)
        return "none"

    def first(stocks: list[str]) -> str:
        dearest(stocks)
        getLogger("shop").warning("the first of %s", len(stocks))
        return stocks[0]

    seam = migration.seam("s", legacy=dearest, candidate=first)
    for stocks in (["S1", "S2", "S3"], ["S4", "S5"], ["S6", "S7"], ["S8", "S9", "S10"]):
        seam(stocks)
    corpus = Corpus()
    for number, run in enumerate(runs):
        corpus.add(f"days/{number}", [run])
    (cluster,) = corpus.clusters
    example = corpus.smallest[cluster.fingerprint]
    assert (cluster.smallest.run, cluster.smallest.divergence.candidate) == ("days/1", "S4")
    assert str(corpus.sighting_of(cluster)) == "S4 is argument stocks[0]"
    assert [line.text for _, line in example.logged] == ["the first of 2"]
