"""Scenario sources: named callables of the app that yield the inputs of a comparison."""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable, Iterable
from functools import cached_property
from typing import Literal, TypeVar

from changeover.errors import ConfigurationError, DeclarationError, asking_the_program
from changeover.quick_dataclass import dataclass
from changeover.record.loaded_module import LoadedModule, module_loaded_here
from changeover.settings import POPULATIONS
from changeover.values.observation import Side

RESERVED = ("scenarios", "store")
World = Literal["tape", "copy"]


@dataclass(frozen=True, slots=True)
class Case:
    """One input: `run` passes through the seams, as a user of the program would.

    `name` is unique in its source and finds the case again ("2011-08-09"); `key` is who the run is for. Where
    `run` gives a coroutine it is awaited, on one event loop for all cases.
    """

    name: str
    run: Callable[[], object]
    tags: tuple[str, ...] = ()
    key: str | None = None


@dataclass(frozen=True, slots=True)
class SourceOptions:
    """What was asked for on the command line.

    `limit` is the most cases that will be used, None for all there are. `only` names the one case that will
    be compared: a source whose cases build on one another yields the earlier ones all the same (they run
    uncompared), any other may yield that one alone.
    """

    limit: int | None = None
    seed: int = 0
    world: World = "tape"
    answer: Side = Side.LEGACY
    only: str | None = None


Cases = Callable[[SourceOptions], Iterable[Case] | AsyncIterable[Case]]
C = TypeVar("C", bound=Cases)


@dataclass(frozen=True, slots=True)
class Source:
    """A source as it was declared; `unit` is what its cases are called in the plural.

    `count` says how many cases it will yield, for the progress bar.
    """

    name: str
    population: str
    cases: Cases
    unit: str = "cases"
    count: Callable[[SourceOptions], int] | None = None

    def total(self, options: SourceOptions) -> int | None:
        """How many cases there will be, None where nobody knows."""
        if self.count is None:
            return options.limit
        where = f'source "{self.name}"'
        with asking_the_program(where, "count= "):
            count = self.count(options)
        if type(count) is not int or count < 0:
            raise ConfigurationError(where, f"count= gave {count!r}, allowed: a number of cases")
        return min(count, options.limit or count)


class Sources:
    """The declared sources, in the order of their declaration."""

    def __init__(self) -> None:
        self._sources: dict[str, Source] = {}
        self._loaded: dict[str, LoadedModule] = {}

    def add(self, source: Source) -> None:
        """One more; raises DeclarationError for a name that is taken or a population that is none."""
        where = f'source "{source.name}"'
        if source.population not in POPULATIONS:
            allowed = ", ".join(POPULATIONS)
            raise DeclarationError(where, f"population was {source.population!r}, allowed: {allowed}")
        if not source.name or "/" in source.name or source.name in RESERVED:
            raise DeclarationError(where, f"allowed: a name without '/', other than {', '.join(RESERVED)}")
        if source.count is not None and not callable(source.count):
            found = f"count= was {source.count!r}, allowed: a function from the options to a number"
            raise DeclarationError(where, f"{found}, such as count=lambda options: {source.count!r}")
        loaded = module_loaded_here()
        if source.name in self._sources and not loaded.is_again(self._loaded.get(source.name)):
            raise DeclarationError(where, "is declared twice")
        self._loaded[source.name] = loaded
        self._sources[source.name] = source

    @property
    def names(self) -> tuple[str, ...]:
        """All names."""
        return tuple(self._sources)

    def named(self, name: str) -> Source:
        """The source of this name; raises DeclarationError naming the ones there are."""
        found = self._sources.get(name)
        if found is None:
            where, known = f'source "{name}"', self._sources
            raise DeclarationError.unknown(where, "is unknown", name, known, none="none is declared")
        return found


class WithSources:
    """A migration that knows scenario sources."""

    @cached_property
    def sources(self) -> Sources:
        """The declared sources."""
        return Sources()

    def source(
        self,
        name: str,
        *,
        population: str,
        unit: str = "cases",
        count: Callable[[SourceOptions], int] | None = None,
    ) -> Callable[[C], C]:
        """Declare a callable that yields the inputs of a comparison; it may be an async generator.

        Args:
            name: of the source, without '/'; not `scenarios` or `store`, which the toolkit has itself.
            population: `production`, `recorded` or `generated`.
            unit: what cases are called in the plural ("sessions").
            count: gets the options and gives how many cases there will be: for the progress bar, and for
                `--runs`, which compares the whole only where that is known.

        Returns:
            A decorator for a callable that gets `SourceOptions` and yields `Case`s.

        Raises:
            DeclarationError: the name is taken or none, or there is no such population.

        Example:
            @migration.source("days", population="generated", unit="days")
            def days(options):
                for day in calendar(options.seed):
                    yield Case(str(day), lambda day=day: rebalance(day))
        """

        def declared(cases: C) -> C:
            self.sources.add(Source(name, population, cases, unit, count))
            return cases

        return declared
