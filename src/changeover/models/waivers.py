"""`waivers.toml`: differences that are accepted for now."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field, model_validator

from changeover.models.table import FileTable, Like, Text, refuse

_Digits = Annotated[
    str, Like("[0-9a-f]{6,64}", "6 to 64 digits of 0-9 and a-f, as changeover explain shows them")
]


class Waiver(FileTable):
    """One cluster of differences that counts as waived until a day. An effect cannot be waived."""

    cluster: _Digits = Field(description="The beginning of the cluster's identifier.")
    owner: Text = Field(description="Who answers for it.")
    reason: Text = Field(description="Why it may be, for now.")
    until: date = Field(description="The last day it holds, at most a year ahead; then its gate fails.")


class WaiversFile(FileTable):
    """Differences that somebody accepted for now: `changeover waive` writes them."""

    waiver: list[Waiver] = Field([], description="The waivers; each cluster once.")

    @model_validator(mode="after")
    def _each_cluster_once(self) -> WaiversFile:
        refuse(
            (("waiver", at, "cluster"), f"{one.cluster!r} is waived already, by {other.owner}")
            for at, one in enumerate(self.waiver)
            for other in self.waiver[:at]
            if one.cluster.startswith(other.cluster) or other.cluster.startswith(one.cluster)
        )
        return self
