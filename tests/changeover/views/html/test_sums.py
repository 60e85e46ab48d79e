"""A page whose numbers do not reconcile is wrong: rows, columns, quarters and effects add up."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from changeover.evidence.tallies import EffectCounts, SeamTally, total_effects, total_of
from changeover.values.verdict import Verdict
from changeover.views.html.charts import matrix
from changeover.views.html.page import report_page
from tests.changeover.support import report_samples as samples
from tests.changeover.support.page_reading import Element, read

few = st.integers(0, 5_000)


def number(text: str) -> int:
    assert text != "0", "a zero is a dot"
    return 0 if text == "·" else int(text.replace(",", ""))


def numbers(row: list[str]) -> list[int]:
    return [number(cell) for cell in row[1:]]


def table_of(part: Element) -> list[list[str]]:
    return part.all("table")[0].rows()


def test_the_verdicts_of_the_page_add_up_by_row_and_by_column() -> None:
    root = read(report_page(samples.diverging()))
    *rows, total = map(numbers, table_of(root.named("runs"))[1:])
    assert total == [sum(column) for column in zip(*rows, strict=True)]
    for runs, match, tolerated, waived, diverged, unsafe, not_compared in [*rows, total]:
        assert runs == match + tolerated + waived + diverged + not_compared
        assert unsafe <= diverged
    assert total[0] == 15_608


def test_the_quarters_of_a_seam_add_up_to_its_runs() -> None:
    for data in (samples.diverging(), samples.matching(), samples.nothing_compared()):
        found = matrix(data)
        for row in found.rows:
            assert sum(cell.runs for cell in row.cells) == row.counts.runs
            assert sum(cell.diverged for cell in row.cells) == row.counts.diverged
        assert sum(period.all_runs for period in found.periods) == found.total.runs
        assert sum(period.diverged for period in found.periods) == found.total.diverged


def test_what_was_not_compared_adds_up_even_where_reasons_were_left_out() -> None:
    data = samples.nothing_compared()
    (reason,) = data.corpus.summary.not_compared
    left_out = replace(data.corpus.summary, not_compared=(replace(reason, runs=1_900),))
    root = read(report_page(replace(data, corpus=replace(data.corpus, summary=left_out))))
    rows = table_of(root.named("not-compared"))
    assert [row[2] for row in rows[1:]] == ["1,900", "51", "1,951"]


@given(st.lists(st.fixed_dictionaries(dict.fromkeys(Verdict, few)), max_size=6))
def test_any_verdicts_add_up(found: list[dict[Verdict, int]]) -> None:
    rows = [SeamTally("seam", "phase", verdicts) for verdicts in found]
    total = total_of(rows)
    assert total.runs == sum(sum(verdicts.values()) for verdicts in found)
    assert total.runs == (total.match + total.tolerated + total.waived + total.diverged + total.not_compared)
    assert total.diverged == sum(row.diverged for row in rows)
    assert total.unsafe == sum(row.unsafe for row in rows)


@given(st.lists(st.tuples(few, few, few, few, few), max_size=5))
def test_any_effects_add_up(found: list[tuple[int, int, int, int, int]]) -> None:
    lines = [
        EffectCounts(f"port.{at}", equal + changed + only, equal + changed + extra, equal, changed, refused)
        for at, (equal, changed, only, extra, refused) in enumerate(found)
    ]
    for line in (*lines, total_effects(lines)):
        assert line.asked == line.equal + line.changed + line.only_asked
        assert line.performed == line.equal + line.changed + line.only_performed


def test_the_effects_of_the_page_add_up() -> None:
    rows = table_of(read(report_page(samples.diverging())).named("effects"))
    *lines, total = [numbers(row) for row in rows[1:]]
    for performed, asked, equal, changed, only_performed, only_asked, _ in [*lines, total]:
        assert asked == equal + changed + only_asked
        assert performed == equal + changed + only_performed
    assert total == [sum(column) for column in zip(*lines, strict=True)]
