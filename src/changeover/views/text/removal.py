"""The screens of `changeover legacy`: who still needs the old code, and the proof that it can go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from changeover.removal.candidate_alone import Alone
from changeover.removal.rehearsal import Proof, Rehearsal
from changeover.removal.scan import LegacyEntry, StaticScan
from changeover.values.gate_verdict import Answer
from changeover.views.layout import (
    INDENT,
    MARGIN,
    Screen,
    count,
    cut,
    flowed,
    labelled,
    listed,
    plural,
    wrapped,
)
from changeover.views.table import Column, Table, numbers
from changeover.views.text.gate import MARKS

FILES_SHOWN_MAX = 40
TAIL_SHOWN_MAX = 12
_ENTRIES = (
    Column(f"{INDENT}seam", 37),
    Column("stage", 11),
    numbers("legacy answered", 16),
    Column(width=3),
    Column("last"),
)


def scan_screen(
    legacy: Sequence[str], static: StaticScan, entries: Sequence[LegacyEntry], production: str, screen: Screen
) -> str:
    """What was looked at, who needs legacy, what that does not show, and what to do next."""
    files = f"{plural(static.gone, 'module')} to be removed, {plural(static.looked_at, 'file')} that stay"
    not_shown = ["calls through objects and through names that are made at run time"]
    if static.unread:
        not_shown.append(f"{plural(len(static.unread), 'file')} that could not be read as Python")
    lines = [
        *flowed(f"{', '.join(legacy)}   {files}", screen.width, INDENT),
        "",
        *_static(static, screen),
        "",
        *_run_time(entries, production, screen),
        "",
        *listed("Not shown", not_shown, screen.prose),
    ]
    answering = dict.fromkeys(entry.phase for entry in entries if entry.answers)
    if static.open_files:
        does = "mend these files, in the code or in the patch of [migration.removal]"
    elif answering:
        does = f"changeover gate {next(iter(answering))}"
    else:
        does = "changeover legacy prove"
    return "\n".join([*lines, "", *labelled("next", does, screen.prose), ""])


def _static(static: StaticScan, screen: Screen) -> Iterator[str]:
    mended = set(static.mended)
    if not static.importers and not static.uses:
        yield from labelled(
            "code", "nobody imports or calls it, beside what is deleted with it", screen.prose
        )
        return
    number = len(static.open_files)
    verdict = f"{plural(number, 'file')} would break" if number else "nothing would break"
    helped = sorted(static.needing & mended)
    patched = f"; the patch changes {', '.join(helped)}" if helped else ""
    yield from labelled("code", f"{verdict}{patched}", screen.prose)
    rows = sorted({(one.file, one.line, one.how, one.name) for one in static.uses})
    used = {(one.file, one.line) for one in static.uses}
    importers = [(one.file, one.line, "imports", one.imported) for one in static.importers]
    rows += [row for row in importers if row[:2] not in used]
    rows = [row for row in rows if row[0] not in mended]
    cells = [["", f"{file}:{line}", how, name] for file, line, how, name in rows[:FILES_SHOWN_MAX]]
    yield from Table([Column(width=width) for width in (MARGIN, 43, 13, 0)], cells).lines(screen)
    if len(rows) > FILES_SHOWN_MAX:
        yield f"            and {len(rows) - FILES_SHOWN_MAX:,} more: --format json"


def _run_time(entries: Sequence[LegacyEntry], production: str, screen: Screen) -> Iterator[str]:
    answering = sum(entry.answers for entry in entries)
    where = f"at {answering} of {plural(len(entries), 'seam')}" if answering else "nowhere"
    yield from labelled("run time", f"legacy answers {where}; {production}", screen.prose)
    rows = []
    for one in entries:
        last = "-" if one.last is None else f"{one.last:%Y-%m-%d %H:%M:%SZ}, in {one.last_stage}"
        rows.append([f"{INDENT}{one.seam}", str(one.setting), count(one.runs), "", last])
    yield from Table(_ENTRIES, rows).lines(screen)


def prove_screen(proof: Proof, screen: Screen) -> str:
    """The rehearsal, the scenarios, and the verdict of both."""
    lines = [
        *flowed(f"removal of {', '.join(proof.legacy)}   {proof.answer.upper()}", screen.width, INDENT),
        "",
        *_rehearsal(proof.rehearsal, screen),
        "",
        *_alone(proof.alone, ", ".join(proof.legacy), screen),
        "",
        "Nothing in the working tree was changed.",
    ]
    if proof.folder is not None:
        lines += labelled("copy", str(proof.folder / "copy"), screen.width)
    return "\n".join([*lines, f"exit {proof.exit_code}", ""])


def _rehearsal(seen: Rehearsal, screen: Screen) -> Iterator[str]:
    changed = f"{count(seen.deleted)} deleted, {count(seen.patched)} patched; legacy unimportable"
    yield from labelled("copy", f"{plural(seen.copied, 'file')}, {changed}", screen.prose)
    if seen.astray is not None:
        yield from labelled("??", seen.astray, screen.prose)
    elif not seen.checks:
        none = "no check: name the commands that must pass in [migration.removal] check"
        yield from labelled("??", none, screen.prose)
    for ran in seen.checks:
        command = cut(ran.command, min(50 + screen.spare, screen.width - 24))
        yield f"{MARKS[ran.answer]:<12}{command}   {ran.seconds:.0f} s"
        ended = ran.tail[-1].strip("= ") if ran.answer is Answer.PASS and ran.tail else ran.found
        yield f"            {cut(ended, screen.width - MARGIN)}"
        if ran.answer is not Answer.PASS:
            for line in ran.tail[-TAIL_SHOWN_MAX:]:
                yield f"            | {cut(line, screen.width - 14)}"


def _alone(alone: Alone, legacy: str, screen: Screen) -> Iterator[str]:
    refused = f"every call of {legacy} refused: the app itself imports it"
    how = f"{legacy} unimportable" if alone.blocked else refused
    verdicts = ", ".join(f"{number:,} {verdict}" for verdict, number in sorted(alone.verdicts.items()))
    alone_by = "by the candidate alone, beside the recorded answers and effects"
    texts = [
        f"{plural(alone.runs, 'scenario')} {alone_by}",
        verdicts or "none was compared: changeover scenarios record keeps some",
        how,
    ]
    texts += [] if alone.problem is None else [alone.problem]
    yield from listed(MARKS[alone.answer], texts, screen.prose)
    for title, rows in (
        ("legacy was called", alone.called),
        ("differs", alone.differing),
        ("not compared", alone.not_compared),
        ("no scenario of", alone.missing),
    ):
        for row, times in Counter(rows).items():
            often = "" if times == 1 else f" ({times:,} times)"
            lines = wrapped(f"{title}   {row}{often}", screen.prose - MARGIN, INDENT)
            yield from (f"{'':<{MARGIN}}{line}" for line in lines)
