"""Every screen of text as a function of its Screen, with one free text wherever data stands."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from changeover.compare.clusters import Clusters, RunFound
from changeover.compare.file_diff import FilesDiff
from changeover.compare.provenance import Sighting
from changeover.evidence.run_record import SmallestRun
from changeover.evidence.store.reading import read_cluster
from changeover.evidence.store.records import StoredCluster, StoredComparison, StoredRun
from changeover.evidence.tallies import EffectCounts, SeamTally, total_of
from changeover.record.scenario_file import Scenario
from changeover.record.tape import Tape
from changeover.rollout.history import HistoryEntry
from changeover.values.divergence import Divergence, Kind
from changeover.values.gate_verdict import Answer, Criterion, GateVerdict
from changeover.values.observation import Side
from changeover.values.stage import Setting, Stage, ramp
from changeover.values.verdict import Verdict
from changeover.views.layout import Screen
from changeover.views.text.compare import effect_lines, verdict_lines
from changeover.views.text.differences import cluster_lines, diff_screen
from changeover.views.text.explain import cluster_screen, clusters_screen
from changeover.views.text.explain_run import runs_screen
from changeover.views.text.gate import gate_screen
from changeover.views.text.history import Moved, history_screen, moved_screen
from changeover.views.text.scenarios import scenario_screen, scenarios_screen
from changeover.views.text.status import (
    NextStep,
    PhaseStatus,
    ProductionStatus,
    Status,
    doctor_screen,
    status_screen,
)
from tests.changeover.support.sample_run import body

AT = datetime(2026, 8, 3, 20, 45, 3, tzinfo=UTC)
Show = Callable[[Screen], str]


def screens(text: str, seams: int = 30) -> dict[str, Show]:
    """The screens by name, each with `text` as its names, places, values and reasons."""
    verdict = gate_verdict(text)
    entry = HistoryEntry(
        12, "rollback", AT, text, text, "b", "a", text, "ramp:12.5", "shadow", "pass", "e" * 64, "c" * 64
    )
    scenario = Scenario(f"{text}/12/seam", "seam", Side.LEGACY, None, (text,), {text: text}, Tape())
    run = stored_run(text, text, Verdict.UNSAFE, run_body(text))
    corpus = StoredComparison(1, AT, text, "recorded", "c" * 64, "r" * 64)
    cluster = kept_cluster(text)
    below = [kept_cluster(text, name, root="09ad52") for name in ("5c7f20", "e41b7c")]
    found = clusters_of(text)
    diff = FilesDiff(1_234_567, 1_234_568, 1_234_000, 560, 7, 8, 0, 3, (), 0, tuple(found.found), ())
    listed: dict[str, Show] = {
        "verdicts": lambda screen: "\n".join(verdicts(text, seams, screen)),
        "effects": lambda screen: "\n".join(effects(text, screen)),
        "clusters": lambda screen: "\n".join(
            cluster_lines(
                found.found,
                {one.fingerprint: SmallestRun(1, Sighting(text, text), ()) for one in found.found},
                screen,
            )
        ),
        "gate": lambda screen: gate_screen(verdict, screen),
        "status": lambda screen: status_screen(status(text), screen),
        "history": lambda screen: history_screen([entry, replace(entry, action="flip")], 3, [text], screen),
        "moved": lambda screen: moved_screen(Moved((entry,), 11, (f"changeover rollback {text}",)), screen),
        "scenarios": lambda screen: scenarios_screen([scenario], screen),
        "scenario": lambda screen: scenario_screen(scenario, screen),
        "explain": lambda screen: clusters_screen([cluster, *below], corpus, screen),
        "explain cluster": lambda screen: cluster_screen(cluster, corpus, below, run.contents, screen),
        "explain run": lambda screen: runs_screen([run], screen),
        "diff": lambda screen: diff_screen(diff, text, text, [text], screen),
        "doctor": lambda screen: doctor_screen({"app": text, "seams": text}, [text], text, screen),
    }
    return listed


def tallies(text: str, seams: int) -> list[SeamTally]:
    """So many seams in two phases, some with numbers of nine digits."""
    counts = Counter(
        {Verdict.MATCH: 123_456_789, Verdict.TOLERATED: 34_567, Verdict.WAIVED: 12, Verdict.FAILED: 345}
    )
    return [
        SeamTally(f"{text}.{text}", ("first", text)[number % 2], counts + Counter({Verdict.UNSAFE: number}))
        for number in range(seams)
    ]


def verdicts(text: str, seams: int, screen: Screen) -> list[str]:
    """The matrix of `compare`."""
    rows = tallies(text, seams)
    total = SeamTally("", "", total_of(rows).verdicts)
    return verdict_lines(rows, total, {"first": 1, text: 2}, screen)


def effects(text: str, screen: Screen) -> list[str]:
    """The ledger of effects of `compare`."""
    lines = (
        EffectCounts(f"port.{text}", 6_412_345, 6_412_344, 5_710_000, 702, 9),
        EffectCounts("mail.send", 7, 7, 7),
    )
    return effect_lines(lines, Side.LEGACY, screen, noise=False)


def clusters_of(text: str) -> Clusters:
    """What differs in two runs of a case."""
    clusters = Clusters()
    divergences = (
        Divergence(f"effects.port.method[{text}].quantity", Kind.EFFECT_CHANGED, 18, 312, position=4),
        Divergence(f"result.{text}", Kind.VALUE, text, f"{text}."),
    )
    for number in range(2):
        clusters.add(RunFound(f"days/{number}", text, divergences, reached=frozenset({"port.method"})))
    return clusters


def gate_verdict(text: str) -> GateVerdict:
    """Every answer, with and without room for what was found."""
    criteria = [Criterion(text, answer, text, text, text, text) for answer in Answer]
    criteria.append(Criterion("rate", Answer.PASS, "< 1.00 %", "< 0.97 %   1,234,567 worlds", None, text))
    settings = Setting(Stage.SHADOW), Setting(Stage.LIVE)
    return GateVerdict(text, 3, *settings, "c" * 64, "r" * 64, "e" * 64, tuple(criteria), (text,), (text,))


def status(text: str) -> Status:
    """A phase at every kind of stage, and a step of every kind."""
    verdict = gate_verdict(text)
    return Status(
        identity=f"{text}      code 9f3c1e7   rules 5b20aa4",
        problems=(text,),
        notices=(text,),
        phases=(
            PhaseStatus(1, "events", Setting(Stage.DONE), "-", checks=(4, 4)),
            PhaseStatus(2, text, ramp(12.5), "both", 2_990_000, 214, None, Setting(Stage.LIVE)),
            PhaseStatus(3, "trading", Setting(Stage.COMPLETE), "candidate", 1951, 214),
        ),
        steps=(
            NextStep(verdict),
            NextStep(replace(verdict, criteria=verdict.criteria[-1:])),
            NextStep(verdict, "for 2, 3 and 4 to be complete"),
        ),
        production=(ProductionStatus(text, 1_234_567, 1_234_553, 11, 1, 0, 0, 0, 2, AT, AT),),
        other_code=1_207,
        flags=f"{text}   kill switch off   no override",
        soon=text,
        back=f"changeover rollback {text}",
    )


def stored_run(name: str, seam: str, verdict: Verdict, content: dict[str, Any] | None = None) -> StoredRun:
    """A run of a comparison; `content` is what is kept of it whole."""
    whole = None if content is None else json.dumps(content)
    return StoredRun(
        *(f"{seam} {verdict}", AT, seam, "desk", "shadow", Side.LEGACY, verdict, None, ""),
        corpus=1,
        name=name,
        body=whole,
    )


def run_body(text: str) -> dict[str, Any]:
    """The sample run with the text as a value, a place and an answer."""
    run = body()
    changes = {"class": "read", "name": f"port.{text}", "answer": {"returned": text}}
    run["legacy"]["calls"].append(run["legacy"]["calls"][0] | changes)
    run["divergences"][1] |= {
        "place": f"result.{text}",
        "legacy": text,
        "candidate": f"{text}.",
        "sighting": text,
    }
    run["divergences"].append({**run["divergences"][1], "legacy": [text], "candidate": {text: 1}})
    return run


def kept_cluster(text: str, name: str = "09ad52", root: str | None = None) -> StoredCluster:
    """A cluster as it is kept."""
    data = {
        "seam": text,
        "place": f"effects.broker.submit_order[*].{text}",
        "kind": "effect-changed",
        "pattern": "larger",
        "unsafe": True,
        "number": 0,
        "runs": 1_234_567,
        "reachable": 7_654_321,
        "occurrences": 2_345_678,
        "smallest": {"run": text, "size": 9, "divergence": run_body(text)["divergences"][0]},
        "sighting": text,
        "always_with": ["5c7f20"],
        "answered_by": "legacy",
        "root": root,
    }
    return read_cluster(name + 58 * "0", data)
