"""`Migration.expose_metrics`: what the seams of a program do, as metrics of Prometheus."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from changeover.errors import DeclarationError
from changeover.rollout.resolver import Resolver
from changeover.seam.runtime import Runtime
from changeover.values.stage import Stages


class WithMetrics:
    """A program whose metrics can be scraped."""

    runtime: Runtime
    _resolver: Resolver
    _stages_by_phase: Callable[[], Stages]

    def expose_metrics(self, registry: Any = None) -> None:
        """Count runs, own times, stages and what waits in metrics of `prometheus_client`.

        `changeover docs metrics` lists them. The program itself lets Prometheus read them, as it does with
        metrics of its own. Where PROMETHEUS_MULTIPROC_DIR is set, prometheus_client joins the values of its
        processes.

        Args:
            registry: a `CollectorRegistry`; that which prometheus_client uses by itself unless given.

        Raises:
            MissingPackageError: prometheus_client is not installed: `pip install "changeover[metrics]"`.
            DeclarationError: the registry has these metrics already.

        Example:
            migration.expose_metrics()
            prometheus_client.start_http_server(9464, addr="127.0.0.1")
        """
        from changeover.telemetry.program_metrics import ProgramMetrics
        from changeover.telemetry.prometheus import default_registry
        from changeover.telemetry.run_metrics import RunMetrics, SeamNames

        registry, names = default_registry() if registry is None else registry, SeamNames()
        look = _looking(self.runtime, self._resolver, self._stages_by_phase, lambda: len(self.problems))
        try:
            counted = RunMetrics(registry, names)
            exposed = ProgramMetrics(registry, names, look)
        except ValueError:
            raise DeclarationError(
                "expose_metrics",
                "the registry has metrics of a migration already, needed: one registry for each migration",
            ) from None
        except AttributeError:
            found = type(registry).__name__
            raise DeclarationError(
                "expose_metrics", f"registry was a {found}, allowed: a CollectorRegistry of prometheus_client"
            ) from None
        runtime = self.runtime
        runtime.measured = (*runtime.measured, counted)
        runtime.exposed = exposed

    if TYPE_CHECKING:

        @property
        def problems(self) -> tuple[str, ...]:
            """What is wrong with flags, evidence and declarations."""


def _looking(
    runtime: Runtime, resolver: Resolver, stages: Callable[[], Stages], problems: Callable[[], int]
) -> Callable[[], Any]:
    from changeover.telemetry.program_metrics import ProgramNow, StagesNow

    def look() -> ProgramNow:
        resolution, waiting = resolver.current(), runtime.background
        counts = {} if runtime.recorded is None else runtime.recorded.counts
        return ProgramNow(
            StagesNow(stages(), resolution.settings, resolution.killed, resolution.revision),
            problems(),
            0 if waiting is None else waiting.waiting,
            0 if waiting is None else waiting.dropped,
            {(seam, kind.name.lower()): number for (seam, kind), number in counts.items()},
        )

    return look
