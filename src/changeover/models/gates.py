"""What `phases.toml` says that a gate asks before a phase may enter a stage."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from changeover.models.table import UNSET, FileTable, Share, Text, Texts, refuse
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


_Excused = Annotated[NotAsked, Tag("=1")]
_Corpus = Annotated[Annotated[CorpusCriteria, Tag("=0")] | _Excused, _OR_EXCUSED]
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
