import typing
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.trading.support.event_samples import NOW, SESSION, STATE, event
from trading.domain.plan import RebalancePlan
from trading.events.messages.envelope import METADATA_BYTES_MAX, BaseEvent
from trading.events.messages.portfolio import AccountDataRetrieved
from trading.events.messages.rebalance import RebalancePlanCompleted, ReconciliationCompleted
from trading.events.messages.signals import SignalGenerated, SignalsRequested
from trading.events.messages.workflow import RESULTS_DEPTH_MAX, TradingWorkflowCompleted
from trading.events.schema.catalogue import EVENTS, VERSIONS
from trading.events.schema.versions import EventRefused

TEXTS = st.text(max_size=12)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
LEAVES: dict[Any, st.SearchStrategy[Any]] = {
    str: st.text(min_size=1, max_size=12),
    int: st.integers(-(10**6), 10**6),
    bool: st.booleans(),
    Decimal: st.decimals(allow_nan=False, allow_infinity=False),
    date: st.dates(),
    datetime: st.datetimes(timezones=st.just(UTC)),
    type(None): st.none(),
    Any: JSON,
}


def values(annotation: Any) -> st.SearchStrategy[Any]:
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if annotation in LEAVES:
        return LEAVES[annotation]
    if origin is typing.Annotated:
        return values(inner[0])
    if origin is tuple:
        return st.lists(values(inner[0]), max_size=2).map(tuple)
    if origin is dict:
        return st.dictionaries(TEXTS, values(inner[1]), max_size=2)
    if origin is typing.Literal:
        return st.sampled_from(inner)
    if inner:
        return st.one_of(*map(values, inner))
    if issubclass(annotation, Enum):
        return st.sampled_from(annotation)
    assert is_dataclass(annotation), annotation
    hints = typing.get_type_hints(annotation)
    build: Callable[..., Any] = typing.cast("Callable[..., Any]", annotation)
    return st.builds(build, **{f.name: values(hints[f.name]) for f in fields(annotation)})


def built(event_class: type[BaseEvent], drawn: dict[str, Any]) -> BaseEvent | None:
    """None where what was drawn breaks a rule between fields; a wrong type would still raise."""
    try:
        return event_class(**drawn)
    except ValidationError as error:
        if all(problem["type"] in {"value_error", "string_too_short"} for problem in error.errors()):
            return None
        raise


@pytest.mark.parametrize("event_class", EVENTS, ids=lambda found: found.__name__)
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_every_event_reads_back_from_json_as_it_was(
    event_class: type[BaseEvent], data: st.DataObject
) -> None:
    hints = typing.get_type_hints(event_class, include_extras=True)
    drawn = {name: data.draw(values(hints[name]), label=name) for name in event_class.model_fields}
    written = built(event_class, drawn)
    assume(written is not None)
    assert written is not None
    read = VERSIONS.parse(VERSIONS.write(written))
    assert read == written
    assert VERSIONS.write(read) == VERSIONS.write(written)


def test_money_keeps_its_exact_digits() -> None:
    digits = [Decimal("1.00"), Decimal("1E+3"), Decimal("-0"), Decimal("0.1000000000000000000000000000001")]
    written = event(
        ReconciliationCompleted,
        "e-1",
        expected=dict(zip("abcd", digits, strict=True)),
        found={},
        differences={},
    )
    read = VERSIONS.parse(VERSIONS.write(written))
    assert isinstance(read, ReconciliationCompleted)
    assert [str(value) for value in read.expected.values()] == [str(value) for value in digits]


def test_a_float_is_not_taken_for_money() -> None:
    with pytest.raises(ValidationError, match="instance of Decimal"):
        event(ReconciliationCompleted, "e-1", expected={"SPY": 1.5}, found={}, differences={})


def test_a_value_that_could_not_be_read_back_cannot_be_built() -> None:
    with pytest.raises(ValidationError, match="finite"):
        event(ReconciliationCompleted, "e-1", expected={"SPY": Decimal("NaN")}, found={}, differences={})


def test_what_a_publisher_keeps_cannot_change_the_event() -> None:
    mine = {"SPY": Decimal(1)}
    published = event(ReconciliationCompleted, "e-1", expected=mine, found={}, differences={})
    mine["SPY"] = Decimal(2)
    assert published.expected == {"SPY": Decimal(1)}


@pytest.mark.parametrize(
    ("moment", "told"),
    [
        (NOW.replace(tzinfo=None), "timezone"),
        (datetime(2016, 3, 1, tzinfo=timezone(timedelta(hours=1))), "offset of 0"),
    ],
)
def test_a_timestamp_is_aware_and_in_utc(moment: datetime, told: str) -> None:
    fields = dict(event(SignalsRequested, "e-1", as_of=SESSION)) | {"timestamp": moment}
    with pytest.raises(ValidationError, match=told):
        SignalsRequested(**fields)


def test_an_event_never_changes() -> None:
    published = event(SignalsRequested, "e-1", as_of=SESSION)
    with pytest.raises(ValidationError, match="frozen"):
        published.event_id = "e-2"


def test_an_unknown_field_is_refused() -> None:
    with pytest.raises(ValidationError, match="surplus"):
        event(SignalsRequested, "e-1", as_of=SESSION, surplus=1)


def test_metadata_has_a_limit() -> None:
    with pytest.raises(ValidationError, match=f"allowed are {METADATA_BYTES_MAX}"):
        event(SignalsRequested, "e-1", as_of=SESSION, metadata={"note": "x" * METADATA_BYTES_MAX})


def test_a_failed_workflow_says_why() -> None:
    with pytest.raises(ValidationError, match="error_message"):
        event(TradingWorkflowCompleted, "e-1", workflow_id="run-1", success=False, results={})


def completed_with(results: dict[str, Any]) -> BaseEvent:
    return event(TradingWorkflowCompleted, "e-1", workflow_id="run-1", success=True, results=results)


def test_results_are_not_nested_without_end() -> None:
    nested: dict[str, Any] = {}
    for _ in range(RESULTS_DEPTH_MAX):
        nested = {"inner": nested}
    with pytest.raises(EventRefused, match="nested deeper"):
        VERSIONS.write(completed_with(nested))


def test_results_hold_no_number_that_json_cannot_say() -> None:
    with pytest.raises(EventRefused, match="not finite"):
        VERSIONS.write(completed_with({"a": [float("nan")]}))


@pytest.mark.parametrize("value", [Decimal("1.0"), (1, 2), {1, 2}, SESSION, {1: "a"}])
def test_results_hold_nothing_that_json_would_change(value: object) -> None:
    with pytest.raises(EventRefused, match="results h"):
        VERSIONS.write(completed_with({"a": value}))


def test_a_plan_without_trades_says_why_there_are_none() -> None:
    with pytest.raises(ValidationError, match="nothing_to_trade"):
        event(RebalancePlanCompleted, "e-1", plan=RebalancePlan("plan-1", Decimal(1), ()))


def test_the_state_of_an_account_travels_typed() -> None:
    retrieved = event(AccountDataRetrieved, "e-1", portfolio_state=STATE)
    read = VERSIONS.parse(VERSIONS.write(retrieved))
    assert isinstance(read, AccountDataRetrieved)
    assert read.portfolio_state == STATE


def test_signal_generated_names_its_session() -> None:
    assert SignalGenerated.model_fields["as_of"].is_required()
