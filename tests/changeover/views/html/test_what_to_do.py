from dataclasses import replace

from changeover.values.gate_verdict import Answer
from changeover.views.html.what_to_do import what_to_do
from tests.changeover.support import report_samples as samples
from tests.changeover.support.report_corpora import cluster


def test_a_reader_is_led_to_where_it_begins_and_not_to_what_follows() -> None:
    begins = cluster(0, "trading.signals", "result.weight", name="beef00")
    worst = cluster(1, "trading.workflow", "effects.till.pay[*]", kind="effect-missing")
    data = samples.diverging()
    data = replace(data, corpus=replace(data.corpus, clusters=(begins, worst)))
    lines = {label: text for label, text, _ in what_to_do(data, worst, begins)}
    assert lines["see it happen"].startswith("changeover compare trading.signals --run ")
    assert lines["keep it as a test"] == f"changeover scenarios keep {begins.id}"
    assert lines["or accept it"] == "not offered: an effect differs"


def test_what_is_shown_as_a_command_can_be_pasted() -> None:
    data = samples.matching()
    (gate,) = samples.diverging().gates
    why = "changeover explain    says why runs were not compared"
    criterion = replace(gate.criteria[0], answer=Answer.FAIL, do=why)
    data = replace(data, gates=(replace(gate, criteria=(criterion,)),))
    lines = what_to_do(data, None)
    assert (f"for {gate.phase} -> {gate.new}", "changeover explain", True) in lines
    assert ("", "says why runs were not compared", False) in lines
