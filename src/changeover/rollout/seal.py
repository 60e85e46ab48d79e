"""Seal a hand edit of flags.json: check it, write it to the history, give it a revision and a digest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from changeover.errors import ConfigurationError
from changeover.rollout.commit import Cause, Change, commit
from changeover.rollout.flags_file import (
    REVISION_MAX,
    FlagsState,
    digest_of,
    parse_flags,
    read_flags,
    stages_in_file,
)
from changeover.rollout.history import GateOutcome, HistoryEntry, links_of, read_lines, settings_by
from changeover.rollout.migration_files import Place
from changeover.rollout.move import MovedMeanwhileError
from changeover.values.stage import Setting, Stages, earliest_like
from changeover.values.toml_table import parse_json, read_text

BY_HAND = GateOutcome(forced=True, note="by hand")


@dataclass(frozen=True, slots=True)
class HandEdit:
    """An edited flags.json; `changes` are relative to the last state in the history."""

    flags_state: FlagsState
    settings: Mapping[str, Setting]
    changes: tuple[Change, ...]
    sealed: bool

    @property
    def forward(self) -> tuple[Change, ...]:
        """Changes that go forward, which no gate allowed."""
        return tuple(one for one in self.changes if one.is_forward)


def read_edit(place: Place, stages: Stages | None) -> HandEdit:
    """Read the edited file; raises ConfigurationError where it is no valid flags.json."""
    where = str(place.flags)
    content = parse_json(read_text(place.flags), where)
    flags_state = read_flags(place.flags, stages)
    flags = parse_flags(
        _as_if_sealed(content, where), where, stages_in_file(content) if stages is None else stages
    )
    settings = replace(flags_state, settings=flags.settings).every_setting(stages)
    written = settings_by(links_of(read_lines(place.history)), "")
    changes = []
    for phase, setting in settings.items():
        old = written.get(phase, earliest_like(setting))
        if old != setting:
            changes.append(Change(phase, old, setting))
    return HandEdit(flags_state, settings, tuple(changes), flags_state.problem is None)


def seal(place: Place, stages: Stages | None, edit: HandEdit, cause: Cause) -> list[HistoryEntry]:
    """Write the edit with a new revision and digest; raises NotWrittenError or MovedMeanwhileError."""
    forward = edit.forward
    with place.lock():
        if read_edit(place, stages) != edit:
            raise MovedMeanwhileError(str(place.flags), "was edited again meanwhile; look again")
        return commit(
            place,
            edit.flags_state,
            edit.settings,
            edit.changes,
            replace(cause, gate=BY_HAND if forward else None),
            forward=bool(forward),
        )


def _as_if_sealed(content: Any, where: str) -> dict[str, Any]:
    if not isinstance(content, dict):
        raise ConfigurationError(where, f"was {json.dumps(content)[:40]}, allowed: a table")
    old = content.get("metadata")
    metadata = dict(old) if isinstance(old, dict) else {}
    revision = metadata.get("revision")
    if not isinstance(revision, int) or isinstance(revision, bool) or not 0 < revision < REVISION_MAX:
        metadata["revision"] = 1
    sealed = {**content, "metadata": {**metadata, "digest": "none yet"}}
    sealed["metadata"]["digest"] = digest_of(sealed)
    return sealed
