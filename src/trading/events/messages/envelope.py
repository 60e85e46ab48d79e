"""The envelope that every event travels in."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import CoreSchema, core_schema

METADATA_BYTES_MAX = 64 * 1024


class _UtcOnly:
    """Refuses naive datetimes and foreign offsets in compiled code: a Python validator doubles the cost."""

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: Any) -> CoreSchema:
        return core_schema.datetime_schema(tz_constraint=0)


def _bounded(metadata: dict[str, str]) -> dict[str, str]:
    size = metadata_bytes(metadata)
    if size > METADATA_BYTES_MAX:
        raise ValueError(f"metadata holds {size} bytes, allowed are {METADATA_BYTES_MAX}")
    return metadata


def metadata_bytes(metadata: dict[str, str]) -> int:
    """Keys and values together, in UTF-8."""
    return sum(len(part.encode("utf-8", "surrogatepass")) for item in metadata.items() for part in item)


Moment = Annotated[datetime, _UtcOnly]
Metadata = Annotated[dict[str, str], AfterValidator(_bounded)]


class BaseEvent(BaseModel):
    """A fact or a request that never changes; all of its values are typed, and none is unknown.

    `correlation_id` is the workflow's id. `causation_id` is the event that was being handled when this one
    was published; None marks a root. `source_component` is the handler that published it. Subclasses fix
    `event_type` and `schema_version` by a `Literal`. Values are strict: a float is never a Decimal, a list
    never a tuple. Inside nested domain values, which are frozen and typed, that is checked where an event is
    read from JSON; checking it again at every hand-over within one process would double a workflow's cost.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        revalidate_instances="never",
        ser_json_inf_nan="constants",  # `Versions.write` refuses them; a null would go unseen
    )

    event_id: str = Field(min_length=1)
    event_type: str
    schema_version: int
    correlation_id: str = Field(min_length=1)
    causation_id: str | None
    timestamp: Moment
    source_module: str
    source_component: str
    metadata: Metadata = Field(default_factory=dict)
