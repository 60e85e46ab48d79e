"""`phases.toml`: the plan of the migration."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field, model_validator

from changeover.errors import did_you_mean
from changeover.models.gates import Gates, ProductionCriteria
from changeover.models.path_patterns import RedactPath
from changeover.models.table import UNSET, EachOnce, FileTable, Like, Share, Text, Texts, refuse

_INSIDE = r"(?!/)(?!(?:.*/)?\.\.(?:/|$))(?!(?:\./)*\.?/?$)[^\\:]+"
_InsidePath = Annotated[str, Like(_INSIDE, "a path inside the project, with '/'")]
_PortMethod = Annotated[str, Like(r"[^.]*\.[^.]*", "port.method")]


class Removal(FileTable):
    """What goes with the legacy packages, and what must pass then: `changeover legacy prove`."""

    delete: Annotated[list[_InsidePath], EachOnce()] = Field(
        [], description="Files and folders that go, relative to the project."
    )
    patch: _InsidePath = Field(UNSET, description="A patch for the lines that chose between the two paths.")
    check: Texts = Field([], description="Commands that must exit 0 in the copy without legacy.")
    timeout_s: Annotated[int, Field(ge=1)] = Field(
        1800, description="Seconds that each command of `check` may take."
    )


class Migration(FileTable):
    """The migration as a whole."""

    name: Text = Field(description="What the migration is called on screens and pages.")
    legacy: Texts = Field([], description="Packages that will be removed, such as shop.legacy.")
    code: Texts = Field(
        [], description="Packages that evidence is about: when they change, it is of old code."
    )
    redact: Annotated[list[RedactPath], EachOnce()] = Field(
        [], description="Places whose values are never written or shown."
    )
    scenario_tags: Texts = Field([], description="Tags that the committed scenarios must show.")
    removal: Removal = Field(UNSET, description="The end: what is deleted, and what must pass without it.")

    @model_validator(mode="after")
    def _has_something_to_remove(self) -> Migration:
        if self.removal is not None and not self.legacy:
            refuse([(("legacy",), "is missing or empty, needed: the packages that will be removed")])
        return self


class Phase(FileTable):
    """One step of the migration, with one stage; without seams it consists of checks only."""

    name: Text = Field(description="The name that commands, flags and evidence know the phase by.")
    number: Annotated[int, Field(ge=1)] = Field(
        UNSET, description="Its number on screens; its place in this file unless given."
    )
    title: Text = Field(UNSET, description="One line about it; its name unless given.")
    requires: Texts = Field([], description="Earlier phases that must be at least as far.")
    seams: Texts = Field([], description="The seams that move together with this phase.")
    supplement: Annotated[list[_PortMethod], EachOnce()] = Field(
        [],
        description="Reads (port.method) that only the replayed path asks for; made after the run.",
    )
    fallback: bool = Field(
        False, description="Whether legacy answers where the candidate raises before it attempted an effect."
    )
    sample: Share = Field(1.0, description="The share of runs that are compared.")
    trip_after: Annotated[int, Field(ge=0)] = Field(
        UNSET, description="So many runs may differ before the tripwire moves the phase back to shadow."
    )
    gate: Gates = Field(UNSET, description="By stage, what is asked before the phase enters it.")

    @model_validator(mode="after")
    def _gates_fit(self) -> Phase:
        refuse(self._wrong_gates())
        return self

    def _wrong_gates(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        if self.gate is None:
            return
        for stage, sentence in self.gate.misplaced(has_seams=bool(self.seams)):
            yield ("gate", stage), sentence
        for stage in sorted(self.gate.model_fields_set):
            production = getattr(self.gate, stage).production
            excused = list(production.seams_not_asked) if isinstance(production, ProductionCriteria) else []
            place = ("gate", stage, "production", "seams_not_asked")
            for seam in excused:
                if seam not in self.seams:
                    allowed = f"{did_you_mean(seam, self.seams)} allowed: {', '.join(self.seams)}"
                    yield place, f"{seam!r} is no seam of the phase{allowed}"
            if excused and len(excused) == len(self.seams):
                allowed = 'production = { not_asked = "the reason" }'
                yield place, f"names every seam of the phase; allowed: {allowed}"


class PhasesFile(FileTable):
    """The plan: phases in order, the seams of each, and what must be shown before a phase moves on."""

    migration: Migration = Field(description="The migration as a whole.")
    phase: list[Phase] = Field([], description="The phases, in the order in which they move.")

    @model_validator(mode="after")
    def _phases_fit_together(self) -> PhasesFile:
        refuse(self._wrong_phases())
        return self

    def _wrong_phases(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        owners: dict[str, str] = {}
        earlier: list[str] = []
        numbers: set[int] = set()
        names = [phase.name for phase in self.phase]
        for at, phase in enumerate(self.phase):
            if phase.name in earlier:
                yield ("phase", at, "name"), f"{phase.name!r} is the name of two phases"
            for seam in phase.seams:
                owner = owners.setdefault(seam, phase.name)
                if owner != phase.name:
                    yield ("phase", at, "seams"), f"{seam!r} belongs to phase {owner!r} already"
            for needed in phase.requires:
                if needed not in earlier:
                    known = (
                        "comes later or is the phase itself,"
                        if needed in names
                        else f"is unknown{did_you_mean(needed, earlier)}"
                    )
                    allowed = ", ".join(sorted(earlier)) or "none, it is the first"
                    yield ("phase", at, "requires"), f"{needed!r} {known} allowed: {allowed}"
            number = phase.number or at + 1
            if number in numbers:
                yield ("phase", at, "number"), f"was {number}, needed: a number that no other phase has"
            numbers.add(number)
            earlier.append(phase.name)
