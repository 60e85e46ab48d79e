"""What a comparison is made of: a program's seams, their runtime, and its sources."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, Protocol

from changeover.compare.rules import Rules
from changeover.evidence.sources import Sources
from changeover.record.codec import Codec
from changeover.rollout.plan_file import Plan
from changeover.seam.judge import Waived, comparing_judge
from changeover.seam.runtime import Runtime
from changeover.seam.seam import Seam


class Program(Protocol):
    """What a `Migration` declares, as far as comparing asks for it."""

    @property
    def plan(self) -> Plan | None:
        """The phases, None without a plan."""

    @property
    def seams(self) -> Mapping[str, Seam]:
        """The declared seams by name."""

    @property
    def runtime(self) -> Runtime:
        """What the seams share while the program runs."""

    @property
    def codec(self) -> Codec:
        """Reads and writes the values of the program's own types."""

    @property
    def sources(self) -> Sources:
        """The declared sources of cases."""


class ProjectFiles(Protocol):
    """Where a project keeps its files: `root` has pyproject.toml, `directory` is the migration's folder."""

    @property
    def root(self) -> Path:
        """The folder of the project."""

    @property
    def directory(self) -> Path:
        """The folder of the migration."""

    def rules(self, today: date) -> Rules | None:
        """What counts as the same, None without a file; raises ConfigurationError."""


def comparison_runtime(
    program: Program, rules: Rules | None, waived: Waived | None = None, **changes: Any
) -> Runtime:
    """A runtime for runs that no tripwire sees and no store keeps unless `changes` name a sink.

    Args:
        program: whose ports, counts and notes it shares.
        rules: what counts as the same; None: strictly.
        waived: which differences are waived; None: those that the program itself waives.
        changes: further attributes of the runtime.
    """
    runtime = program.runtime
    waived = runtime.waived if waived is None else waived
    judge = runtime.judge if rules is None and waived is None else comparing_judge(rules, waived)
    known = {"sink": None, "tripwire": None, "measured": (), "traces": None, "judge": judge, "waived": waived}
    return runtime.with_(**{**known, "is_comparison": True, **changes})
