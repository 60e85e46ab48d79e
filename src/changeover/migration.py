"""The front door of the toolkit: ports, seams, invariants and sources of one program are declared here."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, Unpack, overload
from weakref import WeakSet

from changeover.evidence.sources import WithSources
from changeover.packs.declared_packs import WithPacks
from changeover.record.codec import Codec
from changeover.record.declared_buses import WithBuses
from changeover.record.declared_ports import WithPorts
from changeover.record.declared_threads import WithThreads
from changeover.record.instrument import function_of, replaced_function
from changeover.replay.fresh_path import Fresh
from changeover.rollout.plan_file import Plan, load_plan
from changeover.rollout.resolver import Resolution
from changeover.rollout.test_override import follow
from changeover.seam.declaration import (
    SeamOptions,
    check_declaration,
    declare_seam,
    stands_above_a_function,
    wrapped_method,
)
from changeover.seam.declared_invariants import WithInvariants
from changeover.seam.dispatch import name_beside, seam_function
from changeover.seam.exposed_metrics import WithMetrics
from changeover.seam.seam import Seam, SeamFunction
from changeover.settings import DIRECTORY_VARIABLE, PLAN_FILE, absolute
from changeover.values.pins import PINNED, Pins, resumed
from changeover.values.stage import SEAM_STAGES, Stages
from changeover.wiring import MigrationOptions, check_migration_options, checked_directory, wire

P = ParamSpec("P")
R = TypeVar("R")
PathFunction = Callable[P, R] | Fresh[P, R]

_alive: WeakSet[Migration] = WeakSet()


def migrations_alive() -> list[Migration]:
    """Every migration of this process."""
    return list(_alive)


class Migration(WithPorts, WithPacks, WithBuses, WithThreads, WithSources, WithInvariants, WithMetrics):
    """One migration of a program: declare its ports, then its seams, and run the program as before.

    Without a plan every seam is a phase of its own, and `off`.

    Args:
        plan: the phases of `phases.toml`; `Migration.load` reads them.
        directory: the folder with flags, rules and waivers; with one, compared runs are kept as evidence.
        sample: the share of runs that are compared, from 0 to 1, in all of the migration.
        options: any of these, by name:
        judge: decides whether two observations are alike; by the rules of the folder unless given.
        sink: is handed every run, after the evidence.
        world: `tape`, or `copy` to let shadowed paths act on copies of the ports that offer one.
        limits: how much of a run is recorded and compared.
        refresh_s: how old, in seconds, the stages that runs begin with may be.
        environment: in place of `os.environ`.
        alerts: hear of what somebody has to look at, beside the log, which always does.
        keep: whether compared runs are kept as evidence.
        mode: `inline`; `background` to compare in a thread after the caller has its answer; `worker` to
            record alone, for `changeover worker`. Else that of the plan; CHANGEOVER_MODE wins over both.
        linger_s: how long after the answer work that a path leaves behind (tasks, jobs, threads) may end; 1 s
            unless given. No caller waits for it.
        traces: makes spans of OpenTelemetry where the program has its SDK; see `changeover docs traces`.
        openfeature: lets an OpenFeature provider hold phases back: True, a domain or a client; see
            `changeover docs openfeature`.

    Raises:
        DeclarationError: `world` or `mode` is none.
        MissingPackageError: `traces` without `pip install "changeover[otel]"`, or `openfeature` without
            `changeover[openfeature]`.

    Example:
        migration = Migration.load("migration")
        migration.port("broker", Broker, effects={"submit_order"}, reads={"positions"})
        rebalance = migration.seam("portfolio.rebalance", legacy=old.rebalance, candidate=new.rebalance)
    """

    def __init__(
        self,
        *,
        plan: Plan | None = None,
        directory: Path | None = None,
        sample: float = 1.0,
        **options: Unpack[MigrationOptions],
    ) -> None:
        self.plan = plan
        self._sample = check_migration_options(options, sample)
        directory = self.directory = checked_directory(directory)
        self.seams: dict[str, Seam] = {}
        self.codec = Codec()
        parts = wire(self._stages_by_phase, self.codec, plan, directory, **options)
        self.runtime = parts.runtime
        self.runtime.declared = self.seams
        self.book = parts.runtime.book
        self._resolver = parts.resolver
        self._evidence = parts.evidence
        for name, said in ({} if plan is None else plan.ports).items():
            self.use(name, **said)
        follow(self)
        _alive.add(self)

    @classmethod
    def load(
        cls, directory: str | Path = "migration", *, sample: float = 1.0, **options: Unpack[MigrationOptions]
    ) -> Migration:
        """The migration whose plan and flags lie in a folder.

        Args:
            directory: the folder, from the working folder; CHANGEOVER_DIR names another.
            sample: the share of runs that are compared, as in `Migration`.
            options: the others of `Migration`.

        Raises:
            ConfigurationError: the plan is missing or wrong. Wrong flags raise nothing: see `problems`.

        Example:
            migration = Migration.load(Path(__file__).parent / "migration", sample=0.1)
        """
        environment = options.get("environment")
        named = (os.environ if environment is None else environment).get(DIRECTORY_VARIABLE)
        folder = absolute(Path(named or directory))
        return cls(plan=load_plan(folder / PLAN_FILE), directory=folder, sample=sample, **options)

    @overload
    def seam(
        self, name: str, **options: Unpack[SeamOptions]
    ) -> Callable[[Callable[P, R]], SeamFunction[P, R]]: ...
    @overload
    def seam(
        self, name: str, *, candidate: PathFunction[..., Any], **options: Unpack[SeamOptions]
    ) -> Callable[[Callable[P, R]], SeamFunction[P, R]]: ...
    @overload
    def seam(
        self,
        name: str,
        *,
        legacy: PathFunction[P, R] | None,
        candidate: PathFunction[P, Any] | None = None,
        **options: Unpack[SeamOptions],
    ) -> SeamFunction[P, R]: ...
    def seam(
        self, name: str, *, legacy: Any = ..., candidate: Any = None, **options: Unpack[SeamOptions]
    ) -> Any:
        """Declare a call with two paths: decorate the legacy one, or give them and get the new function.

        Args:
            name: lower-case words, joined by '.', '-' or '_'; with a plan one that a phase has.
            legacy: the path of the old code, which is decorated unless given; `fresh(build)` for one that is
                built for every run; None where the old code is gone.
            candidate: the path of the new code; or later, with `@NAME.candidate`.
            options: any of these, by name:
            key: gets the call's arguments and gives who the run is for: in `ramp` a key has one path.
            tags: gets the call's arguments and gives words that gates may ask to have seen.
            view: maps each path's answer to what is compared, legacy's first.
            sample: the share of runs that are compared, from 0 to 1; that of the phase unless given.
            fallback: let legacy answer in `live` where the candidate raises before it attempted an effect.
            shared_self: says that a method's object has no state of its own: it is not copied for the replay,
                and a change of it makes the run `failed`.
            on_loop: in mode `background`, replay an async seam as a task of the program's own loop, so that
                pools which belong to the loop work; at most 4 at once, and one that holds the loop up for
                more than 20 ms ends such replays of the seam, with an alert.
            owner: gets the stored scenario and makes the object of a method anew, or a context manager that
                gives it: once for each path that is replayed.

        Raises:
            DeclarationError: name, sample or a path cannot be what it is, or is given twice.

        Example:
            @migration.seam("portfolio.rebalance", candidate=new.rebalance)
            def rebalance(account): ...


            @migration.seam("portfolio.report", key=lambda account: account)
            def report(account): ...


            @report.candidate
            def report_by_events(account): ...
        """
        check_declaration(name, options)
        if legacy is ...:
            legacy = None
            stands_above = candidate is None or stands_above_a_function(sys._getframe(1))
        else:
            stands_above = legacy is None and candidate is None
        if stands_above:
            return lambda path: self._declare(name, path, candidate, options)
        made = self._declare(name, legacy, candidate, options)
        name_beside(made, legacy)
        return made

    def wrap(
        self,
        cls: type,
        method: str,
        *,
        candidate: Any,
        name: str | None = None,
        **options: Unpack[SeamOptions],
    ) -> Seam:
        """Make a seam of a method whose source may not be edited; all its objects go through it.

        Args:
            cls: the class, which is changed in place.
            method: its method; static and class methods and properties too.
            candidate: the path of the new code; it gets the same arguments, `self` too.
            name: that of class and method unless given.
            options: those of `seam`.

        Raises:
            DeclarationError: there is no such method, or as `seam` does.

        Example:
            migration.wrap(Orchestrator, "rebalance", candidate=handlers.rebalance)
        """
        static = wrapped_method(cls, method)
        seam_name = name or f"{cls.__name__}.{method.strip('_')}".lower().replace("_", "-")
        is_method = not isinstance(static, staticmethod)
        made = self._declare(seam_name, function_of(static), candidate, options, is_method=is_method)
        setattr(cls, method, replaced_function(static, made))
        seam: Seam = made.seam
        seam.method_object.wrapped_class = cls
        return seam

    def pinned(self) -> Pins:
        """The pins of the run that is under way; outside any, those that a run beginning now would have."""
        outer = PINNED.get()
        return (outer and outer.of(self.runtime)) or Pins(self._resolver.current().settings)

    def resume(self, pins: Pins) -> AbstractContextManager[Pins]:
        """Go on with a run elsewhere: in another thread, a later message, a stored workflow.

        Until the block ends its seams stand at the stages of that run, whatever is flipped or killed
        meanwhile; work that is started inside and outlives the block takes new ones.
        """
        return resumed(pins, self.runtime)

    def stages(self) -> Resolution:
        """The stages as a run beginning now would have them."""
        return self._resolver.current()

    def look_again(self) -> None:
        """Let the next run look at files and environment, however recent the last look is."""
        self._resolver.look_again()

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with flags, evidence and declarations, flags first; empty where all is well."""
        kept = () if self._evidence is None else self._evidence.problems
        stages = [problem.text for problem in self._resolver.problems]
        recorded = self.runtime.recorded
        notes = (*self.runtime.notes, *self.runtime.invariants_of_none())
        notes += () if recorded is None else recorded.problems
        return (*stages, *kept, *self.runtime.waiting_problems, *notes)

    def flush(self) -> None:
        """Wait some seconds for what is compared in the background, and write the evidence that waits to be
        written; at exit both happen anyway.
        """
        self.runtime.flush()

    def write_evidence(self) -> bool:
        """Write the evidence that waits to be written; False where some of it is in memory alone."""
        self.runtime.settled()
        return self._evidence is None or self._evidence.has_all_on_disk

    def close(self) -> None:
        """End the background, after a `flush`: what is not compared by then is dropped and counted, and runs
        from now on are compared inline.
        """
        self.runtime.close()

    @property
    def counts(self) -> Counter[tuple[str, str]]:
        """How many runs of which seam ended with which verdict."""
        return self.runtime.counts

    def _stages_by_phase(self) -> Stages:
        if self.plan is not None:
            return self.plan.stages
        return dict.fromkeys(list(self.seams), SEAM_STAGES)

    def _declare(
        self,
        name: str,
        legacy: Any,
        candidate: Any,
        options: SeamOptions,
        *,
        is_method: bool | None = None,
    ) -> Any:
        check_declaration(name, options)
        seam = declare_seam(
            self.runtime,
            self.plan,
            self.seams,
            name,
            legacy,
            candidate,
            sample=self._sample,
            options=options,
            is_method=is_method,
        )
        self.seams[name] = seam
        for path in (legacy, candidate):
            if callable(path):
                self.codec.learn(path)
        self._resolver.look_again()
        return seam_function(seam)
