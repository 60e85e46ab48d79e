"""`flags.json`: the stage of every phase, as a flagd flag definition with a revision and a digest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import field
from hashlib import sha256
from pathlib import Path
from typing import Any

from changeover.errors import ConfigurationError, did_you_mean
from changeover.quick_dataclass import dataclass
from changeover.values.stage import CHECK_STAGES, SEAM_STAGES, Setting, Stage, Stages, earliest, ramp
from changeover.values.toml_table import Table, parse_json, read_text, shown

SCHEMA = "https://flagd.dev/schema/v0/flags.json"
SEAL_COMMAND = "changeover flags seal --reason ..."


def digest_of(content: Mapping[str, Any]) -> str:
    """A digest of the parsed content without the digest itself; white space and line ends do not count."""
    metadata = {key: value for key, value in dict(content.get("metadata") or {}).items() if key != "digest"}
    canonical = json.dumps({**content, "metadata": metadata}, sort_keys=True, separators=(",", ":"))
    return "sha256:" + sha256(canonical.encode()).hexdigest()


def flags_content(settings: Mapping[str, Setting], *, revision: int) -> dict[str, Any]:
    """The content of flags.json for these settings, with its digest."""
    content: dict[str, Any] = {
        "$schema": SCHEMA,
        "metadata": {"revision": revision},
        "flags": {phase: _flag(setting) for phase, setting in settings.items()},
    }
    content["metadata"]["digest"] = digest_of(content)
    return content


def _flag(setting: Setting) -> dict[str, Any]:
    stages = CHECK_STAGES if setting.stage in CHECK_STAGES else SEAM_STAGES
    flag: dict[str, Any] = {
        "state": "ENABLED",
        "variants": {str(stage): str(stage) for stage in stages},
        "defaultVariant": str(setting.stage),
    }
    if setting.stage is Stage.RAMP:
        flag["metadata"] = {"ramp_percent": setting.percent}
    return flag


def parse_flags(content: Any, where: str, phases: Mapping[str, tuple[Stage, ...]]) -> FlagsState:
    """Read parsed content; `phases` gives the stages that each known phase may have.

    Raises ConfigurationError, also where the content does not match its digest.
    """
    top = Table(content, where)
    top.text("$schema", None)
    metadata = top.table("metadata")
    if metadata is None:
        raise top.missing("metadata", "a table with revision and digest")
    revision = metadata.whole("revision", least=1)
    digest = metadata.text("digest")
    metadata.done()
    flags = top.table("flags")
    if flags is None:
        raise top.missing("flags", "a table with one flag per phase")
    top.done()
    settings = {name: _read_flag(flags.inner(flag, name), name, phases) for name, flag in flags.items()}
    if digest != digest_of(content):
        raise ConfigurationError(
            where,
            f"revision {revision} refused: digest does not match its content; "
            f"after a hand edit: {SEAL_COMMAND}",
        )
    return FlagsState(revision, digest, settings)


def _read_flag(flag: Table, phase: str, phases: Mapping[str, tuple[Stage, ...]]) -> Setting:
    allowed = phases.get(phase)
    if allowed is None:
        meant = did_you_mean(phase, phases)
        raise flag.error("", f"phase {phase!r} is unknown{meant} allowed: {', '.join(phases) or 'none'}")
    flag.text("state", among=["ENABLED"])
    variants = flag.table("variants")
    names = {str(stage): str(stage) for stage in allowed}
    if variants is None or dict(variants.items()) != names:
        found = "missing" if variants is None else shown(dict(variants.items()))
        raise flag.error(
            "variants", f"was {found}, allowed: exactly the stages {', '.join(allowed)}, each its own value"
        )
    if flag.raw("targeting", {}) != {}:
        raise flag.error("targeting", "a stage holds for every run, allowed: nothing")
    stage = flag.text("defaultVariant", among=names)
    metadata = flag.table("metadata")
    percent = None if metadata is None else metadata.raw("ramp_percent")
    if metadata is not None:
        metadata.done()
    flag.done()
    try:
        return ramp(percent) if stage == Stage.RAMP else Setting(Stage(stage))
    except ValueError as error:
        raise flag.error("metadata.ramp_percent", str(error)) from None


REVISION_MAX = 10**9  # what a damaged file claims beyond this is no revision


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why flags.json is refused: at which place, and what is wrong there."""

    where: str
    problem: str

    def __str__(self) -> str:
        return f"{self.where}: {self.problem}"


