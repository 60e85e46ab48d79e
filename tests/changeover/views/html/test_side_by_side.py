from dataclasses import replace
from typing import Any

from changeover.compare.provenance import Sighting
from changeover.values.verdict import Verdict
from changeover.views.html.differences import (
    ROWS_SHOWN_MAX,
    SideBySide,
    branches,
    findings,
    side_by_side,
    tree,
)
from tests.changeover.support import report_samples as samples
from tests.changeover.support.report_corpora import cluster, divergence
from tests.changeover.support.sample_run import body, mail, order, side

UNSAFE = samples.CLUSTERS[1]


def drawn(content: dict[str, Any]) -> SideBySide:
    found = side_by_side(samples.named_run("trading.workflow", Verdict.UNSAFE, content), UNSAFE)
    assert found is not None
    return found


def test_effects_of_one_intent_stand_side_by_side() -> None:
    found = drawn(body())
    assert [(line.what, line.field, line.legacy, line.candidate, line.differs) for line in found.lines] == [
        ("submit_order SPY, SELL", "quantity", "18", "312", True),
        ("submit_order TLT, BUY", "quantity", "20", "20", False),
        ("send report", "text", '"SELL 18 SPY, BUY 20 TLT"', '"SELL 312 SPY, BUY 20 TLT"', True),
    ]
    assert found.left_out == 0


def test_warnings_that_one_path_alone_logged_stand_beside_it() -> None:
    content = body()
    both = {"level": "WARNING", "source": "shop", "text": "slow"}
    alone = {"level": "ERROR", "source": "shop.prices", "text": "no price"}
    content["legacy"]["logged"] = [both]
    content["candidate"]["logged"] = [both, alone, {"level": "INFO", "source": "shop", "text": "begins"}]
    assert [(str(path), str(line)) for path, line in drawn(content).logged] == [
        ("candidate", "ERROR shop.prices: no price")
    ]


def test_an_effect_of_one_side_has_nothing_beside_it() -> None:
    content = body()
    content["candidate"] = side([order("TLT", "BUY", "20", 7), mail("done")])
    first = drawn(content).lines[0]
    assert first.what == "submit_order SPY, SELL"
    assert first.candidate == "-"
    assert first.differs


def test_what_differs_is_shown_before_what_does_not_and_the_rest_is_counted() -> None:
    content = body()
    same = [order(f"S{number}", "BUY", "1", 20 + number) for number in range(8)]
    for path in ("legacy", "candidate"):
        content[path]["calls"] = [*same, *content[path]["calls"]]
    found = drawn(content)
    assert len(found.lines) == ROWS_SHOWN_MAX
    assert [line.what for line in found.lines if line.differs] == ["submit_order SPY, SELL", "send report"]
    assert found.left_out == len(same) + 3 - ROWS_SHOWN_MAX


def test_where_only_the_answer_differs_it_is_what_is_shown() -> None:
    content = body()
    content["divergences"] = [divergence("result.items[0].target_weight", "0.2944", "0")]
    found = side_by_side(
        samples.named_run("portfolio.rebalance-plan", Verdict.DIVERGED, content), samples.CLUSTERS[0]
    )
    assert found is not None
    (line,) = [line for line in found.lines if line.differs]
    assert (line.what, line.field, line.legacy, line.candidate) == (
        *("answer", "items[0].target_weight"),
        *("0.2944", "0"),
    )


def test_long_texts_are_shown_from_where_they_part() -> None:
    content = body()
    head = "the same beginning of a long mail " * 3
    content["legacy"] = side([mail(f"{head}done")])
    content["candidate"] = side([mail(f"{head}FAILED")])
    (line,) = drawn(content).lines
    assert line.legacy.endswith('done"')
    assert line.candidate.endswith('FAILED"')


def test_a_run_that_is_not_kept_whole_is_not_made_up() -> None:
    assert side_by_side(samples.named_run("trading.workflow", Verdict.UNSAFE), UNSAFE) is None


def test_an_effect_that_several_seams_contain_is_told_once_with_its_innermost_seam() -> None:
    found = findings(samples.diverging())
    assert [one.cluster.digest[:6] for one in found] == ["e41b7c", "09ad52", "5c7f20"]
    assert found[1].seams == ("trading.workflow", "entry.execute-trading")


def test_many_places_of_one_effect_are_one_finding_that_counts_them() -> None:
    data = samples.diverging()
    clusters = [
        cluster(number, "trading.workflow", f"effects.show.page[*].{name}", kind="effect-changed", runs=runs)
        for number, (name, runs) in enumerate([("title", 3), ("body", 9), ("foot", 3)])
    ]
    (found,) = findings(replace(data, corpus=replace(data.corpus, clusters=tuple(clusters))))
    assert found.cluster == clusters[1]
    assert found.elsewhere == 2


def test_clusters_hang_on_a_tree_of_field_paths() -> None:
    data = samples.diverging()
    names = ["result.a.b.c", "result.a.b.d", "result.x", "effects.till.pay[*].line.sum"]
    clusters = tuple(
        cluster(number, "trading.workflow", name, kind="effect-changed" if "till" in name else "value")
        for number, name in enumerate(names)
    )
    ((seam, root),), left_out = tree(replace(data, corpus=replace(data.corpus, clusters=clusters)))
    assert (seam, left_out, root.count) == ("trading.workflow", 0, 4)
    assert list(root.below) == ["result", "till.pay[*].line.sum"]
    assert list(root.below["result"].below) == ["a.b", "x"]
    assert list(root.below["result"].below["a.b"].below) == ["c", "d"]


def test_a_key_in_brackets_is_no_part_of_a_path_of_its_own() -> None:
    assert branches('effects.till.pay["a.b",x].sum') == ['till.pay["a.b",x]', "sum"]
    assert branches('result."odd.name"[3].x') == ["result", '"odd.name"[3]', "x"]
    assert branches("") == [""]


def test_where_a_value_was_seen_before_is_told_of_a_run_that_has_this_value_alone() -> None:
    value = "312"
    seen = Sighting(value, 'broker.positions()["SPY"].quantity', "broker.positions", 4)
    unsafe = replace(UNSAFE, sighting=seen)
    assert unsafe.smallest is not None
    for candidate, sighting in (("312", seen), ("433", None)):
        content = body()
        content["divergences"] = [divergence(UNSAFE.place, "18", candidate, 5)]
        run = samples.named_run("trading.workflow", Verdict.UNSAFE, content)
        found = side_by_side(replace(run, name="another run"), unsafe)
        assert found is not None
        assert found.sighting == sighting
