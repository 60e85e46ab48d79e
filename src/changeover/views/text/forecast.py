"""The forecast of a gate in a few words: `214 of 299 distinct inputs, 12 of 20 days: about 6 days`."""

from __future__ import annotations

from changeover.gate.forecast import Forecast, Progress
from changeover.values.gate_verdict import Answer
from changeover.views.layout import plural


def forecast_text(found: Forecast, answer: Answer = Answer.INCONCLUSIVE) -> str:
    """What is there of what is needed, and how long that takes; `answer` is that of the whole gate now."""
    said = f"{_of(found.inputs, 'distinct input')}, {_of(found.days, 'day')}"
    if found.inputs.needed is None:
        return f"{said}: no number of runs is enough, as some differ"
    if found.days_left == 0:
        return f"{said}: enough"
    if answer is Answer.FAIL:
        return f"{said}: waiting alone does not help"
    if found.days_left is None:
        return f"{said}: nobody can tell before runs come"
    return f"{said}: about {plural(found.days_left, 'day')}"


def _of(progress: Progress, what: str) -> str:
    if progress.needed is None:
        return plural(progress.found, what)
    return f"{progress.found:,} of {plural(progress.needed, what)}"
