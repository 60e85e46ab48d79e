"""Events on the wire: CloudEvents 1.0 in structured JSON.

`data` is the event as journals keep it, so a reader needs one schema. The attributes repeat what routers and
people look for, and the headers what a reader has to know before it reads the body.
"""

from collections.abc import Mapping
from datetime import UTC
from json import dumps
from typing import Any
from urllib.parse import quote

from pydantic_core import from_json

from trading.events.messages.envelope import BaseEvent
from trading.events.schema.versions import EVENT_BYTES_MAX, EventRefused, Versions
from trading.events.transport.port import Message

CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"
SPEC_VERSION = "1.0"
VERSION_HEADER = "schema-version"
TYPE_HEADER = "event-type"
ID_HEADER = "event-id"
ATTRIBUTES_BYTES_MAX = 64 * 1024
BODY_BYTES_MAX = EVENT_BYTES_MAX + ATTRIBUTES_BYTES_MAX


def message_of(event: BaseEvent, versions: Versions) -> Message:
    """The message that carries this event; raises EventRefused for one that cannot be written."""
    attributes = {
        "specversion": SPEC_VERSION,
        "id": event.event_id,
        "source": _source(event),
        "type": event.event_type,
        "subject": event.correlation_id,
        "time": event.timestamp.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "dataschema": schema_uri(event.event_type, event.schema_version),
        "schemaversion": event.schema_version,
        "correlationid": event.correlation_id,
        **({} if event.causation_id is None else {"causationid": event.causation_id}),
    }
    head = dumps(attributes, separators=(",", ":"))
    body = f'{head[:-1]},"data":{versions.write(event)}}}'.encode()
    headers = {
        "content-type": CONTENT_TYPE,
        ID_HEADER: event.event_id,
        TYPE_HEADER: event.event_type,
        VERSION_HEADER: str(event.schema_version),
    }
    return Message(event.event_id, event.event_type, event.correlation_id, headers, body)


def event_of(headers: Mapping[str, str], body: bytes, versions: Versions) -> BaseEvent:
    """The event that a message carries; raises EventRefused with what is wrong with it.

    A version that this program does not know is refused by the headers, before the body is read.
    """
    _refuse_unknown(headers, versions)
    if len(body) > BODY_BYTES_MAX:
        raise EventRefused(f"message: holds {len(body)} bytes, allowed are {BODY_BYTES_MAX}")
    try:
        attributes = from_json(body)
    except ValueError as error:
        raise EventRefused(f"message: cannot be read as JSON: {error}") from error
    if not isinstance(attributes, dict) or attributes.get("specversion") != SPEC_VERSION:
        raise EventRefused(f"message: is no CloudEvent of specversion {SPEC_VERSION}")
    data = attributes.get("data")
    if not isinstance(data, dict):
        raise EventRefused("message: data should be the event, a JSON object")
    event = versions.parse(data)
    told = {"id": event.event_id, "type": event.event_type, "correlationid": event.correlation_id}
    for name, found in told.items():
        if attributes.get(name) != found:
            raise EventRefused(
                f"message: {name} is {attributes.get(name)!r:.100}, and the event in it says {found!r:.100}"
            )
    return event


def schema_uri(event_type: str, version: int) -> str:
    """The name under which the schema of an event's version is known."""
    return f"urn:trading:event:{event_type}:{version}"


def _source(event: BaseEvent) -> str:
    """A URI reference: which part of the program published it."""
    parts = (event.source_module, event.source_component)
    return "/" + "/".join(quote(part, safe="") for part in parts if part)


def _refuse_unknown(headers: Mapping[str, Any], versions: Versions) -> None:
    event_type, version = headers.get(TYPE_HEADER), headers.get(VERSION_HEADER)
    if event_type is None or version is None:
        raise EventRefused(f"message: should name {TYPE_HEADER} and {VERSION_HEADER} in its headers")
    if event_type not in versions.classes:
        raise EventRefused(f"message: {TYPE_HEADER} is {event_type!r:.100}, which this program does not know")
    known = versions.readable_versions(event_type)
    if version not in map(str, known):
        raise EventRefused(
            f"message: {event_type} of {VERSION_HEADER} {version!r:.100}; this program reads "
            f"{', '.join(map(str, known))}: use one that knows it"
        )
