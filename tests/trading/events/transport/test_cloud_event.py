import json
from datetime import timedelta

import pytest
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from tests.trading.events.schema.test_versions import SAMPLES
from tests.trading.support.event_samples import request
from tests.trading.support.events_of_a_run import events_of_a_run
from trading.events.schema.catalogue import VERSIONS
from trading.events.schema.versions import EventRefused
from trading.events.transport.cloud_event import event_of, message_of

SENT = message_of(request("e-1"), VERSIONS)


def test_every_event_of_a_run_is_a_cloud_event_to_the_package_of_its_makers() -> None:
    events = events_of_a_run()
    assert len({one.event_type for one in events}) >= 14
    for sent in events:
        message = message_of(sent, VERSIONS)
        read = JSONFormat().read(CloudEvent, message.body)
        assert read.get_specversion() == "1.0"
        assert (read.get_id(), read.get_type()) == (sent.event_id, sent.event_type)
        assert read.get_time() == sent.timestamp
        assert read.get_time().utcoffset() == timedelta(0)
        assert read.get_subject() == read.get_extension("correlationid") == sent.correlation_id
        assert read.get_extension("causationid") == sent.causation_id
        assert read.get_extension("schemaversion") == sent.schema_version
        assert read.get_datacontenttype() == "application/json"
        assert VERSIONS.parse(read.get_data()) == sent


def test_what_that_package_writes_is_read_back_to_an_equal_event() -> None:
    for sent in events_of_a_run():
        message = message_of(sent, VERSIONS)
        rewritten = JSONFormat().write(JSONFormat().read(CloudEvent, message.body))
        assert event_of(message.headers, rewritten, VERSIONS) == sent


def test_the_source_is_a_reference_whatever_a_component_is_called() -> None:
    odd = request("e-1").model_copy(update={"source_module": "a b/ü", "source_component": "<x>"})
    attributes = json.loads(message_of(odd, VERSIONS).body)
    assert attributes["source"] == "/a%20b%2F%C3%BC/%3Cx%3E"


@pytest.mark.parametrize(
    ("headers", "change", "refusal"),
    [
        ({"event-type": "Unheard"}, {}, "event-type is 'Unheard', which this program does not know"),
        ({"schema-version": "2"}, {}, "SignalsRequested of schema-version '2'; this program reads 1"),
        ({}, {"specversion": "0.3"}, "is no CloudEvent of specversion 1.0"),
        ({}, {"data": None}, "data should be the event, a JSON object"),
        ({}, {"id": "e-2"}, "id is 'e-2', and the event in it says 'e-1'"),
        ({}, {"correlationid": "run-2"}, "correlationid is 'run-2', and the event in it says 'run-1'"),
        ({}, {"data": {"event_type": "SignalsRequested"}}, "schema_version: should be 1 or more"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, dict) else None,
)
def test_what_is_no_event_of_this_system_is_refused_with_what_is_wrong(
    headers: dict[str, str], change: dict[str, object], refusal: str
) -> None:
    body = json.dumps(json.loads(SENT.body) | change).encode()
    with pytest.raises(EventRefused, match=refusal):
        event_of({**SENT.headers, **headers}, body, VERSIONS)


def test_a_version_is_refused_by_the_headers_before_the_body_is_read() -> None:
    with pytest.raises(EventRefused, match="schema-version '9'"):
        event_of({**SENT.headers, "schema-version": "9"}, b"no JSON", VERSIONS)


def test_a_message_that_is_too_large_is_refused_unread() -> None:
    with pytest.raises(EventRefused, match="holds 5000000 bytes, allowed are"):
        event_of(SENT.headers, b" " * 5_000_000, VERSIONS)


def test_an_event_of_an_earlier_version_is_read_as_todays() -> None:
    old = json.loads(SENT.body) | {"type": "AccountDataRetrieved"}
    data = json.loads((SAMPLES / "AccountDataRetrieved-1.json").read_text(encoding="utf-8"))
    old |= {"id": data["event_id"], "correlationid": data["correlation_id"], "data": data}
    headers = {**SENT.headers, "event-type": "AccountDataRetrieved", "schema-version": "1"}
    assert event_of(headers, json.dumps(old).encode(), VERSIONS) == VERSIONS.parse(data)
