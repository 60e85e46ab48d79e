"""Observations and rules for tests of the comparison, with everything that a test does not care about."""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path
from typing import Any

from changeover.compare.comparison import Comparison, compare
from changeover.compare.rules import Rules
from changeover.compare.rules_file import load_rules
from changeover.values.observation import Observation, PortCall, Raised, Returned, Side

TODAY = date(2026, 1, 15)


def returned(value: Any, *effects: PortCall, path: Side = Side.LEGACY) -> Observation:
    return Observation(path, Returned(value), effects, ())


def raised(error: BaseException, *effects: PortCall) -> Observation:
    return Observation(Side.LEGACY, Raised(error), effects, ())


def effect(name: str, key: Any, position: int = 1, /, **arguments: Any) -> PortCall:
    port, method = name.split(".")
    return PortCall(port, method, key, arguments, Returned(None), position)


def read(name: str, answer: Any, position: int = 1, /, **arguments: Any) -> PortCall:
    port, method = name.split(".")
    return PortCall(port, method, None, arguments, Returned(answer), position)


def rules(text: str) -> Rules:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rules.toml"
        file.write_text(text, encoding="utf-8")
        return load_rules(file, today=TODAY)


def rule(path: str, settings: str) -> Rules:
    return rules(f"[[rule]]\npath = '{path}'\n{settings}\nreason = 'a test'\n")


def compared(legacy: Any, candidate: Any, under: Rules | None = None) -> Comparison:
    return compare(returned(legacy), returned(candidate), under or Rules(), seam="trading.workflow")


def found(comparison: Comparison) -> list[tuple[str, str]]:
    return [(divergence.kind.value, divergence.place) for divergence in comparison.divergences]


def differences(legacy: Any, candidate: Any, under: Rules | None = None) -> list[tuple[str, str]]:
    return found(compared(legacy, candidate, under))
