from hypothesis import given
from hypothesis import strategies as st

from changeover.values.divergence import Divergence, Kind
from changeover.views.live.diff_rows import DiffRow, diff_rows

LINES = st.lists(
    st.sampled_from(["buy 18 SPY", "sell 20 TLT", "hold", "", "note: all is well today"]), max_size=12
)


def differing(legacy: object, candidate: object) -> Divergence:
    return Divergence("result", Kind.VALUE, legacy, candidate)


def texts(row: DiffRow) -> tuple[str | None, str | None]:
    return tuple(  # type: ignore[return-value]
        None if side is None else "".join(part.text for part in side) for side in (row.legacy, row.candidate)
    )


def test_a_line_that_changed_stands_beside_what_it_was_with_its_words_marked() -> None:
    found = diff_rows(differing("dear all\nSELL 18 SPY\n", "dear all\nSELL 312 SPY\n"))
    same, changed = found.rows
    assert (texts(same), same.differs) == (("dear all", "dear all"), False)
    assert texts(changed) == ("SELL 18 SPY", "SELL 312 SPY")
    assert changed.legacy is not None
    assert [part.text for part in changed.legacy if part.differs] == ["18"]


def test_a_line_that_one_side_has_alone_stands_beside_none() -> None:
    found = diff_rows(differing("one\ntwo\nthree", "one\nthree"))
    assert [texts(row) for row in found.rows] == [("one", "one"), ("two", None), ("three", "three")]


def test_values_that_are_no_texts_have_one_row_with_the_words_that_differ() -> None:
    (row,) = diff_rows(differing({"symbol": "SPY", "quantity": 18}, {"symbol": "SPY", "quantity": 312})).rows
    assert row.candidate is not None
    assert [part.text for part in row.candidate if part.differs] == ["312"]


@given(LINES, LINES)
def test_every_line_of_both_is_in_a_row_or_counted_as_alike(legacy: list[str], candidate: list[str]) -> None:
    old, new = "\n".join(["first", *legacy, "last"]), "\n".join(["first", *candidate, "last"])
    found = diff_rows(differing(old, new))
    if old == new:
        return
    skipped = found.skipped + sum(row.skipped for row in found.rows)
    for side, text in enumerate((old, new)):
        assert sum(texts(row)[side] is not None for row in found.rows) + skipped == len(text.split("\n"))
