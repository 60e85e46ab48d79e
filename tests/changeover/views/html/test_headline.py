from dataclasses import replace

import pytest

from changeover.compare.provenance import Sighting
from changeover.evidence.store.records import StoredCluster
from changeover.values.verdict import Verdict
from changeover.views.html.data import ReportData
from changeover.views.html.headline import TEMPLATES, Template, headline, sentence_of, worst_cluster
from tests.changeover.support import report_samples as samples
from tests.changeover.support.report_corpora import ALL_MATCH, cluster, corpus, divergence, row
from tests.changeover.support.sample_run import body, mail

SENTENCES = [
    ("effect-changed", "larger", "The candidate calls till.pay with a larger amount than legacy."),
    ("effect-changed", "smaller", "The candidate calls till.pay with a smaller amount than legacy."),
    ("effect-changed", "non-zero became 0", "The candidate calls till.pay with amount 0."),
    ("effect-changed", "text", "The candidate calls till.pay with another text in amount than legacy."),
    ("effect-changed", "case", "The candidate calls till.pay with another amount than legacy."),
    ("effect-extra", "only in candidate", "The candidate calls till.pay where legacy does not."),
    ("effect-missing", "only in legacy", "The candidate does not call till.pay where legacy does."),
    ("effect-order", "permutation", "The candidate has the same effects as legacy, in another order."),
    ("value", "non-zero became 0", "The candidate's amount is 0 where legacy's is not."),
    ("value", "value became none", "The candidate gives no amount where legacy gives one."),
    ("value", "rounded to 2 places", "The candidate rounds amount, which legacy does not."),
    ("type", "Decimal became float", "The candidate's amount is a float where legacy's is a Decimal."),
    ("missing", "only in legacy", "The candidate leaves out amount."),
    ("extra", "only in candidate", "The candidate adds amount, which legacy does not give."),
    ("row-missing", "only in legacy", "The candidate leaves out rows of amount."),
    ("row-extra", "only in candidate", "The candidate adds rows to amount."),
    ("order", "permutation", "The candidate gives amount in another order."),
    ("tolerance-exceeded", "larger", "The candidate's amount differs by more than its rule accepts."),
    ("handled-twice", "only in candidate", "A handler of the candidate is given Placed twice."),
    ("event-field-lost", "value became none", "The candidate loses amount on the way to Placed."),
    ("error-one-side", "only in candidate", "The candidate raises where legacy answers."),
    ("error-differs", "ValueError became KeyError", "Both paths raise, and not the same exception."),
]


def with_clusters(*clusters: StoredCluster) -> ReportData:
    data = samples.diverging()
    return replace(data, corpus=replace(data.corpus, clusters=clusters))


def at_till(kind: str, pattern: str) -> StoredCluster:
    place = "effects.till.pay[*].amount" if kind.startswith("effect") else "result.lines[*].amount"
    if kind.startswith(("event", "handled")):
        place = "events.orders.Placed.amount"
    return cluster(0, "trading.workflow", place, kind=kind, pattern=pattern)


@pytest.mark.parametrize(("kind", "pattern", "sentence"), SENTENCES)
def test_the_sentence_comes_from_a_table_by_kind_and_pattern(kind: str, pattern: str, sentence: str) -> None:
    found = at_till(kind, pattern)
    assert sentence_of(found, with_clusters(found)) == sentence


@pytest.mark.parametrize(
    "template",
    [one for one in TEMPLATES if "{again}" not in one.sentence],
    ids=lambda one: f"{one.kind} {one.changes[:1]}",
)
def test_every_template_can_be_reached_and_is_one_sentence(template: Template) -> None:
    change = template.changes[0].format(2) if template.changes else "int became str"
    found = at_till(template.kind, change)
    if "{read}" in template.sentence:
        found = replace(found, sighting=Sighting("9", "till.balance(a).sum", "till.balance", 3))
    words = {"call": "till.pay", "name": "amount", "read": "till.balance", "place": found.place}
    words["event"] = "Placed"
    sentence = sentence_of(found, with_clusters(found))
    assert sentence == template.sentence.format(**words, old="int", new="str")
    assert sentence.endswith(".")
    assert sentence.count(". ") == 0


def test_an_effect_that_legacy_has_too_is_said_to_come_again() -> None:
    found = cluster(
        0, "trading.workflow", "effects.notifier.send[*]", kind="effect-extra", pattern="only in candidate"
    )
    content = body()
    content["candidate"]["calls"].append({**mail("SELL 18 SPY"), "position": 11})
    more = divergence("effects.notifier.send[report]", "nothing", "SELL 18 SPY", 11) | {
        "kind": "effect-extra"
    }
    content["divergences"] = [more]
    data = replace(
        with_clusters(found), example=samples.named_run("trading.workflow", Verdict.UNSAFE, content)
    )
    assert sentence_of(found, data) == "The candidate calls notifier.send again, where legacy calls it once."


def test_what_no_template_knows_is_counted_at_its_place() -> None:
    found = at_till("value", "+1")
    assert sentence_of(found, with_clusters(found)) == "618 of 1,951 runs differ at result.lines[*].amount."


