"""What `pytest --changeover=…` says: under a test that diverged, and at the end of the session."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from changeover.compare.clusters import Fingerprint, fingerprint_of
from changeover.compare.provenance import Provenance, Sighting
from changeover.evidence.test_session import AS_EXPECTED, DIVERGED, SuiteTally
from changeover.quick_dataclass import dataclass
from changeover.record.run import Run
from changeover.values.divergence import Divergence
from changeover.values.observation import Side
from changeover.values.safe_text import columns_of, visible
from changeover.values.value_text import change_text
from changeover.values.verdict import Verdict
from changeover.views.layout import INDENT, Screen, and_more, cut, padded, plural, wrapped
from changeover.views.text.differences import error_text
from changeover.views.text.effect_order import firsts, place_called

FINDINGS_SHOWN_MAX = 12
OF_A_SEAM_SHOWN_MAX = 4
REASONS_SHOWN_MAX = 5
PROBLEMS_SHOWN_MAX = 5
_SEAM_MAX = 28
_FOLLOWS = "what it answers is not recorded: what stands below may follow from that alone"
_NO_SEAM = (
    "no seam is declared: import the module that declares them, in a conftest.py for example, "
    'or name it in pyproject.toml: [tool.changeover] app = "module:attribute"'
)
# From the best to the worst; `failed` is what a run is called, "not compared" what it means.
_WORDS = {verdict: str(verdict) for verdict in reversed(Verdict)} | {Verdict.FAILED: "not compared"}


@dataclass(slots=True)
class _Finding:
    """One divergence of a test, with the number of its runs that have it.

    It `follows` where it comes, in each of them, after something whose answer the replay did not know.
    """

    divergence: Divergence
    sighting: Sighting | None
    runs: int = 0
    follows: bool = True


def failure_text(opening: str, runs: Sequence[Run], left_out: int, again: str, screen: Screen) -> str:
    """What is said under a test whose runs did not match; `opening` says how the test itself ended."""
    diverged = [run for run in runs if run.verdict in DIVERGED]
    failed = [run for run in runs if run.verdict not in DIVERGED]
    parts: list[str] = []
    if diverged:
        other = {Side.LEGACY: "Legacy", Side.CANDIDATE: "The candidate"}[diverged[0].answered_by.other]
        parts += [f"{opening} {other} would have done something else:", _block(_findings(diverged, screen))]
        opening = "Beside that,"
    if failed:
        parts.append(f"{opening} {plural(len(failed), 'run')} could not be compared:")
        parts.append(_block(_reasons(failed, screen)))
    if left_out:
        parts.append(_block([f"and {plural(left_out, 'run')} more that did not match"]))
    return "\n\n".join([*parts, _again(again)])


def expected_text(wanted: str, again: str) -> str:
    """What is said under a test that is marked to diverge, and did not."""
    sentence = f'The test is marked changeover(expect="{wanted}"), and no run of it {wanted}.'
    return f"{sentence}\n\n{_again(again)}"


def _again(command: str) -> str:
    return f"{INDENT}again   {visible(command)}\n"


def _block(lines: Iterable[str]) -> str:
    return "\n".join(INDENT + line for line in lines)


def summary_lines(tally: SuiteTally, screen: Screen) -> Iterator[str]:
    """Who crossed what how often, with which verdicts; what was not crossed; what is wrong."""
    for problem in list(tally.problems)[:PROBLEMS_SHOWN_MAX]:
        yield from wrapped(f"! {problem}", screen.prose, "  ")
    yield from and_more(len(tally.problems) - PROBLEMS_SHOWN_MAX, "problem", "! and")
    if tally.lost_workers:
        yield f"! {plural(tally.lost_workers, 'worker')} ended without telling what its tests crossed"
    yield from wrapped(_crossed(tally), screen.prose, "")
    never = tally.never_crossed
    if never:
        were = plural(len(never), "seam was", "seams were")
        yield from wrapped(f"{were} never crossed by a test: {', '.join(never)}", screen.prose, INDENT)
    if not tally.declared and not tally.crossings:
        yield from wrapped(_NO_SEAM, min(screen.width, 94), "")


def _crossed(tally: SuiteTally) -> str:
    idle = f"{plural(tally.idle_tests, 'test')} crossed none" if tally.idle_tests else ""
    opted_out = f"{tally.opted_out:,} opted out" if tally.opted_out else ""
    others = ", ".join(filter(None, (idle, opted_out)))
    others = f"; {others}" if others else ""
    if not tally.crossings:
        return f"no test crossed a seam, so nothing was compared{others}"
    times = tally.crossings.total()
    seams = plural(len({seam for seam, _ in tally.crossings}), "seam")
    found = [
        f"{number:,} {words}"
        for verdict, word in _WORDS.items()
        for label, words in ((str(verdict), word), (f"{verdict} {AS_EXPECTED}", f"{word} {AS_EXPECTED}"))
        if (number := sum(n for (_, one), n in tally.crossings.items() if one == label))
    ]
    tests = plural(tally.crossing_tests, "test")
    return f"{tests} crossed {seams} {plural(times, 'time')}: {', '.join(found)}{others}"


def _findings(runs: Sequence[Run], screen: Screen) -> Iterator[str]:
    gathered: dict[Fingerprint, _Finding] = {}
    for run in runs:
        for fingerprint, finding in _of_run(run).items():
            kept = gathered.setdefault(fingerprint, finding)
            kept.runs += 1
            kept.follows &= finding.follows
    found = sorted(
        gathered.items(), key=lambda item: (item[1].follows, not item[1].divergence.is_unsafe)
    )  # what led to the others comes first
    # An outer seam repeats what its inner ones show: no seam may crowd out another.
    of_seam: Counter[str] = Counter()
    shown: list[tuple[Fingerprint, _Finding]] = []
    for fingerprint, finding in found:
        of_seam[fingerprint.seam] += 1
        if of_seam[fingerprint.seam] <= OF_A_SEAM_SHOWN_MAX and len(shown) < FINDINGS_SHOWN_MAX:
            shown.append((fingerprint, finding))
    width = min(_SEAM_MAX, max(columns_of(visible(fingerprint.seam)) for fingerprint, _ in shown))
    mark = "UNSAFE   " if any(finding.divergence.is_unsafe for _, finding in shown) else ""
    first_to_follow = next((name for name, finding in shown if finding.follows), None)
    for fingerprint, finding in shown:
        if fingerprint is first_to_follow:
            yield from wrapped(_FOLLOWS, screen.prose - len(INDENT), "")
        yield from _lines_of(fingerprint, finding, width, mark, screen)
    yield from and_more(len(found) - len(shown), "place", "and at")


def _of_run(run: Run) -> dict[Fingerprint, _Finding]:
    answered = run.legacy if run.answered_by is Side.LEGACY else run.candidate
    provenance = Provenance(run.arguments, answered.reads if answered else ())
    found: dict[Fingerprint, _Finding] = {}
    for divergence in run.divergences:
        fingerprint = fingerprint_of(run.seam, divergence)
        if fingerprint not in found:
            found[fingerprint] = _Finding(divergence, provenance.first(divergence.candidate))
        found[fingerprint].follows &= divergence.consequence_of is not None
    return found


def _lines_of(name: Fingerprint, finding: _Finding, width: int, mark: str, screen: Screen) -> Iterator[str]:
    found = finding.divergence
    head = f"{padded(name.seam, width)}   {mark if found.is_unsafe else ' ' * len(mark)}"
    place = visible(place_called(found.place))
    runs = f", {finding.runs:,} runs" if finding.runs > 1 else ""
    legacy, candidate = firsts(found)
    sides = error_text(legacy), error_text(candidate)
    change = change_text(*sides, screen.width - 16 - len(runs))
    tail = f"{change}   ({name.id}{runs})"
    room = screen.width - len(INDENT) - columns_of(head)
    if columns_of(place) + 6 + columns_of(tail) <= room:
        yield f"{head}{place}      {tail}"
    else:
        yield f"{head}{cut(place, room)}"
        yield f"{INDENT}{tail}"
    if finding.sighting is not None:
        for line in wrapped(str(finding.sighting), screen.prose - 2 * len(INDENT), ""):
            yield f"{INDENT}{line}"


def _reasons(runs: Sequence[Run], screen: Screen) -> Iterator[str]:
    reasons = list(dict.fromkeys((run.seam, _reason(run)) for run in runs))
    for seam, reason in reasons[:REASONS_SHOWN_MAX]:
        yield seam
        yield from (INDENT + line for line in wrapped(reason, screen.prose - 2 * len(INDENT), ""))
    yield from and_more(len(reasons) - REASONS_SHOWN_MAX, "reason")


def _reason(run: Run) -> str:
    """Why: what the run says, else what the comparison met."""
    if run.reason is not None:
        return run.reason
    if run.divergences:
        first = run.divergences[0]
        return f"{first.kind}: {place_called(first.place)}: {change_text(first.legacy, first.candidate)}"
    return "no reason was kept"
