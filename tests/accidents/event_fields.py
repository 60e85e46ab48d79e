"""Events with other fields than today's, as an earlier step of a migration had them."""

from typing import Any

import pytest

from trading.events.messages.envelope import BaseEvent


def annotate(patch: pytest.MonkeyPatch, event_class: type[BaseEvent], **annotations: Any) -> None:
    """Let these fields of an event take other types, as long as the accident is planted."""
    for name, annotation in annotations.items():
        patch.setattr(event_class.__pydantic_fields__[name], "annotation", annotation)
    for part in ("__pydantic_core_schema__", "__pydantic_validator__", "__pydantic_serializer__"):
        patch.setattr(event_class, part, getattr(event_class, part))  # put back in the end
    event_class.model_rebuild(force=True)
