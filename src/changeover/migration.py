"""The front door of the toolkit: ports and seams are declared here, pins are taken, runs are handed on."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from inspect import getattr_static
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, overload
from weakref import WeakSet

from changeover.errors import DeclarationError
from changeover.evidence.sink import Keeping
from changeover.evidence.sources import WithSources
from changeover.record.codec import Codec
from changeover.record.port import CallClass, Methods, PortMethod, declare
from changeover.record.run import Sink
from changeover.replay.fresh_path import Fresh
from changeover.replay.runner import View
from changeover.rollout.plan_file import Plan, load_plan
from changeover.rollout.resolver import Resolution, Resolver
from changeover.rollout.test_override import follow
from changeover.seam.background import HUNG_AFTER_S, Background
from changeover.seam.dispatch import seam_function
from changeover.seam.judge import Judge, Predicate, comparing_judge, waived_by
from changeover.seam.runtime import Runtime
from changeover.seam.seam import OwnerOf, Seam, SeamFunction
from changeover.settings import (
    BACKGROUND,
    DIRECTORY_VARIABLE,
    INLINE,
    MODES,
    PLAN_FILE,
    REFRESH_S,
    RULES_FILE,
    WAIVERS_FILE,
    mode_of,
    population_of,
)
from changeover.telemetry.alerts import AlertSink
from changeover.values.limits import Limits
from changeover.values.pins import PINNED, Pins, resumed
from changeover.values.stage import SEAM_STAGES, Stage
from changeover.wiring import arm

P = ParamSpec("P")
R = TypeVar("R")
PathFunction = Callable[P, R] | Fresh[P, R]
_SEAM_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*(\.[a-z0-9][a-z0-9_-]*)*")


_alive: WeakSet[Migration] = WeakSet()


def migrations_alive() -> list[Migration]:
    """Every migration of this process."""
    return list(_alive)


class Migration(WithSources):
    """One migration of a program. Without a plan every seam is a phase of its own, and `off`.

    `world` is `tape`, or `copy` to let shadowed paths act on copies of the ports that offer one. `alerts`
    hear of what somebody has to look at (beside the log, which always does). With a folder the compared runs
    are kept as evidence, unless `keep` is false. `mode` is `inline`, or `background` to compare after the
    caller got its answer, in a thread beside the program; CHANGEOVER_MODE says otherwise.
    """

    def __init__(
        self,
        *,
        plan: Plan | None = None,
        directory: Path | None = None,
        judge: Judge | None = None,
        sink: Sink | None = None,
        sample: float = 1.0,
        world: str = "tape",
        limits: Limits | None = None,
        refresh_s: float = REFRESH_S,
        environment: Mapping[str, str] | None = None,
        alerts: Sequence[AlertSink] = (),
        keep: bool = True,
        mode: str = INLINE,
    ) -> None:
        if world not in ("tape", "copy"):
            raise DeclarationError("Migration", f"world was {world!r}, allowed: tape, copy")
        if mode not in MODES:
            raise DeclarationError("Migration", f"mode was {mode!r}, allowed: {', '.join(MODES)}")
        self.plan = plan
        self.directory = directory
        self.seams: dict[str, Seam] = {}
        self._sample = sample
        self._resolver = Resolver(
            self._stages_by_phase,
            directory=directory,
            closed=plan is not None,
            environment=environment,
            refresh_s=refresh_s,
        )
        waived = (
            None
            if directory is None
            else waived_by(directory / WAIVERS_FILE, lambda problem: self.runtime.note(problem))
        )
        rules_file = None if directory is None or judge is not None else directory / RULES_FILE
        if judge is None:
            judge = comparing_judge(waived=waived, rules_file=rules_file)
        self.codec = Codec()
        self._keeping: Keeping | None = None
        population, no_population = population_of(os.environ if environment is None else environment)
        if keep and directory is not None and no_population is None:
            self._keeping = sink = Keeping(
                directory,
                plan,
                self.codec,
                rules_file=rules_file,
                environment=os.environ if environment is None else environment,
                sink=sink,
            )
        self.runtime = Runtime(self._resolver, judge, sink, limits or Limits(), copies_ports=world == "copy")
        self.runtime.waived = waived
        self.runtime.population = population
        if no_population is not None:
            self.runtime.note(no_population)
        arm(
            self.runtime,
            self._resolver,
            alerts,
            plan=plan,
            directory=directory,
            environment=os.environ if environment is None else environment,
            keeping=self._keeping,
        )
        mode, misnamed = mode_of(mode, os.environ if environment is None else environment)
        if misnamed is not None:
            self.runtime.note(misnamed)
        if mode == BACKGROUND:
            patience_s = max(HUNG_AFTER_S, 2 * self.runtime.limits.replay_seconds_max)
            self.runtime.background = Background(self.runtime.hand_on, self._write, hung_after_s=patience_s)
        follow(self)
        _alive.add(self)

    @classmethod
    def load(cls, directory: str | Path = "migration", **options: Any) -> Migration:
        """The migration whose plan and flags lie in a folder; CHANGEOVER_DIR names another.

        Raises ConfigurationError for a wrong plan. Wrong flags raise nothing: see `problems`.
        """
        environment = options.get("environment")
        named = (os.environ if environment is None else environment).get(DIRECTORY_VARIABLE)
        folder = Path(named or directory)
        return cls(plan=load_plan(folder / PLAN_FILE), directory=folder, **options)

    def port(
        self,
        name: str,
        target: Any,
        *,
        effects: Methods = (),
        reads: Methods = (),
        local: Methods = (),
        fixed: Methods = (),
        clock: Methods = (),
        unaffected: Iterable[str] = (),
        world: Callable[[Any], Any] | None = None,
    ) -> None:
        """Declare a class, a module or one object as a port, and instrument it in place.

        Each class takes method names, or a mapping: for effects, reads and fixed to a key function (which
        calls count as the same), for local to one that mints a value from a seeded `random.Random`.
        `unaffected` reads ignore the port's effects. `world` copies the object. Raises DeclarationError.
        """
        classes = {
            CallClass.EFFECT: effects,
            CallClass.READ: reads,
            CallClass.LOCAL: local,
            CallClass.FIXED: fixed,
            CallClass.CLOCK: clock,
        }
        port = declare(name, target, classes, unaffected, world)
        self.runtime.book.add(port)
        for method in port.methods.values():
            self.codec.learn(method.hook.original)

    @overload
    def seam(
        self,
        name: str,
        *,
        key: Callable[..., object] | None = None,
        tags: Callable[..., Iterable[str]] | None = None,
        view: tuple[View | None, View | None] | None = None,
        sample: float | None = None,
        fallback: bool | None = None,
        owner: OwnerOf | None = None,
    ) -> Callable[[Callable[P, R]], SeamFunction[P, R]]: ...
    @overload
    def seam(
        self,
        name: str,
        *,
        legacy: PathFunction[P, R] | None = None,
        candidate: PathFunction[P, Any] | None = None,
        key: Callable[..., object] | None = None,
        tags: Callable[..., Iterable[str]] | None = None,
        view: tuple[View | None, View | None] | None = None,
        sample: float | None = None,
        fallback: bool | None = None,
        owner: OwnerOf | None = None,
    ) -> SeamFunction[P, R]: ...
    def seam(
        self,
        name: str,
        *,
        legacy: Any = None,
        candidate: Any = None,
        key: Callable[..., object] | None = None,
        tags: Callable[..., Iterable[str]] | None = None,
        view: tuple[View | None, View | None] | None = None,
        sample: float | None = None,
        fallback: bool | None = None,
        owner: OwnerOf | None = None,
    ) -> Any:
        """Declare a call with two paths: decorate the legacy one, or give them and get the new function.

        `key` and `tags` get the call's arguments. `view` maps each path's answer to what is compared.
        `sample` is the share of runs that are compared. `fallback` lets legacy answer in `live` where the
        candidate raises before it attempted an effect. `owner` makes the object of a method anew for a stored
        scenario, or a context manager that gives it: once for each path that is replayed. Raises
        DeclarationError.
        """

        def declared(path: Any) -> Any:
            return self._declare(name, path, candidate, key, tags, view, sample, fallback, owner)

        return declared if legacy is None and candidate is None else declared(legacy)

    def wrap(
        self, cls: type, method: str, *, candidate: Any, name: str | None = None, **options: Any
    ) -> Seam:
        """Make a seam of a method whose source may not be edited; all its objects go through it.

        `options` are those of `seam`; the name is that of class and method unless given.
        """
        static = getattr_static(cls, method, None)
        if static is None:
            raise DeclarationError(f"wrap({cls.__qualname__})", f"there is no method {method!r}")
        plain = static.__func__ if isinstance(static, staticmethod | classmethod) else static
        seam_name = name or f"{cls.__name__}.{method}".lower().replace("_", "-")
        made = self.seam(seam_name, legacy=plain, candidate=candidate, **options)
        replaced = type(static)(made) if isinstance(static, staticmethod | classmethod) else made
        setattr(cls, method, replaced)
        seam: Seam = made.seam
        return seam

    def invariant(self, seam: str) -> Callable[[Predicate], Predicate]:
        """Register what must hold of each observation at a seam: a predicate that answers True or False."""

        def registered(predicate: Predicate) -> Predicate:
            self.runtime.invariants.setdefault(seam, []).append(predicate)
            return predicate

        return registered

    def pinned(self) -> Pins:
        """The pins of the run that is under way; outside any, those that a run beginning now would have."""
        return PINNED.get() or Pins(self._resolver.current().settings)

    def resume(self, pins: Pins) -> AbstractContextManager[Pins]:
        """Go on with a run elsewhere: in another thread, a later message, a stored workflow."""
        return resumed(pins)

    def stages(self) -> Resolution:
        """The stages as a run beginning now would have them."""
        return self._resolver.current()

    def look_again(self) -> None:
        """Let the next run look at files and environment, however recent the last look is."""
        self._resolver.look_again()

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with flags, evidence and declarations, flags first; empty where all is well."""
        kept = () if self._keeping is None else self._keeping.problems
        background = () if self.runtime.background is None else self.runtime.background.problems
        stages = [problem.text for problem in self._resolver.problems]
        return (*stages, *kept, *background, *self.runtime.notes)

    def flush(self) -> None:
        """Wait some seconds for what is compared in the background, and write the evidence that waits to be
        written; at exit both happen anyway.
        """
        if self.runtime.background is not None:
            self.runtime.background.flush()
        else:
            self._write()

    def close(self) -> None:
        """The same, and the background ends: what is not compared by then is dropped and counted, and runs
        from now on are compared inline.
        """
        if self.runtime.background is not None:
            self.runtime.background.close()
        else:
            self._write()

    def _write(self) -> None:
        if self._keeping is not None:
            self._keeping.flush()

    @property
    def counts(self) -> Counter[tuple[str, str]]:
        """How many runs of which seam ended with which verdict."""
        return self.runtime.counts

    @property
    def undeclared(self) -> list[PortMethod]:
        """Methods of ports of which nothing is said."""
        return list(self.runtime.book.undeclared())

    def _stages_by_phase(self) -> Mapping[str, tuple[Stage, ...]]:
        if self.plan is not None:
            return {name: phase.stages for name, phase in self.plan.phases.items()}
        return dict.fromkeys(list(self.seams), SEAM_STAGES)

    def _declare(
        self,
        name: str,
        legacy: Any,
        candidate: Any,
        key: Callable[..., object] | None,
        tags: Callable[..., Iterable[str]] | None,
        view: tuple[View | None, View | None] | None,
        sample: float | None,
        fallback: bool | None,
        owner: OwnerOf | None,
    ) -> Any:
        place = f'seam "{name}"'
        if not _SEAM_NAME.fullmatch(name):
            raise DeclarationError(
                place, "is no name of a seam, allowed: lower-case words, joined by '.', '-' or '_'"
            )
        if name in self.seams:
            raise DeclarationError(place, "is declared twice")
        phase = None if self.plan is None else self.plan.phase_of(name)
        if self.plan is not None and phase is None:
            known = ", ".join(seam for one in self.plan.phases.values() for seam in one.seams)
            raise DeclarationError(place, f"belongs to no phase of phases.toml, allowed: {known or 'none'}")
        share = (
            sample if sample is not None else self._sample if phase is None else phase.sample * self._sample
        )
        if not 0.0 <= share <= 1.0:
            raise DeclarationError(place, f"sample was {share}, allowed: 0 to 1")
        seam = Seam(
            self.runtime,
            name,
            name if phase is None else phase.name,
            legacy,
            candidate,
            key=key,
            tags=tags,
            view=view,
            sample=share,
            fallback=fallback if fallback is not None else phase is not None and phase.fallback,
            supplement=[
                self._supplement(place, text) for text in (() if phase is None else phase.supplement)
            ],
            owner=owner,
        )
        self.seams[name] = seam
        for path in (legacy, candidate):
            if callable(path):
                self.codec.learn(path)
        self._resolver.look_again()
        return seam_function(seam)

    def _supplement(self, place: str, text: str) -> tuple[str, str]:
        port, method = text.split(".")
        known = self.runtime.book.ports.get(port)
        if known is None or method not in known.methods:
            raise DeclarationError(
                place, f"supplement {text!r} names no port method; declare ports before seams"
            )
        if known.methods[method].call_class not in (CallClass.READ, CallClass.CLOCK):
            raise DeclarationError(place, f"supplement {text!r} is no read")
        return port, method
