"""What the verbs that move phases share: their warnings, and what keeps a move from being seen."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from changeover.api.arguments import Told, ignore
from changeover.errors import ConfigurationError
from changeover.rollout.kill_switch import read_kill_switch
from changeover.rollout.migration_files import stages_of
from changeover.settings import PLAN_FILE
from changeover.values.stage import stage_variable

if TYPE_CHECKING:
    from changeover.values.stage import Setting, Stages


class Warnings:
    """What must not be overlooked: handed on at once, and kept for the result."""

    def __init__(self, hand_on: Told | None) -> None:
        self._hand_on = hand_on or ignore
        self._texts: list[str] = []

    def __call__(self, text: str) -> None:
        """One more."""
        self._texts.append(text)
        self._hand_on(text)

    @property
    def texts(self) -> tuple[str, ...]:
        """In their order."""
        return tuple(self._texts)


def stages_to_go_back_by(directory: Path, warn: Told) -> Stages | None:
    """The stages of each phase; None, with a warning, where the plan cannot be read."""
    from changeover.rollout.plan_file import load_plan

    path = directory / PLAN_FILE
    if not path.exists():
        return None
    try:
        return stages_of(load_plan(path))
    except ConfigurationError as error:
        warn(f"{error}; what the flags say themselves is taken")
        return None


def overrides_of(directory: Path, phases: Iterable[str]) -> Iterator[str]:
    """What keeps a move from being seen, as far as this environment shows it."""
    for phase in phases:
        variable = stage_variable(phase)
        if variable in os.environ:
            value = os.environ[variable]
            yield f"{variable}={value} overrides flags.json in processes with this environment"
    if read_kill_switch(directory, os.environ).killed:
        yield "kill switch on: legacy answers every new run until changeover unkill"


def those_ahead(directory: Path, settings: Mapping[str, Setting]) -> Iterator[str]:
    """Which phases now stand further than what they require; going back moves nobody else."""
    from changeover.rollout.plan_file import load_plan
    from changeover.values.stage import SEAM_STAGES, earlier

    with suppress(ConfigurationError):
        for phase in load_plan(directory / PLAN_FILE).phases.values():
            here = settings.get(phase.name)
            for needed in phase.requires:
                there = settings.get(needed)
                if here is None or there is None or there.stage not in SEAM_STAGES:
                    continue
                if earlier(here, there) != here:
                    yield f"{phase.name} stays at {here} and requires {needed}, which is at {there}"
