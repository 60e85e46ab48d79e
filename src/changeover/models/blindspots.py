"""`blindspots.toml`: what the comparison does not notice, and somebody accepts."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from changeover.models.path_patterns import PlaceOfResult, SeamPattern
from changeover.models.table import FileTable, Text, refuse

ACCEPTED_MAX = 500


class BlindSpot(FileTable):
    """One place of a result or an error whose change the comparison may miss. Never a place of an effect."""

    seam: SeamPattern = Field(description="The seam; * stands for any part of its name.")
    place: PlaceOfResult = Field(description="The place, written as in rules: result.plan_id.")
    reason: Text = Field(description="Why a change there does no harm.")


class BlindSpotsFile(FileTable):
    """What the comparison does not notice and somebody accepts: `changeover rules blindspots` finds them."""

    blindspot: Annotated[list[BlindSpot], Field(max_length=ACCEPTED_MAX)] = Field(
        [], description="The accepted ones; each place of a seam once."
    )

    @model_validator(mode="after")
    def _each_place_once(self) -> BlindSpotsFile:
        seen = [(one.seam, one.place) for one in self.blindspot]
        refuse(
            (("blindspot", at, "place"), f"{place!r} of {seam!r} is accepted already")
            for at, (seam, place) in enumerate(seen)
            if (seam, place) in seen[:at]
        )
        return self
