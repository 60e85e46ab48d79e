"""What packs keep of both paths of a run, so that each can be replayed where its world is not.

A path that changes rows is compared by the rows, in its database. A scenario is replayed without one: what it
holds of a path is what that path sent, was given and changed by that. A path that still sends the same has
still changed the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from changeover.values.observation import Side


class Script(Protocol):
    """What one pack keeps of one path: plain data of classes that the pack has named to the codec."""

    def names(self) -> Iterable[str]:
        """What the values in it are called, each as often as it likes."""


class Scripts:
    """By side and pack; `answered_by` is the side whose script stands for a path that has none.

    `problem` says why there are none, where there might have been.
    """

    def __init__(
        self, answered_by: Side, kept: dict[Side, dict[str, Script]] | None = None, problem: str = ""
    ) -> None:
        self.answered_by = answered_by
        self.problem = problem
        self._kept = {} if kept is None else kept

    def keep(self, side: Side, pack: str, script: Script) -> None:
        """The first one counts: a path that is replayed once more, as a control, adds nothing."""
        self._kept.setdefault(side, {}).setdefault(pack, script)

    def of(self, side: Side, pack: str) -> Script | None:
        """The script of that path, or that of the path that answered; None where there is neither."""
        return next((found[pack] for found in self._of_both(side) if pack in found), None)

    def withheld(self, why: str) -> Scripts:
        """None of them, with the reason."""
        return Scripts(self.answered_by, problem=why) if self._kept else self

    def names(self) -> Iterator[str]:
        """What the values in them are called."""
        for packs in self._kept.values():
            for script in packs.values():
                yield from script.names()

    def by_side(self) -> dict[str, dict[str, Script]]:
        """As files have them; empty where no pack kept any."""
        return {str(side): packs for side, packs in self._kept.items()}

    def _of_both(self, side: Side) -> Iterator[dict[str, Script]]:
        yield self._kept.get(side, {})
        yield self._kept.get(self.answered_by, {})
