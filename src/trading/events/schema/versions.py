"""Reading and writing events: what is refused is refused with what and where."""

import json
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, get_args

from pydantic import ValidationError
from pydantic_core import PydanticSerializationError, from_json

from trading.events.messages.envelope import METADATA_BYTES_MAX, BaseEvent, metadata_bytes

EVENT_BYTES_MAX = 4 * 1024 * 1024
PROBLEMS_NAMED_MAX = 5
NO_NUMBERS = ("NaN", "Infinity")

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]


class EventRefused(Exception):
    """Text that is no event of this system, or an event that cannot be written; says what and where."""


class UpcasterMissing(Exception):
    """An event class has earlier versions that nothing can read."""


class Versions:
    """Event classes by type, and the way from each of their earlier versions to the present one."""

    def __init__(
        self, events: Iterable[type[BaseEvent]], upcasters: Mapping[tuple[str, int], Upcaster]
    ) -> None:
        self._classes = MappingProxyType({type_of(event): event for event in events})
        self._upcasters = MappingProxyType(dict(upcasters))
        missing = [
            f"{name} version {version}"
            for name, event in self._classes.items()
            for version in range(1, version_of(event))
            if (name, version) not in self._upcasters
        ]
        if missing:
            raise UpcasterMissing(f"no upcaster from {', '.join(missing)}; stored events would be lost")

    @property
    def classes(self) -> Mapping[str, type[BaseEvent]]:
        """Every event class by its type."""
        return self._classes

    def readable_versions(self, event_type: str) -> tuple[int, ...]:
        """The versions of a type that `parse` reads, oldest first."""
        present = version_of(self._classes[event_type])
        return (*(version for name, version in sorted(self._upcasters) if name == event_type), present)

    def parse(self, raw: bytes | str | dict[str, Any]) -> BaseEvent:
        """The event that this JSON (text, or an object already read) stands for; raises EventRefused."""
        text, fields = _read(raw)
        event_class, version = self._addressed(fields)
        name = type_of(event_class)
        if version < version_of(event_class):
            for step in range(version, version_of(event_class)):
                fields = self._upcast(name, step, fields)
            text = _as_text(fields)
        try:
            return event_class.model_validate_json(text)
        except ValidationError as error:
            raise EventRefused(f"{name} version {version}: {_describe(error)}") from error
        except Exception as error:  # a validator of the event that was not made for what it found
            kind = type(error).__name__
            raise EventRefused(f"{name} version {version}: a validator raised {kind}: {error}") from error

    def write(self, event: BaseEvent) -> str:
        """JSON that `parse` reads back to an equal event; raises EventRefused where there is none."""
        try:
            text = event.model_dump_json(by_alias=True)  # by the names that a reader takes
        except PydanticSerializationError as error:
            raise EventRefused(f"{event.event_type} {event.event_id}: cannot be written: {error}") from error
        _refuse_large(f"{event.event_type} {event.event_id}", text)
        if any(word in text for word in NO_NUMBERS):
            _refuse_no_number(event, text)
        return text

    def _addressed(self, fields: dict[str, Any]) -> tuple[type[BaseEvent], int]:
        name, version = fields.get("event_type"), fields.get("schema_version")
        if not isinstance(name, str):
            raise EventRefused(f"event_type: should be a text, found {_short(name)}")
        event_class = self._classes.get(name)
        if event_class is None:
            raise EventRefused(f"event_type: {_short(name)} is unknown; known are {', '.join(self._classes)}")
        if not isinstance(version, int) or isinstance(version, bool) or version < 1:
            raise EventRefused(f"{name}: schema_version: should be 1 or more, found {_short(version)}")
        if version > version_of(event_class):
            raise EventRefused(
                f"{name}: schema_version: {version} is newer than {version_of(event_class)}, the newest that "
                "this program reads; use the program that wrote it"
            )
        return event_class, version

    def _upcast(self, name: str, version: int, fields: dict[str, Any]) -> dict[str, Any]:
        try:
            changed = self._upcasters[name, version](fields)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise EventRefused(
                f"{name} version {version}: is not what that version held: {type(error).__name__} {error}"
            ) from error
        return {**changed, "schema_version": version + 1}


def type_of(event_class: type[BaseEvent]) -> str:
    """The event type that a class stands for."""
    return str(_fixed(event_class, "event_type"))


def version_of(event_class: type[BaseEvent]) -> int:
    """The schema version that a class writes."""
    return int(_fixed(event_class, "schema_version"))


def _fixed(event_class: type[BaseEvent], field: str) -> Any:
    values = get_args(event_class.model_fields[field].annotation)
    if len(values) != 1:
        raise TypeError(f"{event_class.__name__}.{field} should be a Literal of one value")
    return values[0]


def _read(raw: bytes | str | dict[str, Any]) -> tuple[bytes | str, dict[str, Any]]:
    if isinstance(raw, dict):
        _refuse_large_metadata(raw)
        text = _as_text(raw)
        _refuse_large("event", text)
        return text, raw
    _refuse_large("event", raw)
    if isinstance(raw, bytes):
        try:
            raw.decode()
        except UnicodeDecodeError as error:
            raise EventRefused(f"is not UTF-8: {error.reason} at byte {error.start}") from error
    try:
        fields = from_json(raw)
    except ValueError as error:
        raise EventRefused(f"cannot be read as JSON: {error}") from error
    if not isinstance(fields, dict):
        raise EventRefused(f"should be a JSON object, found {_short(fields)}")
    _refuse_large_metadata(fields)
    return raw, fields


def _as_text(fields: dict[str, Any]) -> str:
    try:
        return json.dumps(fields, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise EventRefused(f"cannot be written as JSON: {error}") from error


def _refuse_no_number(event: BaseEvent, text: str) -> None:
    """A text may well say "NaN"; a number that is none would be kept, and refused for ever after."""
    try:
        json.loads(text, parse_constant=_refuse_constant)
        event.__class__.model_validate_json(text)
    except ValueError as error:  # a ValidationError is one too
        why = _describe(error) if isinstance(error, ValidationError) else str(error)
        raise EventRefused(
            f"{event.event_type} {event.event_id}: cannot be written: it could not be read back: {why}"
        ) from error


def _refuse_constant(constant: str) -> None:
    raise ValueError(f"holds {constant}, which is no number in JSON")


def _refuse_large(what: str, text: bytes | str) -> None:
    size = len(text)
    if isinstance(text, str) and size <= EVENT_BYTES_MAX < 4 * size:  # only then does the encoding matter
        size = len(text.encode("utf-8", "surrogatepass"))
    if size > EVENT_BYTES_MAX:
        raise EventRefused(f"{what}: holds {size} bytes or more, allowed are {EVENT_BYTES_MAX}")


def _refuse_large_metadata(fields: dict[str, Any]) -> None:
    metadata = fields.get("metadata")
    if isinstance(metadata, dict):
        size = metadata_bytes({key: value for key, value in metadata.items() if isinstance(value, str)})
        if size > METADATA_BYTES_MAX:
            raise EventRefused(f"metadata: holds {size} bytes, allowed are {METADATA_BYTES_MAX}")


def _describe(error: ValidationError) -> str:
    problems = [
        f"{'.'.join(map(str, problem['loc'])) or 'event'}: {problem['msg']}, found {_short(problem['input'])}"
        for problem in error.errors(include_url=False, include_context=False)[:PROBLEMS_NAMED_MAX]
    ]
    left_out = error.error_count() - len(problems)
    return "; ".join(problems) + (f"; and {left_out} more" if left_out else "")


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
