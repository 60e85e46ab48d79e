"""What has to be the same where a run answered and where it is replayed: code, files, hash seed, Python."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from changeover.errors import ConfigurationError
from changeover.evidence.code_digest import code_digest
from changeover.project import Project
from changeover.settings import PLAN_FILE, RULES_FILE, WAIVERS_FILE

HASH_SEED = "PYTHONHASHSEED"
_FILES = (PLAN_FILE, RULES_FILE, WAIVERS_FILE)
_DIGITS = 12

Problem = tuple[str, str]
"""Where something is wrong, and what was found and is needed."""


def terms(project: Project) -> dict[str, Any]:
    """Those of this process, as JSON; raises ConfigurationError where the hash seed is not set."""
    seed = os.environ.get(HASH_SEED)
    if seed is None or not seed.isdigit():
        found = "is not set" if seed is None else f"was {seed!r}"
        raise ConfigurationError(
            HASH_SEED,
            f"{found}, needed: a number, the same here and where each worker of the cluster is started, "
            f"so that sets have the same order everywhere: {HASH_SEED}=0",
        )
    return {HASH_SEED: seed, **_terms(project)}


def _terms(project: Project) -> dict[str, Any]:
    project.make_importable()
    files = {name: _file_digest(project, name) for name in _FILES}
    return {
        "Python": ".".join(map(str, sys.version_info[:2])),
        "changeover": _own_digest(),
        "app": project.app,
        **files,
        "code": code_digest(_packages(project)),
    }


def _own_digest() -> str:
    """Of the files of the toolkit as they are, which takes no parsing."""
    root = Path(__file__).parents[1]
    total = sha256()
    for path in sorted(root.rglob("*.py")):
        total.update(f"{path.relative_to(root).as_posix()}\x1f".encode() + path.read_bytes())
    return total.hexdigest()


def _packages(project: Project) -> tuple[str, ...]:
    """Those that the plan names; without a plan the one that has the app."""
    plan = project.plan()
    if plan is not None and plan.code:
        return plan.code
    return ((project.app or "").partition(":")[0].partition(".")[0],) if project.app else ()


def _file_digest(project: Project, name: str) -> str | None:
    file = project.directory / name
    return sha256(file.read_bytes()).hexdigest() if file.exists() else None


def why_not_alike(wanted: Mapping[str, Any], project: Project) -> Problem | None:
    """How this process differs from one with these terms, None where it does not.

    Raises ConfigurationError for code that cannot be found.
    """
    seed = os.environ.get(HASH_SEED)
    if seed != wanted[HASH_SEED]:
        found = "is not set" if seed is None else f"was {seed!r}"
        return HASH_SEED, (
            f"{found}, needed: {wanted[HASH_SEED]!r}, as where the comparison was started; start the worker "
            f"with {HASH_SEED}={wanted[HASH_SEED]} in its environment"
        )
    if project.app is None:
        return "the project", (
            f"no pyproject.toml names an app in {project.root}; start the worker in the folder of the project"
        )
    for name, value in _terms(project).items():
        if value != wanted[name]:
            return _named(name), (
                f"was {_shown(value)}, needed: {_shown(wanted[name])}, as where the comparison was started; "
                f"start the worker in a folder with the same {_same(name)}"
            )
    return None


def _named(name: str) -> str:
    return "the digest of the code" if name == "code" else name


def _same(name: str) -> str:
    return {"code": "code", "Python": "Python", "changeover": "version of changeover"}.get(name, name)


def _shown(value: str | None) -> str:
    return "missing" if value is None else value[:_DIGITS]
