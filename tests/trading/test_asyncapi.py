"""The document of all events: it is up to date, and describes what is really sent."""

import json
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest

from tests.trading.support.events_of_a_run import events_of_a_run
from trading.asyncapi import document, main, text_of
from trading.events.schema.catalogue import EVENTS, VERSIONS
from trading.events.schema.versions import type_of
from trading.events.transport.cloud_event import message_of
from trading.handlers.subscriptions import GROUP_OF

DOCUMENT = Path(__file__).parents[2] / "docs" / "asyncapi.json"


def test_the_document_says_what_the_code_does() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == text_of(document()), (
        "run: python -m trading.asyncapi --write docs/asyncapi.json"
    )


def test_it_has_every_event_and_every_handler_with_the_channel_of_its_group() -> None:
    found = document()
    assert list(found["components"]["messages"]) == [type_of(event) for event in EVENTS]
    receives = {name: one for name, one in found["operations"].items() if one["action"] == "receive"}
    assert {name: one["channel"]["$ref"] for name, one in receives.items()} == {
        name: f"#/channels/{group}" for name, group in GROUP_OF.items()
    }
    assert receives["execution"]["messages"] == [{"$ref": "#/channels/execution/messages/ExecutionRequested"}]


def test_every_reference_leads_somewhere() -> None:
    found = document()

    def check(part: object) -> None:
        if isinstance(part, dict):
            for key, value in part.items():
                if key == "$ref":
                    at = found
                    for step in str(value).removeprefix("#/").split("/"):
                        at = at[step]
                check(value)
        elif isinstance(part, list):
            for value in part:
                check(value)

    check(found)


def test_what_is_sent_in_a_run_is_what_the_document_says() -> None:
    found = document()
    for sent in events_of_a_run():
        message = message_of(sent, VERSIONS)
        described = found["components"]["messages"][sent.event_type]
        jsonschema.validate(
            json.loads(message.body), {**described["payload"], "components": found["components"]}
        )
        jsonschema.validate(dict(message.headers), described["headers"])


def test_a_message_of_another_version_is_not_what_the_document_says() -> None:
    found = document()
    sent = json.loads(message_of(events_of_a_run()[0], VERSIONS).body)
    described = found["components"]["messages"][sent["type"]]
    schema = {**described["payload"], "components": found["components"]}
    with pytest.raises(jsonschema.ValidationError, match="1 was expected"):
        jsonschema.validate(sent | {"schemaversion": 2}, schema)


def test_it_is_printed_or_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main([])
    assert capsys.readouterr().out == text_of(document())
    main(["--write", str(tmp_path / "a.json")])
    assert (tmp_path / "a.json").read_text(encoding="utf-8") == text_of(document())
