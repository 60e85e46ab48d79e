"""Of whole numbers `explain` says that they may be names, of which a tolerance says the wrong thing."""

from decimal import Decimal
from typing import Any

import pytest

from changeover.compare.clusters import Clusters, RunFound
from changeover.compare.comparison import compare
from changeover.compare.rules import STRICT
from changeover.evidence.cluster_examples import kept_examples
from changeover.evidence.store.rows_of_runs import stored_cluster
from changeover.evidence.suggested_rule import suggested_rule
from changeover.values.observation import Side
from changeover.views.layout import Screen
from changeover.views.text.explain_beside import accept_lines
from tests.changeover.support.observations import TODAY, returned


def accepted(legacy: Any, candidate: Any) -> str:
    found = compare(returned({"order": legacy}), returned({"order": candidate}), STRICT, seam="shop.place")
    clusters = Clusters()
    clusters.add(RunFound("days/1", "shop.place", tuple(found.divergences)))
    kept = stored_cluster(0, clusters.found[0], None, Side.LEGACY)
    offer = suggested_rule(kept, kept_examples(kept), None, TODAY)
    return "\n".join(accept_lines(kept, offer, Screen(width=100)))


def test_whole_numbers_may_be_names_that_a_database_gives() -> None:
    told = accepted(568, 569)
    assert told.index('same_as = "bijection"') < told.index("[[rule]]")


@pytest.mark.parametrize(
    ("legacy", "candidate"), [(Decimal("178.50"), Decimal("179.50")), (1.5, 2.5), ("a", "b")]
)
def test_other_values_are_no_names(legacy: Any, candidate: Any) -> None:
    assert "bijection" not in accepted(legacy, candidate)
