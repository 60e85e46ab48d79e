"""Where the compared runs of a migration go. What keeps them is imported when there is a run to keep."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from changeover.errors import ConfigurationError
from changeover.record.codec import Codec
from changeover.record.run import Run, Sink
from changeover.rollout.plan_file import Plan, redact_paths_of
from changeover.values.toml_table import parse_toml, read_text

if TYPE_CHECKING:
    from changeover.evidence.writer import EvidenceWriter


class EvidenceSink:
    """A sink: first the evidence, then whoever else wants the run.

    The store is the one that the commands look into: that of the project around `directory`. `rules_file` is
    None where the runs are not judged by it: they are kept then, and never count.
    """

    def __init__(
        self,
        directory: Path,
        plan: Plan | None,
        codec: Codec,
        *,
        rules_file: Path | None,
        environment: Mapping[str, str],
        sink: Sink | None,
    ) -> None:
        self._directory = directory
        self._loaded_ns = time.time_ns()
        self._plan = plan
        self._codec = codec
        self._rules_file = rules_file
        self._environment = environment
        self._sink = sink
        self._lock = threading.Lock()
        self._writer: EvidenceWriter | None = None
        self._last_problems: tuple[str, ...] = ()
        self.alarm: Callable[[str], None] | None = None

    def __call__(self, run: Run) -> None:
        """Hand it to both; the one that fails does not keep it from the other."""
        try:
            writer = self._writer or self._make()
            writer(run)
            if writer.problems != self._last_problems:
                self._raise_alarm(writer.problems)
        finally:
            if self._sink is not None:
                self._sink(run)

    @property
    def problems(self) -> tuple[str, ...]:
        """Why nothing is kept, or why it does not count; empty where all is well."""
        return () if self._writer is None else self._writer.problems

    def _raise_alarm(self, problems: tuple[str, ...]) -> None:
        self._last_problems = problems
        if self.alarm is not None and problems:
            self.alarm("; ".join(problems))

    def flush(self) -> None:
        """Write what waits."""
        if self._writer is not None:
            self._writer.flush()

    def _make(self) -> EvidenceWriter:
        from changeover.evidence.code_digest import judged_by
        from changeover.evidence.writer import EvidenceWriter
        from changeover.redaction.redactor import Redactor

        with self._lock:
            if self._writer is None:
                root = root_around(self._directory)
                self._writer = EvidenceWriter(
                    root,
                    self._codec,
                    judged=lambda: judged_by(
                        self._plan, self._rules_file, datetime.now(UTC).date(), self._loaded_ns
                    ),
                    redact=lambda: (
                        Redactor.for_project(redact_paths_of(self._plan), root, self._environment).run
                    ),
                    environment=self._environment,
                )
            return self._writer


def root_around(directory: Path) -> Path:
    """The folder whose pyproject.toml speaks of the toolkit, else the one that the migration lies in.

    A link to the migration's folder leads nowhere else: it lies where the link lies.
    """
    around = directory.absolute().parents
    return next((folder for folder in around if _is_project(folder / "pyproject.toml")), around[0])


def _is_project(file: Path) -> bool:
    try:
        return "changeover" in parse_toml(read_text(file), str(file)).get("tool", {})
    except (ConfigurationError, OSError, AttributeError, TypeError):
        return False
