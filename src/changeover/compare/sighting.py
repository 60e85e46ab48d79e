"""Where a value was seen before."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sighting:
    """One place where a value was seen: `where` in an input, or in what a read answered.

    `method` and `position` are those of the read (`broker.positions`, its place on the tape), None for an
    input.
    """

    value: str
    where: str
    method: str | None = None
    position: int | None = None

    def __str__(self) -> str:
        read = "" if self.position is None else f", read {self.position}"
        return f"{self.value} is {self.where}{read}"
