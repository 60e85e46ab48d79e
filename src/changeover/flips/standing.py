"""What `flags.json` says at one moment, read by those who are about to move a phase."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from changeover.errors import ConfigurationError
from changeover.flips.place import Stages, earliest
from changeover.rollout.flags_file import digest_of, parse_flags
from changeover.values.stage import CHECK_STAGES, SEAM_STAGES, Setting, Stage, ramp
from changeover.values.toml_table import parse_json, read_text

REVISION_MAX = 10**9  # what a damaged file claims beyond this is no revision


@dataclass(frozen=True, slots=True)
class Standing:
    """`problem` says why the file is refused, None where it is good or missing.

    Of a refused file `settings` hold what could be read all the same, and `sealed` says whether its digest
    still vouches for that. `digest` is None unless the file is good.
    """

    revision: int = 0
    digest: str | None = None
    settings: Mapping[str, Setting] = field(default_factory=dict)
    problem: str | None = None
    sealed: bool = True
    missing: bool = False

    def setting(self, phase: str, stages: Stages | None) -> Setting:
        """Where a phase stands; one that the file does not name has not moved."""
        allowed = (stages or {}).get(phase, SEAM_STAGES)
        return self.settings.get(phase, earliest(allowed))

    def whole(self, stages: Stages | None) -> dict[str, Setting]:
        """Every phase of the plan and of the file."""
        names = [*(stages or {}), *(name for name in self.settings if name not in (stages or {}))]
        return {name: self.setting(name, stages) for name in names}


def read_standing(path: Path, stages: Stages | None) -> Standing:
    """Read the flags; never raises. Without a plan the file itself says which stages a phase may have."""
    try:
        text = read_text(path)
    except ConfigurationError as error:
        missing = not path.exists()
        return Standing(missing=True) if missing else Standing(problem=str(error), sealed=False)
    content: Any = None
    try:
        content = parse_json(text, str(path))
        flags = parse_flags(content, str(path), own_stages(content) if stages is None else stages)
    except ConfigurationError as error:
        return _salvaged(content, stages, str(error))
    return Standing(flags.revision, flags.digest, flags.settings)


def own_stages(content: Any) -> Stages:
    """The stages that a flags file names itself, for whoever has no plan to ask."""
    return {
        name: kind
        for name, flag in _mapping(_mapping(content).get("flags")).items()
        for kind in (SEAM_STAGES, CHECK_STAGES)
        if set(_mapping(_mapping(flag).get("variants"))) == set(kind)
    }


def _salvaged(content: Any, stages: Stages | None, problem: str) -> Standing:
    metadata = _mapping(_mapping(content).get("metadata"))
    revision = metadata.get("revision")
    known = isinstance(revision, int) and not isinstance(revision, bool) and 0 < revision < REVISION_MAX
    settings = {}
    for phase, allowed in (own_stages(content) if stages is None else stages).items():
        setting = _read(_mapping(_mapping(_mapping(content).get("flags")).get(phase)), allowed)
        if setting is not None:
            settings[phase] = setting
    sealed = bool(metadata) and metadata.get("digest") == digest_of(content)
    return Standing(int(str(revision)) if known else 0, None, settings, problem, sealed)


def _read(flag: Mapping[str, Any], allowed: tuple[Stage, ...]) -> Setting | None:
    stage = flag.get("defaultVariant")
    if not isinstance(stage, str) or stage not in allowed:
        return None
    if stage != Stage.RAMP:
        return Setting(Stage(stage))
    try:
        return ramp(_mapping(flag.get("metadata")).get("ramp_percent"))
    except ValueError:
        return None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
