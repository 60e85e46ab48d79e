"""Which stage every phase is in now. Never raises: what is wrong becomes a problem.

For each phase the first of these that says something decides:

1. the kill switch, CHANGEOVER_KILL=1 or the file KILL: `off`, for all phases with seams
2. CHANGEOVER_STAGE_<PHASE> in the environment; where that is no stage, what held before
3. a test override (the pytest plugin), for phases with seams
4. trips.json: `shadow`, where flags.json says ramp or live and is no newer than the trip
5. flags.json; where it is refused, the last revision that this process read. Where an OpenFeature provider
   decides, the lesser of the two, of 4 as well: no provider leads a phase further than its gate has
6. the first stage: `off`, or `open` for a phase of checks only

An example. flags.json at revision 7 says `portfolio` live, `trading` ramp:10; the environment has
CHANGEOVER_STAGE_TRADING=shadow; the tripwire has just moved `portfolio` back at revision 7:

    portfolio   shadow   by 4: the trip is as new as the flags
    trading     shadow   by 2, and `overridden` says that this overrides ramp:10
    entry       off      by 6: the plan has it, the flags do not name it

Somebody flips `portfolio` to live again: revision 8 is newer than the trip, so 5 decides, `live`. Then the
file KILL appears: all three are `off` at the next look, within `refresh_s`, and as before once it is gone.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import field
from enum import StrEnum
from pathlib import Path

from changeover.errors import ConfigurationError
from changeover.quick_dataclass import dataclass
from changeover.replay.program_signals import ProgramSignals, stop_if_heard, unbroken
from changeover.rollout.flags_file import FlagsState, parse_flags
from changeover.rollout.kill_switch import KillSwitch, read_kill_switch
from changeover.rollout.migration_files import trips_path
from changeover.rollout.stage_provider import StageProvider
from changeover.rollout.test_override import ACTIVE
from changeover.rollout.tripwire_state import Trip, Trips, identity
from changeover.settings import FLAGS_FILE, FLAGS_VARIABLE, REFRESH_S, STAGE_VARIABLE
from changeover.telemetry.logs import logger
from changeover.values.stage import (
    OFF,
    SEAM_STAGES,
    Setting,
    Stage,
    earlier,
    parse_setting,
    stage_variable,
)
from changeover.values.toml_table import parse_json, read_text

_log = logger("flags")
KILLED_MEANS = "legacy answers every phase, whatever follows"


class ProblemKind(StrEnum):
    """What is wrong with the stages, or keeps the flags from deciding."""

    KILLED = "killed"
    KILL_SWITCH_UNCLEAR = "kill-switch-unclear"
    FLAGS_REFUSED = "flags-refused"
    TRIPS_REFUSED = "trips-refused"
    TRIPPED = "tripped"
    OVERRIDE_REFUSED = "override-refused"
    UNKNOWN_OVERRIDE = "unknown-override"
    NOT_RESOLVED = "not-resolved"
    PROVIDER = "provider"


@dataclass(frozen=True, slots=True)
class StageProblem:
    """One problem; `text` is for people."""

    kind: ProblemKind
    text: str


@dataclass(frozen=True, slots=True)
class Override:
    """An environment variable that sets the stage of a phase; `base` is what it would be without."""

    phase: str
    variable: str
    word: str
    base: Setting

    def __str__(self) -> str:
        return f"{self.variable}={self.word} overrides {self.base}"


@dataclass(frozen=True, slots=True)
class Resolution:
    """The stages of all phases at one moment; a phase that is not in it is `off`.

    `tripped` are the phases that the tripwire holds at `shadow` while flags.json says more.
    """

    settings: Mapping[str, Setting] = field(default_factory=dict)
    kill_switch: KillSwitch = field(default_factory=KillSwitch)
    revision: int | None = None
    overridden: tuple[Override, ...] = ()
    ramps: bool = False
    compares: bool = False
    tripped: frozenset[str] = frozenset()

    @property
    def killed(self) -> bool:
        """Whether the kill switch is on."""
        return self.kill_switch.killed


@dataclass(slots=True)
class _Look:
    """What one look found."""

    problems: list[StageProblem] = field(default_factory=list)
    overridden: list[Override] = field(default_factory=list)
    tripped: set[str] = field(default_factory=set)

    def note(self, kind: ProblemKind, text: str) -> None:
        """Add a problem."""
        self.problems.append(StageProblem(kind, text))


class Resolver:
    """Looks at files and environment at most once per `refresh_s`, and keeps the last good stages.

    `phases` returns the stages that each known phase may have; `closed` says that there are no others, so
    that an override of another phase is a mistake. `provided` may hold phases back.
    """

    def __init__(
        self,
        phases: Callable[[], Mapping[str, tuple[Stage, ...]]],
        *,
        directory: Path | None,
        closed: bool,
        environment: Mapping[str, str] | None = None,
        refresh_s: float = REFRESH_S,
        monotonic: Callable[[], float] = time.monotonic,
        provided: StageProvider | None = None,
    ) -> None:
        self._phases = phases
        self._provided = provided
        self._directory = directory
        self._closed = closed
        self._environment = os.environ if environment is None else environment
        self._refresh_s = refresh_s
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._next_look = float("-inf")
        self._wanted_again = 0
        self._has_looked = False
        self._resolution = Resolution()
        self._good: dict[str, Setting] = {}
        self._flags: FlagsState | None = None
        self._seen: tuple[object, ...] | None = None
        self._flags_problem: str | None = None
        self._trips = Trips(None if directory is None else trips_path(directory, self._environment))
        self._refusals: list[str] = []
        self.refused: Callable[[str], None] | None = None
        self.problems: tuple[StageProblem, ...] = ()

    def current(self) -> Resolution:
        """The stages of the last look, which is never older than `refresh_s`."""
        if self._monotonic() < self._next_look:
            return self._resolution
        return self.look()

    def look_again(self) -> None:
        """Let the next run look, even if another thread looks just now."""
        self._wanted_again += 1
        self._next_look = float("-inf")

    def demote(self, trip: Trip) -> None:
        """Hold a phase at `shadow` in this process, whatever the files say."""
        self._trips.add(trip)
        self.look_now()

    def look(self) -> Resolution:
        """Look, unless another thread does; it is waited for only before the first look is done."""
        with ProgramSignals():
            self._look_unless_another_does()
        self._report_refusals()
        return self._resolution

    @unbroken
    def _look_unless_another_does(self) -> None:
        if not self._lock.acquire(blocking=not self._has_looked or self._next_look == float("-inf")):
            return
        try:
            self._look()
        finally:
            self._lock.release()

    def look_now(self) -> Resolution:
        """Look now, after any look that is under way: the result is no older than this call."""
        with self._lock:
            self._look()
        self._report_refusals()
        return self._resolution

    def _look(self) -> None:
        began, wanted_again = self._monotonic(), self._wanted_again
        try:
            self._resolve(_Look())
        except Exception as error:  # noqa: BLE001  flags never raise to the caller, whatever is wrong
            stop_if_heard(error)
            text = f"flags could not be resolved, the last good stages hold: {error!r}"
            self._report((StageProblem(ProblemKind.NOT_RESOLVED, text),))
        self._has_looked = True
        # Only now: whoever asks during the first look would take what is not seen yet for the stages.
        if wanted_again == self._wanted_again:
            self._next_look = began + self._refresh_s

    def _report_refusals(self) -> None:
        # Not while looking: whoever hears of it may ask for the stages.
        while self._refusals and self.refused is not None:
            self.refused(self._refusals.pop())

    def _resolve(self, look: _Look) -> None:
        phases = self._phases()
        kill_switch = read_kill_switch(self._directory, self._environment, self._resolution.kill_switch)
        for text in kill_switch.problems:
            look.note(ProblemKind.KILL_SWITCH_UNCLEAR, text)
        self._read_flags(look, phases)
        self._trips.look()
        if self._trips.problem is not None:
            look.note(ProblemKind.TRIPS_REFUSED, self._trips.problem)
        provided = self._asked(phases, look)
        settings: dict[str, Setting] = {}
        for phase, allowed in phases.items():
            base = OFF if allowed == SEAM_STAGES else Setting(allowed[0])
            if self._flags is not None:
                base = self._tripped(phase, self._flags, base, look)
            base = earlier(base, provided.get(phase, base))
            settings[phase] = self._override(phase, allowed, base, look)
        self._good = settings
        if self._closed:
            self._unknown_overrides(phases, look)
        if kill_switch.killed:
            settings = {p: OFF if allowed == SEAM_STAGES else settings[p] for p, allowed in phases.items()}
            text = f"kill switch on ({kill_switch.variable or kill_switch.file}): {KILLED_MEANS}"
            look.problems.insert(0, StageProblem(ProblemKind.KILLED, text))
        self._resolution = Resolution(
            settings,
            kill_switch,
            None if self._flags is None else self._flags.revision,
            tuple(look.overridden),
            any(setting.stage is Stage.RAMP for setting in settings.values()),
            any(setting.stage in (Stage.SHADOW, Stage.LIVE) for setting in settings.values()),
            frozenset(look.tripped),
        )
        self._report(tuple(look.problems))

    def _asked(self, phases: Mapping[str, tuple[Stage, ...]], look: _Look) -> Mapping[str, Setting]:
        """What a provider says, as it is known by now."""
        if self._provided is None:
            return {}
        found = self._provided.settings(phases)
        for text in self._provided.problems:
            look.note(ProblemKind.PROVIDER, text)
        return found

    def _read_flags(self, look: _Look, phases: Mapping[str, tuple[Stage, ...]]) -> None:
        named = self._environment.get(FLAGS_VARIABLE)
        if not named and self._directory is None:
            return
        path = Path(named) if named else Path(self._directory or ".") / FLAGS_FILE
        seen = (path, identity(path), tuple(phases))
        if seen != self._seen:
            self._seen = seen
            self._flags_problem = None
            if seen[1] is None and not named and self._flags is None:
                return  # no flags file yet: nothing has moved
            try:
                self._flags = parse_flags(parse_json(read_text(path), str(path)), str(path), phases)
            except ConfigurationError as error:
                held = (
                    "every phase is off" if self._flags is None else f"revision {self._flags.revision} holds"
                )
                self._flags_problem = f"{error} ({held})"
                self._refusals = [self._flags_problem]
        if self._flags_problem is not None:
            look.note(ProblemKind.FLAGS_REFUSED, self._flags_problem)

    def _tripped(self, phase: str, flags: FlagsState, base: Setting, look: _Look) -> Setting:
        setting, why = self._trips.apply(phase, flags.settings.get(phase, base), flags.revision)
        if why is not None:
            look.tripped.add(phase)
            text = f"tripwire: {phase} is at {setting}, not at {flags.settings[phase]}, {why}"
            look.note(ProblemKind.TRIPPED, text)
        return setting

    def _override(self, phase: str, allowed: tuple[Stage, ...], base: Setting, look: _Look) -> Setting:
        variable = stage_variable(phase)
        word = self._environment.get(variable)
        if word is None:
            under_test = ACTIVE.override
            return base if under_test is None else under_test.apply(allowed, base)
        try:
            setting = parse_setting(word, allowed)
        except ValueError as error:
            kept = self._good.get(phase, OFF if allowed == SEAM_STAGES else Setting(allowed[0]))
            look.note(ProblemKind.OVERRIDE_REFUSED, f"{variable}: {error}; {phase} is {kept}")
            return kept
        look.overridden.append(Override(phase, variable, word, base))
        return setting

    def _unknown_overrides(self, phases: Mapping[str, tuple[Stage, ...]], look: _Look) -> None:
        known = {stage_variable(phase) for phase in phases}
        for variable in self._environment:
            if variable.startswith(STAGE_VARIABLE) and variable not in known:
                text = f"{variable}: there is no such phase, allowed: {', '.join(sorted(known))}"
                look.note(ProblemKind.UNKNOWN_OVERRIDE, text)

    def _report(self, problems: tuple[StageProblem, ...]) -> None:
        for problem in problems:
            if problem not in self.problems:
                _log.warning("%s", problem.text)
        self.problems = problems
