"""`phases.toml`, the plan of the migration with its gates; `[tool.changeover]` of `pyproject.toml`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from changeover.errors import did_you_mean
from changeover.models.alerts import Alerts
from changeover.models.base import UNSET, EachOnce, FileTable, Like, Share, Text, Texts, refuse
from changeover.models.rules import RedactPath
from changeover.values.observation import Side
from changeover.values.stage import Stage

NOT_ASKED = "not_asked"
_OR_EXCUSED = Discriminator(lambda value: "=1" if isinstance(value, dict) and NOT_ASKED in value else "=0")
_Answering = Annotated[Side, Field(strict=False)]
_Whole = Annotated[int, Field(ge=0)]
_Probability = Annotated[float, Field(gt=0, le=0.999999)]


class NotAsked(FileTable):
    """In place of a criterion: it is not asked, and why."""

    not_asked: Text = Field(description="Why this is not asked; the gate shows the reason.")


class CorpusCriteria(FileTable):
    """What comparisons over scenario sources must show."""

    sources: Texts = Field([], description="Sources that must have been compared as a whole; empty: any one.")
    divergences_max: _Whole = Field(0, description="Runs that may differ. An effect that differs never may.")
    not_compared_max: _Whole = Field(0, description="Runs that may have failed to be compared.")
    tags: Texts = Field([], description="Tags of cases that must have occurred in runs that were compared.")
    answered_by: _Answering = Field(UNSET, description="Only comparisons in which this path ran for real.")


class ProductionCriteria(FileTable):
    """What runs in production must show; rates are shares of one."""

    rate_max: _Probability = Field(
        0.01, description="Upper bound of the share of differing runs that is allowed."
    )
    confidence: _Probability = Field(0.95, description="How sure the bound has to be.")
    not_compared_max: Share = Field(0.001, description="Share of runs that may have failed to be compared.")
    unpaired_max: Share = Field(0.01, description="Share of runs that may have been dropped uncompared.")
    span_days: _Whole = Field(20, description="Distinct days (UTC) on which runs must have been compared.")
    answered_by: _Answering = Field(UNSET, description="Only runs that this path answered are counted.")
    seams_not_asked: dict[str, Text] = Field(
        {}, description="Seams of which no rate is asked, each with the reason. Never all seams of the phase."
    )


class ExploreCriteria(FileTable):
    """What `changeover explore` must have shown of each seam."""

    schedules: Annotated[int, Field(ge=1)] = Field(
        10_000, description="How many must have been tried; fewer where there are no more."
    )
    divergences_max: _Whole = Field(0, description="Schedules that may differ.")
    seams: Texts = Field([], description="Seams that are asked; empty: all of the phase.")


_Excused = Annotated[NotAsked, Tag("=1")]
_Corpus = Annotated[Annotated[CorpusCriteria, Tag("=0")] | _Excused, _OR_EXCUSED]
_Explore = Annotated[Annotated[ExploreCriteria, Tag("=0")] | _Excused, _OR_EXCUSED]
_Production = Annotated[Annotated[ProductionCriteria, Tag("=0")] | _Excused, _OR_EXCUSED]
_Ratio = Annotated[Annotated[float, Field(gt=0), Tag("=0")] | _Excused, _OR_EXCUSED]
_Commands = Annotated[Annotated[Texts, Tag("=0")] | _Excused, _OR_EXCUSED]
_YesOrExcused = Annotated[Annotated[bool, Tag("=0")] | _Excused, _OR_EXCUSED]


class Gate(FileTable):
    """What is asked before a phase enters this stage. A key that is missing is asked as strictly as ever."""

    corpus: _Corpus = Field(UNSET, description="Of comparisons over sources.")
    production: _Production = Field(UNSET, description="Of runs in production.")
    own_time_p95_ratio_max: _Ratio = Field(
        UNSET, description="How many times legacy's own time (p95) the candidate's may be."
    )
    blind_spots: Literal["listed", "none", "any"] = Field(
        UNSET, description="Blind spots that are allowed: those listed in blindspots.toml, none, or any."
    )
    explore: _Explore = Field(
        UNSET, description="Of the candidate under other orders of its events; not asked unless given."
    )
    check: _Commands = Field(
        UNSET, description="Commands that must exit 0; run without a shell in the project's folder."
    )
    check_timeout_s: Annotated[int, Field(ge=1)] = Field(
        1800, description="Seconds that each command of `check` may take."
    )
    rollback_rehearsed: _YesOrExcused = Field(
        UNSET,
        description="Whether the phase must have been moved back once on this code.",
    )


class CompleteGate(Gate):
    """What is asked before legacy is given up; more than by default may be left out with a reason only."""

    @model_validator(mode="after")
    def _nothing_left_out_in_silence(self) -> CompleteGate:
        excuse = '{ not_asked = "the reason" }'
        refuse(
            ((key,), f"was {found}, allowed: {allowed}, or {excuse}")
            for key, found, allowed, wrong in (
                ("check", "empty", "commands", self.check == []),
                ("rollback_rehearsed", "false", "true", self.rollback_rehearsed is False),
            )
            if wrong
        )
        return self


class Gates(FileTable):
    """By stage, what is asked before the phase enters it; stages without a table are asked the default."""

    shadow: Gate = Field(UNSET, description="Before the candidate is run beside legacy.")
    ramp: Gate = Field(UNSET, description="Before the candidate answers a share of the keys.")
    live: Gate = Field(UNSET, description="Before the candidate answers every run.")
    complete: CompleteGate = Field(UNSET, description="Before legacy is not even replayed any more.")
    done: Gate = Field(UNSET, description="Before a phase without seams, which consists of checks, is done.")

    def misplaced(self, *, has_seams: bool) -> list[tuple[str, str]]:
        """Stages that such a phase never enters, each with a sentence."""
        allowed = [str(stage) for stage in Stage if stage not in (Stage.OFF, Stage.OPEN)]
        allowed = [stage for stage in allowed if (stage == Stage.DONE) is not has_seams]
        sentence = f"is no stage with a gate, allowed: {', '.join(allowed)}"
        return [(name, sentence) for name in self.model_fields_set if name not in allowed]


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
        [],
        description="Packages that evidence is about: when they or the ports change, it is of old code.",
    )
    redact: Annotated[list[RedactPath], EachOnce()] = Field(
        [], description="Places whose values are never written or shown."
    )
    scenario_tags: Texts = Field([], description="Tags that the committed scenarios must show.")
    mode: Literal["inline", "background", "worker"] = Field(
        UNSET, description="Where runs are compared: by the caller, in a thread, or by changeover worker."
    )
    in_process: bool = Field(
        True, description="With mode worker: may the program compare, in a thread, what no worker can replay."
    )
    lag_max_s: Annotated[float, Field(gt=0)] = Field(
        300.0, description="With mode worker: how many seconds old a run may be that waits for a worker."
    )
    on_lag: Literal["shadow", "keep"] = Field(
        "shadow", description="What becomes of a phase in ramp that no worker watches any more."
    )
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
    ports: dict[Text, Literal[True] | dict[str, Any]] = Field(
        {}, description="Packs for libraries that the program uses: true, or a table of the pack's options."
    )
    alerts: Alerts = Field(UNSET, description="Who hears of what, beside the log.")
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


class ProjectTable(FileTable):
    """Where the toolkit finds the app and the migration's folder."""

    app: Text = Field(
        UNSET,
        description='A Migration, or a function that gives one: "module:attribute".',
        examples=["shop.compat:migration"],
    )
    directory: Text = Field("migration", description="The migration's folder, relative to pyproject.toml.")
