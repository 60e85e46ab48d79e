"""What is kept of a whole comparison says the same as its screen, and adds up."""

import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from changeover.evidence.store.records import StoredComparison
from changeover.evidence.store.summary import Timeline, read_record, timeline_data
from changeover.evidence.timeline import SLICES_MAX, Periods, quarter_of
from changeover.record.run import Run
from changeover.values.verdict import Verdict
from tests.changeover.support.evidence_rows import Shadowed
from tests.changeover.support.production_runs import evidence_of
from tests.changeover.support.projects import Shop, shop_in


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return shop_in(tmp_path)


def kept(shop: Shop, *arguments: str, planted: str = "") -> StoredComparison:
    shop.run("compare", *arguments, planted=planted)
    evidence = evidence_of(shop)
    assert evidence.problem is None
    return evidence.corpora[0]


def test_what_is_kept_is_what_was_shown(shop: Shop) -> None:
    corpus = kept(shop, "--runs", "20", "--seed", "3")
    seam = corpus.seams["shelf.refill"]
    assert (corpus.source, corpus.population, corpus.answered_by) == ("days", "generated", "legacy")
    assert corpus.whole
    assert (seam.phase, seam.runs, seam.of(Verdict.MATCH), seam.gave_up) == ("shelf", 20, 20, 0)
    assert corpus.tags == {"short": 16, "full": 4}
    assert corpus.summary.missing_tags == ("sold-out",)
    assert (corpus.summary.seed, corpus.summary.cases, corpus.summary.unit) == (3, 20, "days")
    assert (corpus.summary.first, corpus.summary.last) == ("day-01", "day-20")
    assert 0 < corpus.distinct_worlds <= 20
    assert corpus.distinct_diverged == 0
    assert set(corpus.own_times) == {"shelf"}
    assert 0 < len(corpus.summary.own_time.pairs) <= 200


def test_effects_clusters_and_periods_add_up(shop: Shop) -> None:
    corpus = kept(shop, planted="whole")
    seam = corpus.seams["shelf.refill"]
    assert seam.of(Verdict.UNSAFE) == seam.runs == 50
    order = next(line for line in corpus.effects if line.name == "depot.order")
    assert order.asked == 50
    assert order.performed == order.equal + order.changed
    assert order.asked - order.equal - order.changed == 10
    cells = corpus.summary.periods.seams["shelf.refill"]
    assert sum(cell.runs for cell in cells) == sum(cell.diverged for cell in cells) == 50
    assert {cell.worst for cell in cells} == {"unsafe"}
    assert len(cells) == len(corpus.summary.periods.labels) <= SLICES_MAX
    assert {one.state for one in corpus.clusters} == {"new"}
    again = kept(shop, planted="whole")
    assert {one.state for one in again.clusters} == {"open"}
    kept(shop)
    assert {one.state for one in evidence_of(shop).corpora[1].clusters} == {"fixed"}
    assert {one.state for one in kept(shop, planted="whole").clusters} == {"regressed"}


def test_what_could_not_be_compared_is_kept_with_its_reason(shop: Shop) -> None:
    corpus = kept(shop, planted="question")
    (reason,) = corpus.summary.not_compared
    assert reason.seam == "shelf.refill"
    assert reason.reason.startswith("read-missing: depot.held")
    assert (reason.runs, reason.example) == (50, "days/day-01")
    assert corpus.tags == {}


def test_rules_are_kept_with_what_they_accepted(shop: Shop) -> None:
    (shop.root / "migration" / "rules.toml").write_text(
        '[[rule]]\npath = "result.cost"\nabs = "2"\nreason = "rounding"\n'
        '[[rule]]\npath = "result.nothing"\nabs = "2"\nreason = "never"\n'
    )
    corpus = kept(shop, planted="dear")
    (rule,) = corpus.summary.rules or ()
    assert (rule.path, rule.says, rule.reason) == ("result.cost", "abs 2", "rounding")
    assert (rule.runs, rule.hits, rule.differing, rule.largest) == (50, 50, 50, "1.00")
    assert corpus.summary.unused_rules == ("result.nothing",)


