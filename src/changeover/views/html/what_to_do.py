"""What a reader of the page does next: see it happen, where to look, show it again, accept it."""

from __future__ import annotations

from collections.abc import Iterator

from changeover.evidence.store.records import STORE, StoredCluster
from changeover.settings import PRODUCTION
from changeover.values.gate_verdict import command_and_purpose
from changeover.values.observation import Side
from changeover.values.safe_text import pasted
from changeover.views.html.data import MATCH, ReportData, word_of

Line = tuple[str, str, bool]
"""A label, a text, and whether the text is a command."""


def what_to_do(
    data: ReportData, worst: StoredCluster | None, begins: StoredCluster | None = None
) -> list[Line]:
    """The lines, the first thing first; `begins` is what every run with the worst cluster meets before it."""
    if data.is_stale:
        return [("compare again", reproduce(data, None), True)]
    return list(_of_a_difference(data, worst, begins or worst) if worst is not None else _of_none(data))


def _of_a_difference(data: ReportData, worst: StoredCluster, first: StoredCluster) -> Iterator[Line]:
    replayed = data.corpus.answered_by.other
    if first.smallest is not None:
        yield "see it happen", f"{reproduce(data, first)} --pdb", True
        yield "", f"stops in the {replayed} where it parts from {replayed.other}", False
    for example in data.examples_of(first).examples[:1]:
        lines = [f"{side} {at}" for side, at in zip(Side, example.asked_at, strict=True) if at]
        if lines:
            yield "the lines", ", ".join(lines), False
    yield "show it is mended", reproduce(data, None), True
    yield "keep it as a test", f"changeover scenarios keep {first.id}", True
    if worst.unsafe:
        yield "or accept it", "not offered: an effect differs", False
    else:
        yield "or accept it", f'changeover waive {worst.id} --owner WHO --until DAY --reason "..."', True


def _of_none(data: ReportData) -> Iterator[Line]:
    for one in data.corpus.summary.not_compared[:1]:
        if one.example:
            yield "why not compared", f"changeover explain {pasted(one.example)}", True
    gate = next((one for one in data.gates if str(one.answer) != "pass"), None)
    if gate is not None and gate.do_first:
        command, note = command_and_purpose(gate.do_first)
        yield f"for {gate.phase} -> {gate.new}", command, True
        if note:
            yield "", note, False
    elif gate is None and data.gates:
        ready = data.gates[0]
        yield f"{ready.phase} may move", f'changeover flip {ready.phase} {ready.new} --reason "..."', True
    yield ("show it again" if word_of(data.corpus) == MATCH else "compare again"), reproduce(data, None), True


def answer_option(data: ReportData) -> str:
    """What a command needs where the candidate answered."""
    return " --answer candidate" if data.corpus.answered_by is Side.CANDIDATE else ""


def reproduce(data: ReportData, worst: StoredCluster | None) -> str:
    """The command that shows the same again: the example where there is one, else the whole comparison."""
    side = answer_option(data)
    if worst is not None and worst.smallest is not None:
        return f"changeover compare {worst.seam} --run {pasted(worst.smallest.run)}{side}"
    summary = data.corpus.summary
    asked = "".join(f" {pasted(name)}" for name in summary.names)
    if data.corpus.source:
        source = STORE if data.corpus.source == PRODUCTION else data.corpus.source
        asked += f" --source {pasted(source)}"
    asked += f" --runs {summary.limit}" if summary.limit else ""
    asked += f" --seed {summary.seed}" if summary.seed else ""
    asked += " --world copy" if summary.world == "copy" else ""
    return f"changeover compare{asked}{side}"
