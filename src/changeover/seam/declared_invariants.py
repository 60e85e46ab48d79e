"""What a migration says must hold of every observation at a seam, whatever the other path does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from changeover.errors import DeclarationError, did_you_mean
from changeover.record.loaded_module import module_loaded_here
from changeover.record.option_check import check_function, check_gives_one_value
from changeover.seam.declaration import check_seam_name
from changeover.seam.judge import Predicate
from changeover.seam.runtime import Runtime
from changeover.seam.seam import Seam

if TYPE_CHECKING:
    from changeover.rollout.plan_file import Plan


class WithInvariants:
    """A migration that has invariants: `runtime` asks them of every observation."""

    plan: Plan | None
    seams: Mapping[str, Seam]
    runtime: Runtime

    def invariant(self, seam: str) -> Callable[[Predicate], Predicate]:
        """Register what must hold of each observation at a seam, whatever the other path does.

        Args:
            seam: the name of the seam, declared or not yet.

        Returns:
            A decorator for a predicate that gets an `Observation` and answers True or False.

        Raises:
            DeclarationError: no phase has such a seam, or the predicate cannot be asked. Without a plan a
                seam that is never declared is told by `problems`, and in the log when a run is judged.

        Example:
            @migration.invariant("portfolio.rebalance")
            def weights_add_up(observation): ...
        """

        check_seam_name("invariant", seam)
        place = f'invariant of seam "{seam}"'
        if self.plan is not None and seam not in self.seams and self.plan.phase_of(seam) is None:
            known = [name for phase in self.plan.phases.values() for name in phase.seams]
            problem = f"there is no such seam{did_you_mean(seam, known)} allowed: {', '.join(known)}"
            raise DeclarationError(place, problem)

        def registered(predicate: Predicate) -> Predicate:
            check_function(place, "the predicate", predicate, "observation")
            check_gives_one_value(place, "the predicate", predicate)
            known, loaded = self.runtime.invariants.setdefault(seam, []), module_loaded_here()
            origins = self.runtime.origins_of_invariants
            known[:] = [one for one in known if not loaded.is_again(origins.get(id(one)))]
            known.append(predicate)
            origins[id(predicate)] = loaded
            return predicate

        return registered
