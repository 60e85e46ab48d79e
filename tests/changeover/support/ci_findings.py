"""Comparisons of every outcome, as what a build server is told is made of them."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from changeover.compare.clusters import RunFound, fingerprint_of
from changeover.evidence.comparison_info import ComparisonInfo
from changeover.evidence.comparison_totals import Corpus
from changeover.evidence.reasons_not_compared import NotCompared
from changeover.evidence.run_record import RunRecord
from changeover.rollout.waivers import Waiver, WaiverUse
from changeover.values.divergence import ABSENT, Divergence, Kind
from changeover.values.observation import PortCall, Returned, Side
from changeover.values.source_line import SourceLines
from changeover.values.verdict import Verdict
from changeover.views.ci.findings import Findings, findings_of

LINES = SourceLines("legacy/orders.py:12", "handlers/orders.py:34")
FILES = {"legacy/orders.py": "src/shop/legacy/orders.py", "handlers/orders.py": "src/shop/handlers/orders.py"}
EFFECT = Divergence(
    "effects.broker.submit[SPY].quantity",
    Kind.EFFECT_CHANGED,
    18,
    312,
    position=4,
    normal_place="effects.broker.submit[*].quantity",
)
VALUE = Divergence("result.weight", Kind.VALUE, 1, 2)


def compared(seam: str, verdict: Verdict, *found: Divergence, lines: SourceLines = LINES) -> RunRecord:
    """A run that was compared, with what differs in it."""
    prints = tuple(fingerprint_of(seam, one) for one in found)
    return RunRecord(
        seam,
        seam.partition(".")[0],
        Side.LEGACY,
        verdict,
        differs=bool(found),
        own_times=(0.25, 0.5),
        gave_nothing=False,
        world=f"{seam} {verdict}",
        found=RunFound("days/1", seam, found, None, 3, frozenset(), None, prints, (lines,) * len(found)),
    )


def missed(seam: str, what: str = "crate") -> RunRecord:
    """A run that asked what nobody had recorded."""
    asked = PortCall("depot", "held", None, {"unit": what}, Returned(None), 3, LINES.candidate)
    recorded = PortCall("depot", "held", None, {"unit": "piece"}, Returned(None), 3, LINES.legacy)
    reason = NotCompared(seam, "read-missing", "depot.held", what, "days/1", Side.CANDIDATE, asked, recorded)
    return RunRecord(seam, seam.partition(".")[0], Side.LEGACY, Verdict.FAILED, not_compared=reason)


def empty(seam: str) -> RunRecord:
    """A run in which there was nothing to compare."""
    reason = NotCompared(seam, "vacuous", "", "", "days/1", Side.CANDIDATE)
    return RunRecord(seam, seam.partition(".")[0], Side.LEGACY, Verdict.VACUOUS, not_compared=reason)


def findings(
    *records: RunRecord, expected: Sequence[tuple[str, str]] = (), waived: Sequence[Divergence] = ()
) -> Findings:
    """What a comparison of one case with these runs found."""
    corpus = Corpus(expected=expected)
    if records:
        corpus.add_case("days/1", records)
    seams = list(corpus.seams)
    waivers = tuple(
        WaiverUse(Waiver(fingerprint_of(seam, one).digest, "ada", "known", date(2100, 1, 1)), 1, False)
        for one in waived
        for seam in seams
    )
    paths: Mapping[str, SourceLines] = {
        seam: SourceLines("legacy/orders.py:1", "handlers/orders.py:2") for seam in seams
    }
    info = ComparisonInfo(
        "shop", "c" * 64, "r" * 64, "days", phases={"desk": 1}, waivers=waivers, paths=paths, files=FILES
    )
    return findings_of(info, corpus)


OUTCOMES: Mapping[str, Callable[[], Findings]] = {
    "match": lambda: findings(compared("desk.a", Verdict.MATCH)),
    "tolerated": lambda: findings(compared("desk.a", Verdict.TOLERATED)),
    "diverged": lambda: findings(
        compared("desk.a", Verdict.DIVERGED, VALUE), compared("desk.b", Verdict.MATCH)
    ),
    "unsafe": lambda: findings(compared("desk.a", Verdict.UNSAFE, EFFECT, VALUE)),
    "one side": lambda: findings(
        compared(
            "desk.a",
            Verdict.UNSAFE,
            Divergence(
                "effects.broker.submit[SPY]", Kind.EFFECT_MISSING, {"quantity": 18}, ABSENT, position=1
            ),
            lines=SourceLines("legacy/orders.py:12", None),
        )
    ),
    "not compared": lambda: findings(missed("desk.a"), compared("desk.b", Verdict.MATCH)),
    "diverged and not compared": lambda: findings(
        compared("desk.a", Verdict.DIVERGED, VALUE), missed("desk.b")
    ),
    "vacuous": lambda: findings(empty("desk.a")),
    "waived": lambda: findings(
        compared("desk.a", Verdict.WAIVED, VALUE), compared("desk.a", Verdict.MATCH), waived=[VALUE]
    ),
    "waived alone": lambda: findings(compared("desk.a", Verdict.WAIVED, VALUE), waived=[VALUE]),
    "never crossed": lambda: findings(compared("desk.a", Verdict.MATCH), expected=[("desk.b", "desk")]),
    "empty": lambda: findings(),
    "200 seams": lambda: findings(
        *(
            compared(f"part-{number % 20:02}.seam-{number}", *outcome)
            for number in range(200)
            for outcome in [(Verdict.UNSAFE, EFFECT, VALUE) if number % 2 else (Verdict.MATCH,)]
        )
    ),
}
"""By name, a comparison that ended so."""
EXIT_CODES = {
    **dict.fromkeys(("match", "tolerated", "waived"), 0),
    **dict.fromkeys(("diverged", "unsafe", "one side", "diverged and not compared", "200 seams"), 1),
    **dict.fromkeys(("not compared", "vacuous", "waived alone", "never crossed", "empty"), 3),
}


def hostile(text: str) -> Findings:
    """A comparison with this text as its seam, values, questions and files."""
    place = f"effects.port.method[{text}].quantity"
    found = Divergence(place, Kind.EFFECT_CHANGED, text, f"{text}.", position=1)
    lines = SourceLines(f"{text}:12", f"{text}:34")
    return findings(
        compared(
            f"desk.{text}", Verdict.UNSAFE, found, Divergence("result", Kind.VALUE, text, 1), lines=lines
        ),
        missed(f"missed.{text}", text),
    )


__all__ = ["EXIT_CODES", "LINES", "OUTCOMES", "compared", "findings", "hostile", "missed"]
