"""What a server says of transactions tells whether somebody else wrote."""

import pytest

from changeover.packs.database.others_writing import NUMBERS_MAX, Moment, others_wrote


def at(newest: int, *running: int) -> Moment:
    return Moment(newest, frozenset(running))


@pytest.mark.parametrize(
    ("before", "after", "own", "expected"),
    [
        (at(10), at(10), (), False),
        (at(10), at(11), (10,), False),
        (at(10), at(12), (10,), True),
        (at(10), at(12, 11), (10,), False),
        (at(10, 7), at(10), (), True),
        (at(10, 7), at(11, 7), (10,), False),
        (at(10), at(10 + NUMBERS_MAX + 1), (), True),
    ],
    ids=[
        "nothing happened",
        "the path itself",
        "one more",
        "one more that has not ended",
        "one that was running has ended",
        "one still runs",
        "very many",
    ],
)
def test_a_transaction_that_is_not_the_path_s_and_ended_counts(
    before: Moment, after: Moment, own: tuple[int, ...], expected: bool
) -> None:
    assert others_wrote(before, after, frozenset(own)) is expected
