"""What the table `production` asks, and how long both paths take."""

from __future__ import annotations

from collections.abc import Iterator

from changeover.evidence.confidence import percent_above, upper_bound
from changeover.evidence.store.records import KeptRun
from changeover.gate.corpus_selection import Counted
from changeover.gate.dossier import Dossier
from changeover.gate.production import Production, Worlds
from changeover.gate.verdict import Answer, Criterion
from changeover.rollout.gate_criteria import ProductionCriteria

OWN_TIMES_LEAST = 20
"""A p95 of fewer runs is that of one run."""
OWN_TIME_NOISE_S = 0.001
"""A candidate that takes less than this longer is not called slower, whatever the ratio."""


def production_criteria(
    dossier: Dossier, criteria: ProductionCriteria, production: Production
) -> Iterator[Criterion]:
    """Rate, share not compared, share that never reached the comparison, days."""
    yield _rate(dossier, criteria, production)
    yield _share(
        "production: not compared",
        production.not_compared_share,
        criteria.not_compared_max,
        f"{production.not_compared:,} failed",
        f"changeover compare {dossier.phase.name} --source store",
    )
    yield _share(
        "production: unpaired",
        production.unpaired_share,
        criteria.unpaired_max,
        f"{production.unpaired:,} dropped, {production.lost:,} not kept",
        "changeover doctor",
    )
    days = production.days
    enough = len(days) >= criteria.span_days
    yield Criterion(
        "production: days covered",
        Answer.PASS if enough else Answer.INCONCLUSIVE,
        f">= {criteria.span_days:,}",
        f"{len(days):,}",
        None if enough else _more(dossier, production, f"{criteria.span_days - len(days):,} more days"),
        f"{days[0]} to {days[-1]}" if days else "",
    )


def _rate(dossier: Dossier, criteria: ProductionCriteria, production: Production) -> Criterion:
    name = f"production: rate, {criteria.confidence * 100:g} %"
    required = f"< {_percent(criteria.rate_max)}"
    worst = production.worst(criteria.confidence)
    bound = worst.bound(criteria.confidence)
    found = f"< {percent_above(bound)}" if worst.seen else "nothing"
    who = f", {criteria.answered_by} answering" if criteria.answered_by else ""
    differ = f", {worst.diverged:,} differ" if worst.diverged else ""
    if bound <= criteria.rate_max:
        return Criterion(
            name, Answer.PASS, required, found, None, f"{worst.seen:,} distinct worlds{who}{differ}"
        )
    needed = worst.needed(criteria)
    of = f" of {needed:,}" if needed is not None else ""
    seam = f" of {worst.seam}" if len(dossier.phase.seams) > 1 else ""
    detail = f"{worst.seen:,}{of} distinct worlds{seam}{who}{differ}"
    if _is_excluded(worst, criteria):
        do = next((digest for run in production.compared for digest in run.clusters), "")[:6]
        return Criterion(name, Answer.FAIL, required, found, f"changeover explain {do}".rstrip(), detail)
    short = "more distinct worlds" if needed is None else f"{needed - worst.seen:,} more distinct worlds"
    return Criterion(name, Answer.INCONCLUSIVE, required, found, _more(dossier, production, short), detail)


def _is_excluded(worlds: Worlds, criteria: ProductionCriteria) -> bool:
    """Whether a rate as low as is required is itself excluded, so that waiting does not help."""
    if not worlds.diverged:
        return False
    alike = upper_bound(worlds.seen - worlds.diverged, worlds.seen, criteria.confidence)
    return 1 - alike > criteria.rate_max


def _more(dossier: Dossier, production: Production, what: str) -> str:
    if production.other_code:
        return f"changeover compare {dossier.phase.name} --source store    renews runs on other code"
    return f"stay at {dossier.old}: {what}"


def _share(name: str, found: float, most: float, detail: str, do: str) -> Criterion:
    passed = found <= most
    return Criterion(
        name,
        Answer.PASS if passed else Answer.INCONCLUSIVE,
        f"<= {_percent(most)}",
        percent_above(found) if found else "0.00 %",
        None if passed else do,
        detail,
    )


def _percent(share: float) -> str:
    percent = share * 100
    return f"{percent:.2f} %" if percent >= 0.01 or not percent else f"{percent:g} %"


def own_time(dossier: Dossier, most: float, corpora: Counted, production: Production) -> Criterion:
    """The p95 of the candidate over that of legacy, the worst of production and every corpus asked for."""
    name, required = "own time, p95", f"<= x {most:g}"
    pairs = [*_in_production(production.compared)]
    pairs += [
        corpus.own_times[dossier.phase.name]
        for corpus in corpora.asked
        if dossier.phase.name in corpus.own_times
    ]
    if not pairs:
        do = f"changeover compare {dossier.phase.name}"
        return Criterion(name, Answer.INCONCLUSIVE, required, "not measured", do)
    legacy, candidate = max(pairs, key=lambda pair: _ratio(*pair))
    ratio = _ratio(legacy, candidate)
    shown = f"{legacy * 1000:.3g} -> {candidate * 1000:.3g} ms"
    if ratio <= most:
        return Criterion(name, Answer.PASS, required, f"x {ratio:.2f}", None, shown)
    if candidate - legacy < OWN_TIME_NOISE_S:
        return Criterion(name, Answer.PASS, required, f"x {ratio:.2f}", None, f"{shown}, under 1 ms more")
    return Criterion(name, Answer.FAIL, required, f"x {ratio:.2f}", None, shown)


def _ratio(legacy: float, candidate: float) -> float:
    return candidate / legacy if legacy > 0 else float("inf") if candidate > 0 else 1.0


def _in_production(runs: tuple[KeptRun, ...]) -> Iterator[tuple[float, float]]:
    """Per seam, as paths of different seams take different times; what was renewed ran on other code."""
    by_seam: dict[str, list[tuple[float, float]]] = {}
    for run in runs:
        if run.legacy_s is not None and run.candidate_s is not None and run.renewed_at is None:
            by_seam.setdefault(run.seam, []).append((run.legacy_s, run.candidate_s))
    for times in by_seam.values():
        if len(times) >= OWN_TIMES_LEAST:
            rank = int(0.95 * len(times))
            legacy, candidate = (sorted(side)[rank] for side in zip(*times, strict=True))
            yield legacy, candidate
