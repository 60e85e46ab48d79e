"""The runs of a seam that are explored: cases of a source, recorded here and now; no stage is changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import field
from typing import Any

from changeover.compare.rules import Rules
from changeover.errors import ConfigurationError
from changeover.evidence.case_runner import compared_cases, select
from changeover.evidence.program_interface import Program
from changeover.evidence.sources import Source, SourceOptions
from changeover.quick_dataclass import dataclass
from changeover.seam.judge import Waived
from changeover.seam.recording import Recording
from changeover.seam.runtime import Settle


@dataclass(frozen=True, slots=True)
class RecordedCase:
    """The last run of the seam in one case, and whether it was called in an event loop."""

    name: str
    recording: Recording
    inside_loop: bool
    tags: tuple[str, ...]


@dataclass(slots=True)
class _Kept:
    """Takes the runs that have answered, in place of comparing them."""

    seam: str
    last: tuple[Recording, bool] | None = None
    ahead: int = 0
    handed: list[Any] = field(default_factory=list)

    def begin(self, handed_on: list[Any], counts: Any) -> None:
        self.last = None

    def begin_case(self, name: str, tags: tuple[str, ...]) -> None:
        self.last = None

    def end_case(self) -> None:
        """Nothing waits for anybody."""

    def take(self, due: Sequence[Recording], settle: Settle, in_loop: bool) -> bool:
        for one in due:
            one.forget_arguments()
            one.recorder.close()
            if one.call.seam.name == self.seam:
                self.last = (one, in_loop)
        return True


def recorded_cases(
    program: Program,
    source: Source,
    options: SourceOptions,
    seam: str,
    rules: Rules | None,
    waived: Waived | None,
) -> Iterator[RecordedCase]:
    """Each case while its objects are there; raises ConfigurationError where none passes through the seam."""
    kept: Any = _Kept(seam)
    found = 0
    cases = compared_cases(
        program,
        source,
        options,
        select(program, (seam,)),
        rules=rules,
        noise=False,
        waived=waived,
        elsewhere=kept,
    )
    with closing(cases):
        for done in cases:
            if kept.last is None:
                continue
            found += 1
            recording, inside_loop = kept.last
            yield RecordedCase(done.name, recording, inside_loop, done.tags)
    if not found:
        raise ConfigurationError(seam, f"no case of {source.name} passes through it")
