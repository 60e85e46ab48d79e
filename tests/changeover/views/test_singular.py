"""What one case of a source is called."""

import pytest

from changeover.views.layout import singular


@pytest.mark.parametrize(
    ("many", "one"),
    [
        ("sessions", "session"),
        ("cases", "case"),
        ("deliveries", "delivery"),
        ("batches", "batch"),
        ("boxes", "box"),
        ("addresses", "address"),
        ("sheep", "sheep"),
    ],
)
def test_one_of_many_is_called_as_people_call_it(many: str, one: str) -> None:
    assert singular(many) == one
