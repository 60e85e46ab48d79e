"""The screens of `changeover legacy`: who still needs the old code, and the proof that it can go."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from changeover.removal.candidate_alone import Alone
from changeover.removal.last_calls import LegacyEntry
from changeover.removal.rehearsal import Proof, Rehearsal
from changeover.removal.scan import StaticScan
from changeover.values.gate_verdict import Answer
from changeover.values.safe_text import visible
from changeover.views.layout import WIDTH, count, cut, plural

FILES_SHOWN_MAX = 40
SAID_SHOWN_MAX = 12
_MARKS = {Answer.PASS: "ok", Answer.FAIL: "!!", Answer.INCONCLUSIVE: "??"}


def scan_screen(
    legacy: Sequence[str], static: StaticScan, entries: Sequence[LegacyEntry], production: str
) -> str:
    """What was looked at, who needs legacy, what that does not show, and what to do next."""
    lines = [
        f"{', '.join(legacy)}   {plural(static.gone, 'module')} to be removed, "
        f"{plural(static.looked_at, 'file')} that stay",
        "",
        *_static(static),
        "",
        *_run_time(entries, production),
        "",
        "Not shown   calls through objects and through names that are made at run time",
    ]
    if static.unread:
        lines.append(f"            {plural(len(static.unread), 'file')} that could not be read as Python")
    answering = dict.fromkeys(entry.phase for entry in entries if entry.answers)
    if static.open_files:
        does = "mend these files, in the code or in the patch of [migration.removal]"
    elif answering:
        does = f"changeover gate {next(iter(answering))}"
    else:
        does = "changeover legacy prove"
    return "\n".join([*lines, "", f"next        {does}", ""])


def _static(static: StaticScan) -> Iterator[str]:
    mended = set(static.mended)
    if not static.importers and not static.uses:
        yield "code        nobody imports or calls it, beside what is deleted with it"
        return
    number = len(static.open_files)
    verdict = f"{plural(number, 'file')} would break" if number else "nothing would break"
    helped = sorted(static.needing & mended)
    yield f"code        {verdict}" + (f"; the patch changes {', '.join(helped)}" if helped else "")
    rows = sorted({(one.file, one.line, one.how, one.name) for one in static.uses})
    told = {(one.file, one.line) for one in static.uses}
    rows += [
        (one.file, one.line, "imports", one.imported)
        for one in static.importers
        if (one.file, one.line) not in told
    ]
    rows = [row for row in rows if row[0] not in mended]
    for file, line, how, name in rows[:FILES_SHOWN_MAX]:
        place, used = cut(visible(f"{file}:{line}"), 42), cut(visible(name), 32)
        yield f"            {place:<43}{how:<13}{used}"
    if len(rows) > FILES_SHOWN_MAX:
        yield f"            and {len(rows) - FILES_SHOWN_MAX:,} more: --format json"


def _run_time(entries: Sequence[LegacyEntry], production: str) -> Iterator[str]:
    answering = sum(entry.answers for entry in entries)
    verdict = (
        f"legacy answers at {answering} of {plural(len(entries), 'seam')}"
        if answering
        else ("legacy answers nowhere")
    )
    yield f"run time    {verdict}; {production}"
    yield f"    {'seam':<33}{'stage':<12}{'legacy answered':>15}   last"
    for entry in entries:
        last = "-" if entry.last is None else f"{entry.last:%Y-%m-%d %H:%M:%SZ}, in {entry.last_stage}"
        yield f"    {cut(entry.seam, 32):<33}{entry.setting!s:<12}{count(entry.runs):>15}   {last}"


def prove_screen(proof: Proof) -> str:
    """The rehearsal, the scenarios, and the verdict of both."""
    lines = [
        f"removal of {', '.join(proof.legacy)}   {proof.answer.upper()}",
        "",
        *_rehearsal(proof.rehearsal),
        "",
        *_alone(proof.alone, ", ".join(proof.legacy)),
        "",
        "Nothing in the working tree was changed.",
    ]
    if proof.folder is not None:
        lines.append(f"copy        {proof.folder / 'copy'}")
    return "\n".join([*lines, f"exit {proof.exit_code}", ""])


def _rehearsal(seen: Rehearsal) -> Iterator[str]:
    yield (
        f"copy        {plural(seen.copied, 'file')}, {count(seen.deleted)} deleted, "
        f"{count(seen.patched)} patched; legacy unimportable"
    )
    if seen.astray is not None:
        yield f"??          {visible(seen.astray)}"
    elif not seen.checks:
        yield "??          no check: name the commands that must pass in [migration.removal] check"
    for ran in seen.checks:
        yield f"{_MARKS[ran.answer]:<12}{cut(visible(ran.command), 50)}   {ran.seconds:.0f} s"
        ended = ran.tail[-1].strip("= ") if ran.answer is Answer.PASS and ran.tail else ran.found
        yield f"            {cut(visible(ended), WIDTH - 12)}"
        if ran.answer is not Answer.PASS:
            for line in ran.tail[-SAID_SHOWN_MAX:]:
                yield f"            | {cut(visible(line), WIDTH - 14)}"


def _alone(alone: Alone, legacy: str) -> Iterator[str]:
    how = (
        f"{legacy} unimportable"
        if alone.blocked
        else (f"every call of {legacy} refused: the app itself imports it")
    )
    verdicts = ", ".join(f"{number:,} {verdict}" for verdict, number in sorted(alone.verdicts.items()))
    yield (
        f"{_MARKS[alone.answer]:<12}{plural(alone.runs, 'scenario')} by the candidate alone, beside the "
        f"recorded answers and effects"
    )
    yield f"            {verdicts or 'none was compared'}"
    yield f"            {how}"
    if alone.problem is not None:
        yield f"            {visible(alone.problem)}"
    for title, rows in (
        ("legacy was called", alone.called),
        ("differs", alone.differing),
        ("not compared", alone.not_compared),
        ("no scenario of", alone.missing),
    ):
        for row in rows:
            yield f"            {title}   {cut(visible(row), WIDTH - 15 - len(title))}"