@pytest.mark.parametrize(
    ("arguments", "partial"),
    [
        ([], False),
        (["--runs", "60"], False),
        (["--runs", "5"], True),
        (["--noise"], True),
        (["--run", "days/day-03"], True),
    ],
)
def test_less_than_the_whole_source_is_partial(shop: Shop, arguments: list[str], partial: bool) -> None:
    app = (shop.root / "shop.py").read_text()
    (shop.root / "shop.py").write_text(app.replace('unit="days")', 'unit="days", count=lambda options: 50)'))
    corpus = kept(shop, *arguments)
    assert (corpus.partial, corpus.summary.noise) == (partial, arguments == ["--noise"])
    assert corpus.whole


def test_one_that_stops_at_the_first_difference_does_not_come_to_its_end(shop: Shop) -> None:
    corpus = kept(shop, "--fail-fast", planted="whole")
    assert (corpus.whole, corpus.summary.stopped) == (False, "fail-fast")


@pytest.mark.parametrize("arguments", [["--runs", "5"], ["--runs", "50"], ["--runs", "60"]])
def test_of_a_source_that_does_not_say_how_many_there_are_some_are_a_part(
    shop: Shop, arguments: list[str]
) -> None:
    assert kept(shop, *arguments).partial
    assert not kept(shop).partial


def test_secrets_of_the_environment_stand_in_no_part_of_a_store(shop: Shop) -> None:
    app = (shop.root / "shop.py").read_text()
    (shop.root / "shop.py").write_text(
        app.replace('f"{item}: {missing}"', 'os.environ["DEPOT_TOKEN"] + item')
    )
    answer = shop.run("compare", planted="whole", DEPOT_TOKEN="hunter-22-secret")
    assert answer.code == 1
    assert b"hunter-22-secret" not in (shop.root / ".changeover" / "evidence.db").read_bytes()
    assert "hunter-22-secret" not in answer.out + answer.err


def a_matching_run(folder: Path) -> Run:
    runs: list[Run] = []
    Shadowed(folder, store="none", sink=runs.append).pay("ann")
    return runs[0]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return a_matching_run(tmp_path_factory.mktemp("program"))


@given(cases=st.integers(1, 300))
def test_slices_are_few_of_one_length_and_lose_no_run(cases: int, run: Run) -> None:
    periods = Periods()
    for number in range(cases):
        periods.add(f"case {number}", [run])
    timeline = periods.timeline(["till.pay"])
    cells = timeline.seams["till.pay"]
    assert len(cells) == len(timeline.labels) <= SLICES_MAX
    assert sum(cell.runs for cell in cells) == cases
    assert len({cell.runs for cell in cells[:-1]}) <= 1
    assert cells[-1].runs <= cells[0].runs


def test_cases_named_after_days_are_told_by_quarter(run: Run) -> None:
    periods = Periods()
    for number in range(0, 400, 10):
        periods.add(f"session {date(2011, 1, 3) + timedelta(days=number)}", [run])
    data = json.loads(json.dumps(timeline_data(periods.timeline(["till.pay", "never"]))))
    assert timeline_data(read_record(Timeline, data)) == data
    assert {label.year for label in read_record(Timeline, data).labels} == {2011, 2012}
    assert data["labels"] == ["2011 Q1", "2011 Q2", "2011 Q3", "2011 Q4", "2012 Q1"]
    assert sum(cell[1] for cell in data["seams"]["till.pay"]) == 40
    assert data["seams"]["never"] == [[None, 0, 0]] * 5
    periods.add("a case without a day", [run])
    assert len(periods.timeline(["till.pay"]).labels) == 21
    assert quarter_of("order 20111-03-99") is None