def test_braces_in_a_name_are_no_part_of_a_template() -> None:
    found = cluster(0, "trading.workflow", "result.{call}", kind="missing", pattern="only in legacy")
    assert sentence_of(found, with_clusters(found)) == "The candidate leaves out {call}."


def test_an_effect_is_told_before_a_result_and_the_innermost_seam_before_those_around_it() -> None:
    result = cluster(0, "portfolio.rebalance-plan", "result.x", runs=1951)
    outer = cluster(1, "entry.execute-trading", "effects.till.pay[*].amount", kind="effect-changed")
    inner = cluster(2, "trading.workflow", "effects.till.pay[*].amount", kind="effect-changed")
    assert worst_cluster(with_clusters(result, outer, inner)) == inner


def test_a_cause_is_told_before_what_follows_from_it() -> None:
    follows = at_till("effect-changed", "larger")
    example = follows.smallest
    assert example is not None
    caused = replace(example, divergence=replace(example.divergence, consequence_of="effects.a"))
    follows = replace(follows, smallest=caused)
    cause = cluster(1, "trading.workflow", "effects.till.open[*]", kind="effect-extra", name="beef00")
    assert worst_cluster(with_clusters(follows, cause)) == cause


def test_a_match_says_what_is_alike_only_by_a_rule() -> None:
    found = headline(samples.matching())
    assert found.word == "match"
    assert found.sentence == "Nothing differs in 15,608 comparisons of 1,951 sessions."
    assert found.detail.startswith("1,236 are alike only by a rule.")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"code": "f" * 64}, "on other code or rules than today's"),
        ({"rules": "f" * 64}, "on other code or rules than today's"),
        ({"partial": True}, "which is not the whole source"),
        ({"whole": False}, "not all was shown"),
        ({"damaged": ("scenario 7",)}, "not all was shown"),
    ],
)
def test_no_difference_is_no_match_where_something_was_not_shown(
    changes: dict[str, object], said: str
) -> None:
    data = samples.matching()
    found = headline(replace(data, corpus=replace(data.corpus, **changes)))  # type: ignore[arg-type]
    assert found.word == "inconclusive"
    assert said in found.sentence
    assert found.title == "inconclusive · changeover"


@pytest.mark.parametrize(
    "verdicts",
    [{Verdict.FAILED: 9}, {Verdict.VACUOUS: 9}, {Verdict.UNPAIRED: 9}, {Verdict.WAIVED: 9}, {}],
)
def test_a_seam_without_a_single_match_is_never_green(verdicts: dict[Verdict, int]) -> None:
    found = corpus({"trading.workflow": verdicts, "trading.signals": ALL_MATCH}, {})
    assert headline(replace(samples.matching(), corpus=found)).word == "inconclusive"


def test_a_reference_that_always_gave_up_is_never_green() -> None:
    found = corpus({"trading.workflow": ALL_MATCH}, {"trading.workflow": row(Verdict.MATCH)})
    tally = replace(found.seams["trading.workflow"], gave_up=1951)
    dead = replace(found, seams={"trading.workflow": tally})
    said = headline(replace(samples.matching(), corpus=dead))
    assert said.word == "inconclusive"
    assert "the reference did not run" in said.detail.lower()


def test_what_only_the_replayed_path_logged_stands_below_the_sentence() -> None:
    content = body()
    content["legacy"]["logged"] = [{"level": "WARNING", "source": "shop", "text": "the till is slow"}]
    lines = ("the limits are gone", "given up")
    content["candidate"]["logged"] = [{"level": "ERROR", "source": "shop", "text": text} for text in lines]
    found = at_till("effect-missing", "only in legacy")
    data = replace(
        with_clusters(found), example=samples.named_run("trading.workflow", Verdict.UNSAFE, content)
    )
    assert headline(data).logged == "ERROR shop: the limits are gone"


def test_where_runs_could_not_be_compared_the_reason_of_most_stands_below_the_sentence() -> None:
    data = samples.nothing_compared()
    (reason,) = data.corpus.summary.not_compared
    reason = replace(reason, logged="WARNING shop: no price")
    summary = replace(data.corpus.summary, not_compared=(reason,))
    found = headline(replace(data, corpus=replace(data.corpus, summary=summary)))
    assert "read-missing: market.closes" in found.detail
    assert found.logged == "WARNING shop: no price"


@pytest.mark.parametrize(
    ("place", "counted"),
    [
        ("effects.broker.submit_order[*].order.quantity", "702 calls in 618 of"),
        ("effects.display.show[*].rows[*].weight", "702 places in 618 of"),
        ("effects.display.show[*].<code>.lots[*]", "702 places in 618 of"),
    ],
)
def test_rows_of_a_call_are_not_counted_as_calls(place: str, counted: str) -> None:
    found = cluster(0, "trading.workflow", place, kind="effect-changed", occurrences=702)
    assert headline(with_clusters(found)).detail.startswith(counted)
