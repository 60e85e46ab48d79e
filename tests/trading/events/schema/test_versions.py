import json
from pathlib import Path
from typing import Any

import pytest

from tests.trading.support.event_samples import NOW, STATE, event, request
from trading.events.messages.portfolio import AccountDataRetrieved
from trading.events.messages.workflow import TradingWorkflowCompleted
from trading.events.schema.catalogue import EVENTS, VERSIONS
from trading.events.schema.versions import EVENT_BYTES_MAX, EventRefused, UpcasterMissing, Versions

SAMPLES = Path(__file__).parents[3] / "data" / "events"


def sample(**changes: Any) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads(VERSIONS.write(request("e-1")))
    return {**fields, **changes}


def refusal(raw: bytes | str | dict[str, Any]) -> str:
    with pytest.raises(EventRefused) as refused:
        VERSIONS.parse(raw)
    return str(refused.value)


def test_text_bytes_and_objects_are_read_alike() -> None:
    text = VERSIONS.write(request("e-1"))
    for raw in (text, text.encode(), json.loads(text)):
        assert VERSIONS.parse(raw) == request("e-1")


def test_account_data_of_version_1_is_read_as_version_2() -> None:
    read = VERSIONS.parse((SAMPLES / "AccountDataRetrieved-1.json").read_bytes())
    assert isinstance(read, AccountDataRetrieved)
    assert read.schema_version == 2
    assert read.portfolio_state == STATE
    assert read.timestamp == NOW


def test_every_earlier_version_has_a_sample_that_is_still_read() -> None:
    earlier = {
        (name, version) for name in VERSIONS.classes for version in VERSIONS.readable_versions(name)[:-1]
    }
    for name, version in earlier:
        assert VERSIONS.parse((SAMPLES / f"{name}-{version}.json").read_bytes()).event_type == name
    assert earlier


def test_an_event_class_without_a_way_from_its_earlier_versions_is_refused() -> None:
    with pytest.raises(UpcasterMissing, match="AccountDataRetrieved version 1"):
        Versions(EVENTS, {})


def test_text_that_claims_an_earlier_version_it_is_not_is_refused() -> None:
    fields = {**sample(event_type="AccountDataRetrieved", schema_version=1)}
    assert "AccountDataRetrieved version 1: is not what that version held" in refusal(fields)


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (sample(event_type="Unheard"), "event_type: 'Unheard' is unknown; known are StartupEvent"),
        (sample(event_type=None), "event_type: should be a text, found None"),
        (sample(schema_version=2), "schema_version: 2 is newer than 1"),
        (sample(schema_version="1"), "schema_version: should be 1 or more, found '1'"),
        (sample(schema_version=True), "schema_version: should be 1 or more, found True"),
        (sample(as_of=5), "as_of: Input should be a valid date"),
        (sample(timestamp="2016-03-01T15:30:00"), "timestamp: Input should have timezone info"),
        (sample(surplus=1), "surplus: Extra inputs are not permitted"),
        (sample(metadata={"a": 1}), "metadata.a: Input should be a valid string"),
        (sample(metadata={"a": "x" * 100_000}), "metadata: holds 100001 bytes, allowed are 65536"),
        ("[1]", "should be a JSON object, found [1]"),
        ("{", "cannot be read as JSON"),
        ("", "cannot be read as JSON"),
        (b"\xff\xfe", "is not UTF-8: invalid start byte at byte 0"),
        ("[" * 100_000, "recursion limit exceeded"),
        ({**sample(), "metadata": object()}, "cannot be written as JSON"),
    ],
)
def test_what_is_no_event_is_refused_with_what_and_where(
    raw: bytes | str | dict[str, Any], told: str
) -> None:
    assert told in refusal(raw)


def test_a_missing_field_is_named() -> None:
    fields = sample()
    del fields["as_of"]
    assert refusal(fields).startswith("SignalsRequested version 1: as_of: Field required")


def test_ten_megabytes_are_refused_before_they_are_read() -> None:
    assert f"allowed are {EVENT_BYTES_MAX}" in refusal('{"metadata": "' + "x" * 10_000_000)
    assert f"allowed are {EVENT_BYTES_MAX}" in refusal("ä" * (EVENT_BYTES_MAX // 2 + 1))


def test_an_object_that_is_nested_without_end_is_refused() -> None:
    nested: dict[str, Any] = {}
    for _ in range(100_000):
        nested = {"a": nested}
    assert refusal(sample(metadata={"a": nested}))


def test_an_unknown_field_deep_inside_is_refused() -> None:
    fields = json.loads(VERSIONS.write(event(AccountDataRetrieved, "e-1", portfolio_state=STATE)))
    fields["portfolio_state"]["positions"][0]["surplus"] = 1
    assert "portfolio_state.positions.0.surplus: Unexpected keyword argument" in refusal(fields)


def test_an_event_that_would_be_too_large_to_read_is_not_written() -> None:
    large = event(
        TradingWorkflowCompleted,
        "e-1",
        workflow_id="run-1",
        success=True,
        results={"text": "x" * EVENT_BYTES_MAX},
    )
    with pytest.raises(EventRefused, match="TradingWorkflowCompleted e-1: holds"):
        VERSIONS.write(large)


def test_an_event_that_is_no_unicode_is_not_written() -> None:
    with pytest.raises(EventRefused, match="cannot be written"):
        VERSIONS.write(request("e-1").model_copy(update={"source_module": "\ud800"}))


def test_many_problems_are_told_in_bounded_length() -> None:
    assert len(refusal({"event_type": "RebalancePlanned", "schema_version": 1})) < 1000
