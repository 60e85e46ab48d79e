"""A comparison as Markdown: which seams differ, and for every cluster place, both values and both lines.

It goes into a comment of a pull request, which has a largest size. Values are cut shorter, and lines are no
links, until every cluster finds room; where that is not enough the last ones are counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from changeover.evidence.tallies import total_of
from changeover.values.gate_verdict import Answer
from changeover.values.safe_text import markdown_code, markdown_text
from changeover.values.source_line import split_line
from changeover.views.ci.findings import UNSAFE, Finding, Findings, Unanswered
from changeover.views.ci.repository import NO_REPOSITORY, Repository
from changeover.views.layout import plural
from changeover.views.rows import digits
from changeover.views.text.compare import what_is_not_shown
from changeover.views.text.differences import place_text
from changeover.views.text.gate import MARKS, WORDS

MARKDOWN_MAX = 65_000
"""Characters: GitHub takes 65,536 of a comment, and whoever posts it adds a line."""
_SIZES = ((300, True), (100, True), (40, True), (40, False), (16, False))
"""How long values are, and whether lines are links, from what is wanted to what is better than nothing."""
_ROW_MIN = 80
"""Characters that no row is shorter than."""
_HEADS = 500
"""Of the tables, and the lines that say how much is left out."""
_MIN_ROOM = 2_000
_SEAMS_SHOWN_MAX, _SENTENCES_SHOWN_MAX, _REASONS_SHOWN_MAX = 50, 10, 20
_TEXT_MAX = 300


def compare_markdown(
    comparisons: Sequence[Findings], repository: Repository = NO_REPOSITORY, room: int = MARKDOWN_MAX
) -> str:
    """A section for each comparison, in so many characters together; every value is escaped."""
    parts: list[str] = []
    for number, found in enumerate(comparisons):
        share = (room - sum(map(len, parts))) // (len(comparisons) - number)
        parts.append(_section(found, repository, share))
    return "\n".join(parts)


def _section(found: Findings, repository: Repository, room: int) -> str:
    around = "\n".join(_head(found)), "\n".join(_tail(found))
    left = max(_MIN_ROOM, room - sum(map(len, around)) - _HEADS)
    pages = {True: repository, False: replace(repository, pages=None)}
    rows = _fitting(found.open, lambda one, width, linked: _row(found, one, pages[linked], width), left)
    differs = _table("What differs", ("", "where", "legacy", "candidate", "runs"), rows, len(found.open))
    if len(rows) < len(found.open):
        more = plural(len(found.open) - len(rows), "cluster")
        differs += f"\nAnd {more} more: {markdown_code(found.command)}\n"
    reasons = [one for seam in found.seams for one in seam.unanswered]
    left = max(_MIN_ROOM, left - len(differs))
    lines = _fitting(
        reasons[:_REASONS_SHOWN_MAX],
        lambda one, width, linked: _reason_row(found, one, pages[linked], width),
        left,
    )
    missed = _table("Not compared", ("", "why", "legacy", "candidate", "runs"), lines, len(reasons))
    if len(lines) < len(reasons):
        missed += (
            f"\nAnd for {plural(len(reasons) - len(lines), 'reason')} more: {markdown_code(found.command)}\n"
        )
    return "\n".join(part for part in (around[0], differs, missed, around[1]) if part)


def _fitting(
    found: Sequence[Finding] | Sequence[Unanswered], row: Callable[..., str], room: int
) -> list[str]:
    """As many rows as fit, with values as long as all of them can have."""
    rows: list[str] = []
    for width, linked in _SIZES if len(found) * _ROW_MIN <= room else _SIZES[-1:]:
        rows = [row(one, width, linked) for one in found]
        if sum(map(len, rows)) + len(rows) <= room:
            return rows
    kept, used = [], 0
    for text in rows:
        used += len(text) + 1
        if used > room:
            break
        kept.append(text)
    return kept


def _table(title: str, columns: Sequence[str], rows: Sequence[str], number: int) -> str:
    if not number:
        return ""
    head = f"| {' | '.join(columns)} |\n|{'---|' * (len(columns) - 1)}--:|"
    return "\n".join([f"#### {title}\n", head, *rows, ""])


def _row(found: Findings, one: Finding, repository: Repository, width: int) -> str:
    name = one.cluster.fingerprint
    state = "**UNSAFE**<br>" if one.state == UNSAFE else ""
    where = f"{_cell(name.seam, width)}<br>{_cell(place_text(name.place), max(width, 60))}"
    legacy, candidate = one.values(width)
    cells = (
        f"{state}`{one.cluster.id}`",
        where,
        _value(found, legacy, one.lines.legacy, repository),
        _value(found, candidate, one.lines.candidate, repository),
        one.share,
    )
    return f"| {' | '.join(cells)} |"


def _reason_row(found: Findings, one: Unanswered, repository: Repository, width: int) -> str:
    legacy, candidate = one.questions(width)
    cells = (
        MARKS[Answer.INCONCLUSIVE],
        f"{_cell(one.reason.seam, width)}<br>{_cell(one.what, max(width, 60))}",
        _value(found, legacy, one.lines.legacy, repository),
        _value(found, candidate, one.lines.candidate, repository),
        f"{one.reason.runs:,}",
    )
    return f"| {' | '.join(cells)} |"


def _cell(text: str, width: int) -> str:
    return markdown_text(text if len(text) <= width else f"{text[: width - 1]}…")


def _value(found: Findings, value: str, line: str | None, repository: Repository) -> str:
    shown = markdown_text(value)
    if line is None:
        return shown
    if split_line(line)[0] not in found.info.files.values():
        return f"{shown}<br>{markdown_text(line)}"
    path, page = repository.path(line), repository.page(line)
    if page is None:
        return f"{shown}<br>{markdown_text(path)}"
    near = "/".join(path.split("/")[-2:])  # the link has the rest, and the values keep their room
    return f"{shown}<br>[{markdown_text(near)}]({page})"


def _head(found: Findings) -> Iterator[str]:
    info, corpus = found.info, found.corpus
    total = total_of(seam.tally for seam in found.seams)
    yield f"### {markdown_text(info.source)}: {WORDS[found.answer]}\n"
    counts = {
        "match": total.match,
        "tolerated": total.tolerated,
        "waived": total.waived,
        "diverged": total.diverged,
        "not compared": total.not_compared,
    }
    listed = ", ".join(f"{number:,} {word}" for word, number in counts.items() if number)
    unsafe = f", {total.unsafe:,} of them **UNSAFE**" if total.unsafe else ""
    yield f"{plural(corpus.cases, 'case')}, {plural(total.runs, 'run')}: {listed or 'none'}{unsafe}.\n"
    yield from (
        f"- {MARKS[Answer.INCONCLUSIVE]} {_cell(one, _TEXT_MAX)}"
        for one in found.problems[:_SENTENCES_SHOWN_MAX]
    )
    if len(found.problems) > _SENTENCES_SHOWN_MAX:
        yield f"- and {len(found.problems) - _SENTENCES_SHOWN_MAX:,} more"
    if found.problems:
        yield ""
    yield from _seams(found)


def _seams(found: Findings) -> Iterator[str]:
    """The seams that do not pass, worst first, and how many do."""
    worst_first = sorted(found.seams, key=lambda seam: list(Answer).index(seam.answer), reverse=True)
    bad = [seam for seam in worst_first if seam.answer is not Answer.PASS]
    if bad:
        yield "| | seam | |"
        yield "|---|---|---|"
    for seam in bad[:_SEAMS_SHOWN_MAX]:
        name = _cell(seam.tally.seam, _TEXT_MAX)
        yield f"| {MARKS[seam.answer]} | {name} | {_cell(seam.why, _TEXT_MAX)} |"
    if bad:
        yield ""
    if len(bad) > _SEAMS_SHOWN_MAX:
        yield f"And {plural(len(bad) - _SEAMS_SHOWN_MAX, 'seam')} more that did not pass.\n"
    passed = len(found.seams) - len(bad)
    if passed:
        yield f"{plural(passed, 'seam')} passed.\n"


def _tail(found: Findings) -> Iterator[str]:
    corpus, info = found.corpus, found.info
    if found.waived:
        named = ", ".join(one.cluster.id for one in found.waived[:_SENTENCES_SHOWN_MAX])
        yield f"Waived for now: {named}{'' if len(found.waived) <= _SENTENCES_SHOWN_MAX else ' and more'}.\n"
    sentences = what_is_not_shown(corpus, info)
    for sentence in sentences[:_SENTENCES_SHOWN_MAX]:
        yield f"- Not shown: {_cell(sentence, 2 * _TEXT_MAX)}"
    if sentences:
        yield ""
    yield f"{markdown_text(digits(info.code, info.rules))}\n"
