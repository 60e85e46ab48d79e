"""`changeover alerts`: what was told, to whom, and what they answered."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from changeover.models.alerts import AlertWord
from changeover.models.comparison import Count, Output, Part


class ToldAlert(Part):
    """One alert, as a webhook is sent it."""

    schema_version: Annotated[int, Field(ge=1)]
    kind: AlertWord
    text: str
    phase: str | None
    run: str | None
    cluster: str | None
    at: str
    repeats: Count = Field(description="How many like it a program held back since the one before.")
    subject: str = Field(description="What it is about; each subject is told once.")


class AlertsRunOutput(Output):
    """`changeover alerts run`, when it ends."""

    told: list[ToldAlert] = Field(description="What was told for the first time.")
    sent: Count = Field(description="How often a receiver took an alert.")
    failed: list[str] = Field(description="Receivers that did not take one in the last look.")


class TriedReceiver(Part):
    """One receiver, and what it answered."""

    receiver: str
    where: str = Field(description="Its host, without what may be secret.")
    answer: str
    problem: str | None


class AlertsTestOutput(Output):
    """`changeover alerts test`."""

    tried: list[TriedReceiver]


class AlertDelivery(Part):
    """What became of one alert at one receiver."""

    receiver: str
    tries: Count
    sent_at: str | None
    is_due: bool = Field(description="Whether it is tried again.")
    answer: str


class ListedAlert(ToldAlert):
    """One alert with its idempotency key, and where it went."""

    key: str
    deliveries: list[AlertDelivery]


class AlertsListOutput(Output):
    """`changeover alerts list`."""

    alerts: list[ListedAlert]
