"""What a child that replays learns and its parent has to know as well: secrets, notes, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from changeover.evidence.sent_runs import Given
from changeover.redaction.secrets import remember, remembered
from changeover.seam.runtime import Runtime

NO_PROCESS = "no process could be started"


def lost_reason(child: Given) -> str:
    """Why runs that a child was to replay have failed."""
    return f"the process that replayed it did not come to its end: {child.ended}"


class Telling:
    """In a child: what it learns that its parent has to know as well. Made before anything else is done."""

    def __init__(self, runtime: Runtime) -> None:
        self._known = remembered()
        self._notes = runtime.keep_notes()

    def data(self) -> dict[str, Any]:
        """As JSON, for `take_told`."""
        notes = [[text, {name: str(value) for name, value in more.items()}] for text, more in self._notes]
        return {"secrets": sorted(remembered() - self._known), "notes": notes}


def take_told(runtime: Runtime, data: Mapping[str, Any]) -> None:
    """In the parent: secrets that were found are known here too, and what is wrong is said once."""
    remember(data["secrets"])
    for text, more in data["notes"]:
        runtime.note(text, **more)
