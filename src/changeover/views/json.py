"""The same screens for programs, and what the store keeps, with both values also as texts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from typing import TYPE_CHECKING, Any

from changeover.evidence.confidence import CONFIDENCE
from changeover.evidence.more_shown import would_show_more
from changeover.evidence.store.rows_of_runs import keep_divergence, stored_at
from changeover.evidence.store.run_contents import contents_data, divergence_data
from changeover.evidence.store.writing import cluster_data, comparison_data
from changeover.values.divergence import Divergence
from changeover.values.gate_verdict import GateVerdict
from changeover.values.log_line import LogLine
from changeover.values.observation import PortCall, Side
from changeover.values.value_text import value_text
from changeover.views.layout import call_text

if TYPE_CHECKING:
    from changeover.compare.clusters import Cluster
    from changeover.compare.file_diff import FilesDiff
    from changeover.evidence.cluster_examples import ClusterExample, ClusterExamples
    from changeover.evidence.comparison_info import ComparisonInfo
    from changeover.evidence.comparison_totals import Corpus
    from changeover.evidence.store.records import StoredCluster, StoredComparison, StoredRun
    from changeover.evidence.store.run_contents import RunContents
    from changeover.evidence.tallies import SeamTally
    from changeover.views.html.data import ReportData

TEXT_MAX = 200
_CALL_CHARACTERS_MAX = 2_000


def compare_json(info: ComparisonInfo, corpus: Corpus) -> dict[str, Any]:
    """Everything that the screen of `compare` says; `exit_code` is what the command would exit with."""
    effects = ("name", "performed", "asked", "equal", "changed", "only_performed", "only_asked", "refused")
    times = {
        name: None if found is None else {"legacy": found.legacy_s, "candidate": found.candidate_s}
        for name, found in (("p50", corpus.times.at(0.5)), ("p95", corpus.times.at(0.95)))
    }
    return {
        **_taken(info, "migration", "code", "rules", "source"),
        "answered_by": info.answer,
        **_taken(info, "copied", "noise", "stopped"),
        **_taken(corpus, "cases", "silent_cases"),
        "seams": {name: _tally(tally) for name, tally in corpus.seams.items()},
        "defined_at": {name: plain_data(info.lines_of(name)) for name in corpus.seams},
        "total": _tally(corpus.total),
        "effects": [_taken(line, *effects) for line in corpus.effects.lines],
        "clusters": [_cluster(one, corpus, info) for one in corpus.clusters],
        "not_compared": [
            {
                **_taken(one, "seam", "reason", "place", "detail", "runs", "example"),
                str(one.asked_by): _question(one.asked),
                str(one.asked_by.other): _question(one.recorded),
                "logged": [_logged(*logged) for logged in one.logged],
                "advice": None if one.advice is None else _taken(one.advice, "way", "line"),
            }
            for one in corpus.not_compared.reasons
        ],
        "would_show_more": plain_data(would_show_more(info, corpus.not_compared.reasons)),
        "accepted": [
            {
                "path": tally.rule.path.text,
                **_taken(tally.rule, "reason"),
                **_taken(tally, "runs", "hits"),
                "tolerated_runs": tally.differing,
                "largest": None if tally.largest is None else str(tally.largest),
                **_taken(tally.rule, "until"),
            }
            for tally in corpus.rule_tallies.values()
        ],
        "waivers": [
            _taken(use.waiver, "cluster", "owner", "reason", "until") | _taken(use, "runs", "expired")
            for use in info.waivers
        ],
        "unused_rules": [rule.path.text for rule in corpus.unused_rules],
        "one_sided_reads": plain_data(corpus.one_sided_reads),
        "unvaried": plain_data(corpus.unvaried),
        "reference_gave_up": list(corpus.gave_up),
        "reference_gave_nothing": [
            {"seam": one.seam, "runs": one.gave_nothing, "answered": one.answered, "compared": one.compared}
            for one in corpus.seams.values()
            if one.reference_mostly_gave_nothing
        ],
        "tags": dict(sorted(corpus.tags.items())),
        "missing_tags": list(corpus.missing_tags),
        "own_time_s": times,
        **_taken(corpus, "distinct_worlds", "distinct_diverged"),
        "rate_bound": {"confidence": CONFIDENCE, "below": corpus.rate_bound()},
        "exit_code": corpus.exit_code,
    }


def _tally(tally: SeamTally) -> dict[str, Any]:
    return {"phase": tally.phase, **_counts(tally), "verdicts": plain_data(tally.verdicts)}


def _cluster(cluster: Cluster, corpus: Corpus, info: ComparisonInfo) -> dict[str, Any]:
    example, sighting = corpus.smallest.get(cluster.fingerprint), corpus.sighting_of(cluster)
    return {
        "id": cluster.id,
        **_taken(cluster.fingerprint, "seam", "place", "kind"),
        "pattern": str(cluster.fingerprint.pattern),
        "unsafe": cluster.is_unsafe,
        **_taken(cluster, "runs", "reachable"),
        "smallest": {"run": cluster.smallest.run, **divergence_json(cluster.smallest.divergence)},
        "source_lines": plain_data(info.lines_of(cluster.fingerprint.seam, cluster.smallest.lines)),
        "sighting": None if sighting is None else str(sighting),
        "logged": [] if example is None else [_logged(*one) for one in example.logged],
        "always_with": [one.id for one in cluster.always_with],
        "root": None if cluster.root is None else cluster.root.id,
    }


def _logged(side: Side, line: LogLine) -> dict[str, Any]:
    return {"side": side.value, **_taken(line, "level", "source", "text")}


def _question(call: PortCall | None) -> dict[str, Any] | None:
    if call is None:
        return None
    asked = call_text(call.name, call.arguments, _CALL_CHARACTERS_MAX)
    return {"asked": asked, "asked_at": call.asked_at}


def diff_json(diff: FilesDiff) -> dict[str, Any]:
    """Everything that the screen of `diff` says."""
    rows = ("old_rows", "new_rows", "equal", "differing", "only_old", "only_new", "not_compared", "repeated")
    return {
        **_taken(diff, *rows, "left_out"),
        "divergences": [divergence_json(found) for found in diff.divergences],
        "clusters": [
            {
                "id": one.id,
                **_taken(one.fingerprint, "place", "kind"),
                "pattern": str(one.fingerprint.pattern),
                "rows": one.runs,
                "smallest": divergence_json(one.smallest.divergence),
            }
            for one in diff.clusters
        ],
    }


def gate_json(verdict: GateVerdict) -> dict[str, Any]:
    """Everything that the screen says; `exit_code` is what the command would exit with."""
    criterion = ("name", "answer", "required", "found", "detail", "do")
    return {
        **_taken(verdict, "phase", "number"),
        "from": str(verdict.old),
        "to": str(verdict.new),
        **_taken(verdict, "source", "answer", "code", "rules", "evidence"),
        "criteria": [_taken(one, *criterion) for one in verdict.criteria],
        **_taken(verdict, "not_counted", "not_shown", "do_first", "exit_code"),
    }


def report_json(data: ReportData) -> dict[str, Any]:
    """Everything that the page says, and the sums it shows."""
    from changeover.views.html.caveats import unshown
    from changeover.views.html.data import period_of, word_of
    from changeover.views.html.headline import headline, worst_cluster

    top, worst, example = headline(data), worst_cluster(data), data.example
    content = ("migration", "made_at", "code", "rules", "phases", "problems", "gates", "history")
    return {
        "headline": plain_data(top),
        "title": top.title,
        "worst_cluster": None if worst is None else worst.digest,
        "counts": {name: _counts(seam) for name, seam in data.corpus.seams.items()},
        "total": _counts(data.total),
        "not_shown": unshown(data),
        **_taken(data, *content, "blind_spots", "unavailable"),
        "corpus": plain_data(comparison_json(data.corpus, data.examples_of)),
        "example": None if example is None else named_run_json(example, period_of(example)),
        "runs": [named_run_json(run, period_of(run)) for run in data.runs],
        "changes": plain_data(data.changes),
        "strip": plain_data(data.strip),
        "others": [{"number": one.number, "source": one.source, "word": word_of(one)} for one in data.others],
    }


def _counts(tally: SeamTally) -> dict[str, int]:
    return _taken(tally, "runs", "match", "tolerated", "waived", "diverged", "unsafe", "not_compared")


def divergence_json(divergence: Divergence) -> dict[str, Any]:
    """A divergence that was just found."""
    return _with_texts(divergence_data(keep_divergence(divergence)), divergence)


def _with_texts(data: Mapping[str, Any], divergence: Divergence) -> dict[str, Any]:
    texts = [value_text(side, TEXT_MAX) for side in (divergence.legacy, divergence.candidate)]
    return {**{name: part for name, part in data.items() if name != "seen"}, "texts": texts}


def cluster_json(cluster: StoredCluster) -> dict[str, Any]:
    """A cluster that is kept."""
    data = cluster_data(cluster)
    data.pop("seen", None)
    for name in ("first", "last", "smallest"):
        example = getattr(cluster, name)
        if example is not None:
            data[name]["divergence"] = _with_texts(data[name]["divergence"], example.divergence)
    return data | {"sighting": data["sighting"] or ""}


def examples_json(found: ClusterExamples) -> dict[str, Any]:
    """Several runs of a cluster."""
    return {"examples": list(map(_cluster_example, found.examples)), "runs_read": found.runs_read}


def _cluster_example(example: ClusterExample) -> dict[str, Any]:
    sighting = None if example.sighting is None else str(example.sighting)
    divergence = _with_texts(divergence_data(example.divergence), example.divergence)
    return {
        "run": example.run,
        "why": [str(why) for why in example.why],
        "at": None if example.at is None else stored_at(example.at),
        "asked_at": {side.value: at for side, at in zip(Side, example.asked_at, strict=True)},
        "divergence": divergence | {"sighting": sighting},
    }


def run_json(contents: RunContents | None) -> dict[str, Any] | None:
    """What is kept of a run, None where only its verdict is."""
    if contents is None:
        return None
    data = contents_data(contents)
    pairs = zip(data["divergences"], contents.divergences, strict=True)
    return data | {"divergences": [_with_texts(found, divergence) for found, divergence in pairs]}


def heading_json(comparison: StoredComparison) -> dict[str, Any]:
    """Which comparison it is."""
    return {"at": stored_at(comparison.at), **_taken(comparison, "source", "code", "rules")}


def comparison_json(
    comparison: StoredComparison, examples_of: Callable[[StoredCluster], ClusterExamples]
) -> dict[str, Any]:
    """A whole comparison, with several runs of each cluster."""
    data = comparison_data(comparison)
    names = ("tags", "distinct_worlds", "distinct_diverged", "damaged", "effects", "own_times")
    return {
        **_taken(comparison, "number", "at", "source", "population", "code", "rules", "whole", "partial"),
        "answered_by": comparison.answered_by.value,
        "seams": {
            name: {part: seam[part] for part in ("phase", "verdicts", "gave_up")}
            for name, seam in data["seams"].items()
        },
        **{name: data[name] for name in names},
        "clusters": [_listed(one) | examples_json(examples_of(one)) for one in comparison.clusters],
        "summary": data,
    }


def _listed(cluster: StoredCluster) -> dict[str, Any]:
    body = cluster_json(cluster)
    named = {name: body[name] for name in ("seam", "place", "kind", "pattern", "unsafe", "runs")}
    return {"digest": cluster.digest, **named, "state": cluster.state, "body": body}


def named_run_json(run: StoredRun, period: str) -> dict[str, Any]:
    """A run of a comparison, with the label of the period that it belongs to."""
    named = {"name": run.name, "seam": run.seam, "verdict": run.verdict, "period": period}
    return named | {"body": run_json(run.contents)}


def _taken(value: object, *names: str) -> dict[str, Any]:
    """Some attributes of a value."""
    return {name: plain_data(getattr(value, name)) for name in names}


def plain_data(value: Any) -> Any:
    """Values of the toolkit as JSON knows them."""
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: plain_data(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain_data(part) for key, part in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain_data(part) for part in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date):
        return value.isoformat()
    return value