@dataclass(frozen=True, slots=True)
class FlagsState:
    """flags.json as it was read; `problem` says why it is refused, None where it is good or missing.

    `settings` of a refused file hold what could still be read, and `sealed` says whether its digest matches.
    `digest` is None unless the file is good.
    """

    revision: int = 0
    digest: str | None = None
    settings: Mapping[str, Setting] = field(default_factory=dict)
    problem: Refusal | None = None
    sealed: bool = True
    missing: bool = False

    def setting(self, phase: str, stages: Stages | None) -> Setting:
        """The setting of a phase; one that the file does not name has not moved."""
        allowed = (stages or {}).get(phase, SEAM_STAGES)
        return self.settings.get(phase, earliest(allowed))

    def every_setting(self, stages: Stages | None) -> dict[str, Setting]:
        """The settings of every phase of the plan and of the file."""
        names = [*(stages or {}), *(name for name in self.settings if name not in (stages or {}))]
        return {name: self.setting(name, stages) for name in names}


def read_flags(path: Path, stages: Stages | None) -> FlagsState:
    """Read the flags; never raises. Without a plan the file itself says which stages a phase may have."""
    try:
        text = read_text(path)
    except ConfigurationError as error:
        if not path.exists():
            return FlagsState(missing=True)
        return FlagsState(problem=Refusal(error.where, error.problem), sealed=False)
    content: Any = None
    try:
        content = parse_json(text, str(path))
        return parse_flags(content, str(path), stages_in_file(content) if stages is None else stages)
    except ConfigurationError as error:
        return _salvaged(content, stages, Refusal(error.where, error.problem))


def stages_in_file(content: Any) -> Stages:
    """The stages that a flags file names itself, where there is no plan."""
    return {
        name: kind
        for name, flag in _mapping(_mapping(content).get("flags")).items()
        for kind in (SEAM_STAGES, CHECK_STAGES)
        if set(_mapping(_mapping(flag).get("variants"))) == set(kind)
    }


def _salvaged(content: Any, stages: Stages | None, problem: Refusal) -> FlagsState:
    metadata = _mapping(_mapping(content).get("metadata"))
    settings = {}
    for phase, allowed in (stages_in_file(content) if stages is None else stages).items():
        setting = _read(_mapping(_mapping(_mapping(content).get("flags")).get(phase)), allowed)
        if setting is not None:
            settings[phase] = setting
    sealed = bool(metadata) and metadata.get("digest") == digest_of(content)
    return FlagsState(_revision(metadata) or 0, None, settings, problem, sealed)


def as_if_sealed(content: Any, where: str) -> dict[str, Any]:
    """Edited content with the digest that it would need; raises ConfigurationError for what is no table."""
    if not isinstance(content, dict):
        raise ConfigurationError(where, f"was {json.dumps(content)[:40]}, allowed: a table")
    old = _mapping(content.get("metadata"))
    metadata = {**old, "revision": _revision(old) or 1, "digest": "none yet"}
    sealed = {**content, "metadata": metadata}
    metadata["digest"] = digest_of(sealed)
    return sealed


def _revision(metadata: Mapping[str, Any]) -> int | None:
    """The revision that a file claims, None where it claims none that can be."""
    revision = metadata.get("revision")
    if isinstance(revision, int) and not isinstance(revision, bool) and 0 < revision < REVISION_MAX:
        return revision
    return None


def _read(flag: Mapping[str, Any], allowed: tuple[Stage, ...]) -> Setting | None:
    stage = flag.get("defaultVariant")
    if not isinstance(stage, str) or stage not in allowed:
        return None
    percent = _mapping(flag.get("metadata")).get("ramp_percent")
    try:
        return ramp(percent) if stage == Stage.RAMP else Setting(Stage(stage))
    except ValueError:
        return None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
