"""What the runs of this process are about: its code, and the rules they are judged by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from changeover.compare.rules import STRICT
from changeover.errors import ConfigurationError
from changeover.evidence.code_digest import changed_since, code_digest
from changeover.rollout.plan_file import Plan


@dataclass(frozen=True, slots=True)
class Judged:
    """Digests. Where one of them could not be worked out `problem` says why, and the runs never count."""

    code: str | None
    rules: str
    problem: str | None = None


def judged_by(
    plan: Plan | None, rules_file: Path | None, today: date, loaded_ns: int | None = None
) -> Judged:
    """By the rules of a file, strictly where there is none yet; None where they are not those of a file.

    `loaded_ns` is when the program was loaded: what was written later is not the code that it runs.
    """
    try:
        packages = () if plan is None else plan.code
        code = code_digest(packages) if packages else None
        newer = None if loaded_ns is None else changed_since(packages, loaded_ns)
        if newer is not None:
            raise ConfigurationError(newer, "has changed since the program was loaded; start it again")
        return Judged(code, _rules_digest(rules_file, today))
    except ConfigurationError as error:
        return Judged(None, "", f"runs are kept and do not count: {error}")


def _rules_digest(rules_file: Path | None, today: date) -> str:
    from changeover.compare.rules_file import load_rules

    if rules_file is None:
        raise ConfigurationError(
            "Migration", "judge= was given, allowed for evidence: the rules of rules.toml"
        )
    return (load_rules(rules_file, today=today) if rules_file.exists() else STRICT).digest
