"""The front door of the toolkit: ports and seams are declared here, pins are taken, runs are handed on."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from inspect import getattr_static
from pathlib import Path as FilePath
from typing import Any, ParamSpec, TypeVar, overload

from changeover.errors import DeclarationError
from changeover.evidence.sources import WithSources
from changeover.limits import Limits
from changeover.plan.imposed import enrol
from changeover.plan.phases import Plan, load_plan
from changeover.plan.pins import PINNED, Pins, resumed
from changeover.plan.resolution import DIRECTORY_VARIABLE, REFRESH_S, Resolution, Resolver
from changeover.plan.stages import SEAM_STAGES, Stage
from changeover.recording.codec import Codec
from changeover.recording.method import CallClass, PortMethod
from changeover.recording.ports import Methods, declare
from changeover.replaying.fresh_path import Fresh
from changeover.replaying.shadow import View
from changeover.run import Sink
from changeover.seams.home import Home
from changeover.seams.judging import Judge, Predicate, comparing_judge
from changeover.seams.seam import Seam, SeamFunction, standing_in

P = ParamSpec("P")
R = TypeVar("R")
Path = Callable[P, R] | Fresh[P, R]
_SEAM_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*(\.[a-z0-9][a-z0-9_-]*)*")


class Migration(WithSources):
    """One migration of a program. Without a plan every seam is a phase of its own, and `off`.

    `world` is `tape`, or `copy` to let shadowed paths act on copies of the ports that offer one.
    """

    def __init__(
        self,
        *,
        plan: Plan | None = None,
        directory: FilePath | None = None,
        judge: Judge | None = None,
        sink: Sink | None = None,
        sample: float = 1.0,
        world: str = "tape",
        limits: Limits | None = None,
        refresh_s: float = REFRESH_S,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        if world not in ("tape", "copy"):
            raise DeclarationError("Migration", f"world was {world!r}, allowed: tape, copy")
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
        if judge is None:
            judge = comparing_judge(rules_file=None if directory is None else directory / "rules.toml")
        self.codec = Codec()
        self.home = Home(self._resolver, judge, sink, limits or Limits(), copies_worlds=world == "copy")
        enrol(self)

    @classmethod
    def load(cls, directory: str | FilePath = "migration", **options: Any) -> Migration:
        """The migration whose plan and flags lie in a folder; CHANGEOVER_DIR names another.

        Raises ConfigurationError for a wrong plan. Wrong flags raise nothing: see `problems`.
        """
        environment = options.get("environment")
        named = (os.environ if environment is None else environment).get(DIRECTORY_VARIABLE)
        folder = FilePath(named or directory)
        return cls(plan=load_plan(folder / "phases.toml"), directory=folder, **options)

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
        self.home.book.add(port)
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
    ) -> Callable[[Callable[P, R]], SeamFunction[P, R]]: ...
    @overload
    def seam(
        self,
        name: str,
        *,
        legacy: Path[P, R] | None = None,
        candidate: Path[P, Any] | None = None,
        key: Callable[..., object] | None = None,
        tags: Callable[..., Iterable[str]] | None = None,
        view: tuple[View | None, View | None] | None = None,
        sample: float | None = None,
        fallback: bool | None = None,
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
    ) -> Any:
        """Declare a call with two paths: decorate the legacy one, or give them and get the new function.

        `key` and `tags` get the call's arguments. `view` maps each path's answer to what is compared.
        `sample` is the share of runs that are compared. `fallback` lets legacy answer in `live` where the
        candidate raises before it attempted an effect. Raises DeclarationError.
        """

        def declared(path: Any) -> Any:
            return self._declare(name, path, candidate, key, tags, view, sample, fallback)

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
            self.home.invariants.setdefault(seam, []).append(predicate)
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
        """What is wrong with flags and declarations, flags first; empty where all is well."""
        return (*self._resolver.problems, *self.home.notes)

    @property
    def counts(self) -> Counter[tuple[str, str]]:
        """How many runs of which seam ended with which verdict."""
        return self.home.counts

    @property
    def undeclared(self) -> list[PortMethod]:
        """Methods of ports of which nothing is said."""
        return list(self.home.book.undeclared())

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
            self.home,
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
        )
        self.seams[name] = seam
        for path in (legacy, candidate):
            if callable(path):
                self.codec.learn(path)
        self._resolver.look_again()
        return standing_in(seam)

    def _supplement(self, place: str, text: str) -> tuple[str, str]:
        port, method = text.split(".")
        known = self.home.book.ports.get(port)
        if known is None or method not in known.methods:
            raise DeclarationError(
                place, f"supplement {text!r} names no port method; declare ports before seams"
            )
        if known.methods[method].call_class not in (CallClass.READ, CallClass.CLOCK):
            raise DeclarationError(place, f"supplement {text!r} is no read")
        return port, method
