"""How runs that could not be compared after a question without an answer would be compared all the same."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from changeover.evidence.comparison_info import ComparisonInfo
from changeover.evidence.reasons_not_compared import NotCompared
from changeover.quick_dataclass import dataclass
from changeover.record.replay_problems import ProblemKind
from changeover.values.observation import Side
from changeover.values.safe_text import pasted


class Remedy(StrEnum):
    """Copies of the ports, copies that a port does not offer yet, or the other path answering."""

    COPY = "copy"
    OFFER_COPY = "offer-copy"
    ANSWER = "answer"


@dataclass(frozen=True, slots=True)
class MoreShown:
    """For so many runs, with questions to these ports; `command` is what to type, where that is all."""

    remedy: Remedy
    ports: tuple[str, ...]
    runs: int
    command: str | None


def would_show_more(info: ComparisonInfo, reasons: Sequence[NotCompared]) -> tuple[MoreShown, ...]:
    """What answers most first; nothing for stored runs, where nothing can be asked any more.

    There is no copy of an object that the answering path never called: the other path has to answer then.
    """
    if info.stored:
        return ()
    missing = [one for one in reasons if one.reason == ProblemKind.READ_MISSING and one.asked is not None]
    runs_of: dict[str, int] = {}
    for one in missing:
        if one.asked is not None:
            runs_of[one.asked.port] = runs_of.get(one.asked.port, 0) + one.runs
    recorded = {port: runs for port, runs in runs_of.items() if port not in info.copied}
    source = f"changeover compare --source {pasted(info.source)}"
    found = []
    for remedy, is_offered in ((Remedy.COPY, True), (Remedy.OFFER_COPY, False)):
        ports = tuple(port for port in recorded if (port in info.offer_copies) is is_offered)
        if ports:
            command = f"{source} --world copy" if is_offered else None
            found.append(MoreShown(remedy, ports, sum(recorded[port] for port in ports), command))
    if runs_of and not info.noise and info.answer is Side.LEGACY:
        command = f"{source} --answer {Side.CANDIDATE}"
        found.append(MoreShown(Remedy.ANSWER, tuple(runs_of), sum(runs_of.values()), command))
    return tuple(found)
