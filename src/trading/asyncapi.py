"""The events that travel as an AsyncAPI 3 document, made from the event catalogue and the subscriptions.

`python -m trading.asyncapi --write docs/asyncapi.json` writes it; without `--write` it is printed.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic.json_schema import models_json_schema

from trading.composition import open_desk
from trading.events.messages.envelope import BaseEvent
from trading.events.schema.catalogue import EVENTS
from trading.events.schema.versions import type_of, version_of
from trading.events.transport.cloud_event import (
    CONTENT_TYPE,
    ID_HEADER,
    SPEC_VERSION,
    TYPE_HEADER,
    VERSION_HEADER,
    schema_uri,
)
from trading.events.transport.port import Aside
from trading.handlers.subscriptions import GROUP_OF, HandlerGroup, Subscription, subscriptions
from trading.market.history import load_bundled
from trading.notify.notifiers import MemoryNotifier
from trading.settings import Settings
from trading.shared_desk import topology_of

Json = dict[str, Any]

ACCOUNT = "trading.{account}"
EVERY_TYPE = [type_of(event) for event in EVENTS]
PARAMETERS: Json = {"account": {"description": "The id that an account's file shares with its journal."}}


def document() -> Json:
    """The whole document."""
    subscribed = _subscribed()
    schemas = _schemas()
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Events of the trading system",
            "version": "1",
            "description": "Each event is a CloudEvent 1.0 in structured JSON; `data` is the event itself.",
        },
        "defaultContentType": CONTENT_TYPE,
        "servers": {
            "rabbitmq": {"host": "{host}:5672", "protocol": "amqp", "variables": {"host": {}}},
            "kafka": {"host": "{host}:9092", "protocol": "kafka", "variables": {"host": {}}},
        },
        "channels": _channels(subscribed),
        "operations": _operations(subscribed),
        "components": {
            "messages": {type_of(event): _message(event) for event in EVENTS},
            "schemas": schemas,
        },
    }


def _subscribed() -> tuple[Subscription, ...]:
    prices = load_bundled()
    settings, now = Settings(), datetime.fromisoformat(f"{prices.sessions[0]}T20:45:00+00:00")
    with open_desk(settings, prices, account=None, now=now, notifier=MemoryNotifier()) as desk:
        return subscriptions(desk.services, settings)


def _channels(subscribed: Sequence[Subscription]) -> Json:
    """What is published to, and what each group takes from it."""
    groups = topology_of("", tuple(subscribed)).groups
    everything: Json = {
        "address": ACCOUNT,
        "description": "RabbitMQ: the exchange. Kafka: the topic, with the workflow as key.",
        "parameters": PARAMETERS,
        "messages": _references(EVERY_TYPE),
        "bindings": {
            "amqp": {
                "is": "routingKey",
                "exchange": {"name": ACCOUNT, "type": "direct", "durable": True},
            },
            "kafka": {"topic": ACCOUNT},
        },
    }
    return (
        {"events": everything}
        | {
            group.value: {
                "address": f"{ACCOUNT}.{group}",
                "description": "RabbitMQ: a queue with a single active consumer. Kafka: a consumer group.",
                "parameters": PARAMETERS,
                "messages": _references(sorted(groups[group])),
                "bindings": {"amqp": {"is": "queue", "queue": _queue(group)}},
            }
            for group in HandlerGroup
        }
        | {
            place.value: {
                "address": f"{ACCOUNT}.{place}",
                "description": "Messages that no handler gets; the header `set-aside-because` says why.",
                "parameters": PARAMETERS,
                "messages": _references(EVERY_TYPE),
                "bindings": {"amqp": {"is": "queue", "queue": _queue(place)}},
            }
            for place in Aside
        }
    )


def _queue(name: str) -> Json:
    return {"name": f"{ACCOUNT}.{name}", "durable": True, "exclusive": False, "autoDelete": False}


def _operations(subscribed: Sequence[Subscription]) -> Json:
    """One for everybody who publishes, and one for each handler."""
    send: Json = {
        "action": "send",
        "channel": {"$ref": "#/channels/events"},
        "summary": "Publish an event of a run, confirmed by the broker.",
        "bindings": {"amqp": {"deliveryMode": 2, "mandatory": True}},
    }
    return {"publish": send} | {
        name: {
            "action": "receive",
            "channel": {"$ref": f"#/channels/{GROUP_OF[name]}"},
            "summary": (handle.__doc__ or "").strip().splitlines()[0],
            "messages": [
                {"$ref": f"#/channels/{GROUP_OF[name]}/messages/{type_of(event)}"}
                for event in EVENTS
                if issubclass(event, taken)
            ],
            "bindings": {"amqp": {"ack": True}},
        }
        for taken, handle, name in subscribed
    }


def _references(event_types: Sequence[str]) -> Json:
    return {one: {"$ref": f"#/components/messages/{one}"} for one in event_types}


def _message(event: type[BaseEvent]) -> Json:
    event_type, version = type_of(event), version_of(event)
    text: Json = {"type": "string"}
    headers: Json = {
        "type": "object",
        "required": [ID_HEADER, TYPE_HEADER, VERSION_HEADER],
        "properties": {
            ID_HEADER: text,
            TYPE_HEADER: {"const": event_type},
            VERSION_HEADER: {"const": str(version)},
        },
    }
    attributes: Json = {
        "specversion": {"const": SPEC_VERSION},
        "id": text,
        "source": {"type": "string", "format": "uri-reference"},
        "type": {"const": event_type},
        "subject": text,
        "time": {"type": "string", "format": "date-time"},
        "datacontenttype": {"const": "application/json"},
        "dataschema": {"const": schema_uri(event_type, version)},
        "schemaversion": {"const": version},
        "correlationid": text,
        "causationid": text,
        "data": {"$ref": f"#/components/schemas/{event.__name__}"},
    }
    return {
        "name": event_type,
        "summary": (event.__doc__ or "").strip().splitlines()[0],
        "contentType": CONTENT_TYPE,
        "headers": headers,
        "payload": {
            "type": "object",
            "required": [name for name in attributes if name != "causationid"],
            "properties": attributes,
            "additionalProperties": False,
        },
    }


def _schemas() -> Json:
    """The events and all that they are made of, as they are written."""
    _, made = models_json_schema(
        [(event, "serialization") for event in EVENTS], ref_template="#/components/schemas/{model}"
    )
    schemas: Json = made["$defs"]
    return schemas


def text_of(found: Json) -> str:
    """The document as it is written to a file."""
    return json.dumps(found, indent=1, ensure_ascii=False) + "\n"


def main(arguments: Sequence[str]) -> None:
    """Print the document, or write it."""
    options = argparse.ArgumentParser(prog="python -m trading.asyncapi")
    options.add_argument("--write", type=Path, help="the file to write instead")
    write: Path | None = options.parse_args(arguments).write
    if write is None:
        sys.stdout.write(text_of(document()))
    else:
        write.write_text(text_of(document()), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
