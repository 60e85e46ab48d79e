"""A rule that `explain` offers is one that the rules file accepts, and that accepts the cluster it is for."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from changeover.compare.clusters import Clusters, RunFound, fingerprint_of
from changeover.compare.comparison import compare
from changeover.compare.rules import STRICT, Rules
from changeover.evidence.cluster_examples import kept_examples
from changeover.evidence.store.rows_of_runs import stored_cluster
from changeover.evidence.suggested_rule import NoRule, SuggestedRule, suggested_rule
from changeover.values.divergence import Divergence
from changeover.values.observation import Observation, Side
from tests.changeover.support.observations import TODAY, effect, raised, returned, rules

SEAM = "trading.workflow"
ONE, OTHER = UUID(int=1), UUID(int=2)
MOMENT = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
Offer = SuggestedRule | NoRule


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


def offers(
    legacy: Observation, candidate: Observation, under: str | None = None
) -> list[tuple[Divergence, Offer]]:
    """What is offered for each cluster of one run, by today's rules."""
    found = compare(legacy, candidate, rules(under) if under else STRICT, seam=SEAM).divergences
    clusters = Clusters()
    clusters.add(RunFound("days/1", SEAM, tuple(found)))
    offered = []
    for number, one in enumerate(clusters.found):
        kept = stored_cluster(number, one, None, Side.LEGACY)
        offered.append((one.smallest.divergence, suggested_rule(kept, kept_examples(kept), under, TODAY)))
    return offered


def still_differs(
    legacy: Observation, candidate: Observation, under: Rules, of: Divergence, before: Rules = STRICT
) -> bool:
    """Whether the cluster is still there, or another one stands in its place.

    Clusters at other places are no matter of the rule: rows that it makes more alike may be paired otherwise.
    """
    was, now = (
        {
            (name.place, name.kind, one.detail)
            for one in compare(legacy, candidate, some, seam=SEAM).divergences
            for name in [fingerprint_of(SEAM, one)]
        }
        for some in (before, under)
    )
    mine = fingerprint_of(SEAM, of)
    others = {one for one in now - was if one[0] == mine.place}
    return (mine.place, mine.kind, of.detail) in now or bool(others)


def offer_for(legacy: Any, candidate: Any) -> Offer:
    sides = returned({"rows": [{"value": legacy}]}), returned({"rows": [{"value": candidate}]})
    ((divergence, offer),) = offers(*sides)
    if isinstance(offer, SuggestedRule):
        assert not still_differs(*sides, rules(offer.text), divergence)
    return offer


@pytest.mark.parametrize(
    ("legacy", "candidate", "says"),
    [
        (Decimal("1.00"), Decimal("1.02"), "abs 0.02"),
        (1.5, 1.25, "abs 0.25"),
        (3, 4, "abs 1"),
        (Decimal("2.5"), 2.5, "types numeric"),
        (2, Decimal(2), "types numeric"),
        (Decimal("1.50"), "1.50", "types loose"),
        (date(2026, 3, 1), "2026-03-01", "types loose"),
        (MOMENT, MOMENT.astimezone(timezone(timedelta(hours=2))), "zones any"),
        ([1, 2, 3], [3, 1, 2], "order any"),
        ("order-17", "x-93-ab", "same_as bijection"),
        (ONE, OTHER, "same_as bijection"),
        ("paid", "open", "ignore true  must_be str"),
        (MOMENT, MOMENT + timedelta(seconds=1), "ignore true  must_be datetime"),
        (date(2026, 3, 1), date(2026, 3, 2), "ignore true  must_be date"),
        (time(9), time(10), "ignore true  must_be time"),
        (timedelta(1), timedelta(2), "ignore true  must_be timedelta"),
        (b"a", b"b", "ignore true  must_be bytes"),
        (True, False, "ignore true  must_be bool"),
        (PurePosixPath("a"), PurePosixPath("b"), "ignore true  must_be path"),
        (float("nan"), 1.5, "ignore true  must_be float"),
        (Colour.RED, Colour.BLUE, "ignore true"),
        (None, 5, "ignore true"),
        ("five", 5, "ignore true"),
        ([1], {"a": 1}, "ignore true"),
    ],
)
def test_the_narrowest_rule_is_offered_for_each_kind_of_value(legacy: Any, candidate: Any, says: str) -> None:
    offer = offer_for(legacy, candidate)
    assert isinstance(offer, SuggestedRule), offer
    assert offer.says == says


