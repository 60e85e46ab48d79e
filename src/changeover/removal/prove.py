"""The proof that the old code can go: the deletion rehearsed, and the kept scenarios without it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from changeover.gate.verdict import EXIT_CODES, Answer
from changeover.removal.candidate_alone import Alone, run_alone
from changeover.removal.plan import Removal
from changeover.removal.rehearsal import Rehearsal, rehearse
from changeover.removal.scratch import discard


@dataclass(frozen=True, slots=True)
class Proof:
    """Both halves; `folder` is where the copy was left, None where it is gone."""

    legacy: tuple[str, ...]
    rehearsal: Rehearsal
    alone: Alone
    folder: Path | None = None

    @property
    def answer(self) -> Answer:
        """Fail where one half fails, pass where both pass."""
        answers = (self.rehearsal.answer, self.alone.answer)
        return max(answers, key=list(Answer).index)

    @property
    def exit_code(self) -> int:
        """0 pass, 1 fail, 3 inconclusive."""
        return EXIT_CODES[self.answer]


def prove(root: Path, removal: Removal, say: Callable[[str], None], *, keep: bool = False) -> Proof:
    """Rehearse and replay; raises ConfigurationError where the plan does not fit the project.

    Nothing in the working tree is changed. `keep` leaves the copy where it is.
    """
    folder = Path(mkdtemp(prefix="changeover-prove-"))
    try:
        rehearsal = rehearse(root, removal, folder, say)
    finally:
        if not keep:
            discard(folder)
    say("scenarios, the candidate alone ...")
    alone = run_alone(root, removal, removal.timeout_s)
    say(f"{alone.answer}: {alone.runs:,} scenarios")
    return Proof(removal.legacy, rehearsal, alone, folder if keep else None)