ZONES = st.sampled_from([None, UTC, timezone(timedelta(hours=-5))])
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.decimals(),
    st.text(max_size=12),
    st.binary(max_size=4),
    st.datetimes(timezones=ZONES),
    st.dates(),
    st.times(),
    st.timedeltas(),
    st.uuids(),
    st.sampled_from(Colour),
    st.sampled_from(["ord-1", "ord-2", "1.50", "2026-03-01"]),
)
NAMES = st.text('ab.[]"*\\\n é', min_size=1, max_size=4)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=8,
)


@given(VALUES, VALUES)
def test_whatever_is_offered_can_be_pasted_and_holds(legacy: Any, candidate: Any) -> None:
    for sides in (
        (returned({"rows": [legacy]}), returned({"rows": [candidate]})),
        (returned(legacy), returned(candidate)),
        (
            returned(None, effect("broker.send", "SPY", 1, body=legacy)),
            returned(None, effect("broker.send", "SPY", 1, body=candidate)),
        ),
    ):
        for divergence, offer in offers(*sides):
            if isinstance(offer, SuggestedRule):
                assert not still_differs(*sides, rules(offer.text), divergence), offer.text
            else:
                assert offer.why


@given(SCALARS, SCALARS)
def test_for_an_effect_no_rule_is_offered_that_accepts_a_difference(legacy: Any, candidate: Any) -> None:
    sides = (
        returned(None, effect("broker.send", "SPY", 1, body=legacy)),
        returned(None, effect("broker.send", "SPY", 1, body=candidate)),
    )
    for _, offer in offers(*sides):
        if isinstance(offer, SuggestedRule):
            assert offer.says.split()[0] in ("types", "zones", "order", "same_as")


def why_none(legacy: Observation, candidate: Observation, under: str | None = None) -> list[str]:
    offered = [offer for _, offer in offers(legacy, candidate, under)]
    assert all(isinstance(offer, NoRule) for offer in offered)
    return [offer.why for offer in offered if isinstance(offer, NoRule)]


def test_where_no_rule_can_say_it_none_is_offered_and_it_is_said_why() -> None:
    few, many = (effect("broker.send", "SPY", 1, quantity=one) for one in (18, 312))
    assert why_none(returned(None, few), returned(None, many)) == ["an effect differs"]
    assert why_none(returned(None, effect("broker.send", "SPY", 1)), returned(None)) == ["an effect differs"]
    assert why_none(raised(ValueError("a")), returned(1)) == ["no rule accepts that only one path raises"]
    assert why_none(returned([1, 2]), returned([1])) == [
        "no rule accepts a row that one path leaves out: it may be a lost one"
    ]
    assert why_none(returned("open"), returned("paid")) == ["a rule would hide the whole answer"]


def test_a_rule_that_would_contradict_one_that_is_there_is_not_offered() -> None:
    under = "[[rule]]\npath = 'result.cost'\nabs = '0.01'\nreason = 'rounding'\n"
    sides = returned({"cost": Decimal("1.00")}), returned({"cost": Decimal("1.05")})
    ((_, offer),) = offers(*sides, under)
    # Its own names a seam, which says more than the one that is there: both may stand.
    assert isinstance(offer, SuggestedRule)
    assert not still_differs(*sides, rules(under + offer.text), offers(*sides, under)[0][0], rules(under))
    (why,) = why_none(*sides, under.replace("abs", f"seam = '{SEAM}'\nabs"))
    assert 'disagrees with "result.cost" (line 1) about abs' in why
