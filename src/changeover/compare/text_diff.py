"""How one text became another: lines that stay, go and come, and in a line that changed the words that did.

`SELL 18 SPY` and `SELL 312 SPY` are one changed line, in which `18` became `312`. Views draw it; nothing here
says how. A diff explains and does not judge.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Any

from changeover.quick_dataclass import dataclass
from changeover.values.observation import Side

CHARACTERS_LOOKED_AT_MAX = 20_000
"""Of each text; what lies beyond is said to be left out."""
LINES_SHOWN_MAX = 60
WORDS_COMPARED_MAX = 400
LINES_COMPARED_MAX = 1_000
LONG_TEXT = 44
"""Texts of one line that are shorter are read at a glance."""
SAME_SHOWN_MAX = 120
"""Characters of a stretch that is alike, within a line; of a longer one both ends are shown."""
AROUND = 2
_WORD = re.compile(r"\w+|\s+|[^\w\s]")
_ALIKE_ENOUGH = 0.3


@dataclass(frozen=True, slots=True)
class TextPart:
    """A stretch of one line; `left_out` characters of it, all alike, are not in its text."""

    text: str
    differs: bool = False
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class DiffLine:
    """One line; `side` is whose it is, None for one that both have. `skipped` lines before it are alike."""

    side: Side | None
    parts: tuple[TextPart, ...]
    skipped: int = 0

    @property
    def text(self) -> str:
        """The whole line, with an ellipsis where something that is alike was left out."""
        return "".join(part.text for part in self.parts)


@dataclass(frozen=True, slots=True)
class TextDiff:
    """Legacy's lines before the candidate's wherever both changed.

    `skipped` lines at the end are alike; `left_out` counts lines beyond the limit, `is_cut` says that one of
    the texts is longer than what was looked at.
    """

    lines: tuple[DiffLine, ...]
    skipped: int = 0
    left_out: int = 0
    is_cut: bool = False


def is_worth_a_diff(legacy: Any, candidate: Any) -> bool:
    """Whether both are texts, different, and too long to be read beside each other."""
    if type(legacy) is not str or type(candidate) is not str or legacy == candidate:
        return False
    return max(len(legacy), len(candidate)) > LONG_TEXT or "\n" in f"{legacy}{candidate}".strip()


def text_diff(legacy: Any, candidate: Any, *, lines_max: int = LINES_SHOWN_MAX) -> TextDiff | None:
    """The diff of two long texts; None for any other values, and for short texts.

    Args:
        legacy: what legacy has, as it is or as a store kept it.
        candidate: what the candidate has.
        lines_max: how many lines are wanted at most; what is left out is counted.
    """
    if not is_worth_a_diff(legacy, candidate):
        return None
    ours, theirs = (text[:CHARACTERS_LOOKED_AT_MAX].splitlines() for text in (legacy, candidate))
    if ours == theirs:  # they differ in their line ends, or in the last one alone
        ours, theirs = (
            text[:CHARACTERS_LOOKED_AT_MAX].splitlines(keepends=True) for text in (legacy, candidate)
        )
    found = list(_lines(ours, theirs))
    skipped = 0
    if found and found[-1].side is None and not found[-1].parts:
        skipped = found.pop().skipped
    is_cut = max(len(legacy), len(candidate)) > CHARACTERS_LOOKED_AT_MAX
    return TextDiff(tuple(found[:lines_max]), skipped, max(0, len(found) - lines_max), is_cut)


def _lines(legacy: Sequence[str], candidate: Sequence[str]) -> Iterator[DiffLine]:
    """The lines around each change; the last one may have nothing but the number of those after it."""
    skipped = 0
    steps = _steps(legacy, candidate, LINES_COMPARED_MAX)
    for number, (is_same, start, end, other, until) in enumerate(steps):
        if not is_same:
            for line in _changed(legacy[start:end], candidate[other:until]):
                yield DiffLine(line.side, line.parts, skipped)
                skipped = 0
            continue
        before = 0 if number == 0 else min(AROUND, end - start)
        after = 0 if number == len(steps) - 1 else min(AROUND, end - start - before)
        for at in range(start, start + before):
            yield DiffLine(None, (TextPart(legacy[at]),), skipped)
            skipped = 0
        skipped += end - start - before - after
        for at in range(end - after, end):
            yield DiffLine(None, (TextPart(legacy[at]),), skipped)
            skipped = 0
    if skipped:
        yield DiffLine(None, (), skipped)


_Step = tuple[bool, int, int, int, int]
"""Whether it is alike; its part of legacy's, its part of the candidate's."""


def _steps(legacy: Sequence[str], candidate: Sequence[str], most: int) -> list[_Step]:
    """What both begin and end with is alike; between it `most` are compared, beyond that all differs."""
    shorter = min(len(legacy), len(candidate))
    begin = next((at for at in range(shorter) if legacy[at] != candidate[at]), shorter)
    end = next(
        (at for at in range(shorter - begin) if legacy[-1 - at] != candidate[-1 - at]), shorter - begin
    )
    ours, theirs = legacy[begin : len(legacy) - end], candidate[begin : len(candidate) - end]
    found: list[_Step] = [(True, 0, begin, 0, begin)] if begin else []
    if max(len(ours), len(theirs)) <= most:
        opcodes = SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes()
        found += [
            (kind == "equal", begin + a, begin + b, begin + c, begin + d) for kind, a, b, c, d in opcodes
        ]
    else:
        found.append((False, begin, begin + len(ours), begin, begin + len(theirs)))
    if end:
        found.append((True, len(legacy) - end, len(legacy), len(candidate) - end, len(candidate)))
    return found


def _changed(legacy: Sequence[str], candidate: Sequence[str]) -> Iterator[DiffLine]:
    """Lines that went, then lines that came; those that are much alike show which words changed."""
    sides: tuple[list[DiffLine], list[DiffLine]] = ([], [])
    for ours, theirs in zip_longest(legacy, candidate):
        is_alone = ours is None or theirs is None
        parts = (_whole(ours), _whole(theirs)) if is_alone else parts_of_line(ours, theirs)
        if ours is not None:
            sides[0].append(DiffLine(Side.LEGACY, parts[0]))
        if theirs is not None:
            sides[1].append(DiffLine(Side.CANDIDATE, parts[1]))
    yield from (*sides[0], *sides[1])


def _whole(line: str | None) -> tuple[TextPart, ...]:
    return () if line is None else (TextPart(line, differs=True),)


def parts_of_line(legacy: str, candidate: str) -> tuple[tuple[TextPart, ...], tuple[TextPart, ...]]:
    """Both lines in words: `18` and `312` are not said to share a digit. Whole where little is alike."""
    ours, theirs = _WORD.findall(legacy), _WORD.findall(candidate)
    steps = _steps(ours, theirs, WORDS_COMPARED_MAX)
    alike = sum(len("".join(ours[a:b])) for is_same, a, b, _, _ in steps if is_same)
    if alike < _ALIKE_ENOUGH * max(len(legacy), len(candidate)):
        return _whole(legacy), _whole(candidate)
    sides: tuple[list[TextPart], list[TextPart]] = ([], [])
    for number, (is_same, a, b, c, d) in enumerate(steps):
        is_end = number in (0, len(steps) - 1)
        for parts, text in zip(sides, ("".join(ours[a:b]), "".join(theirs[c:d])), strict=True):
            if text:
                parts.append(_same(text, number == 0, is_end) if is_same else TextPart(text, differs=True))
    return tuple(sides[0]), tuple(sides[1])


def _same(text: str, is_first: bool, is_end: bool) -> TextPart:
    """A long stretch is cut, at the ends of a line on the side that is far from the change."""
    if len(text) <= SAME_SHOWN_MAX:
        return TextPart(text)
    room = SAME_SHOWN_MAX // 2
    left_out = len(text) - (room if is_end else 2 * room)
    if is_first:
        return TextPart(f"…{text[-room:]}", left_out=left_out)
    if is_end:
        return TextPart(f"{text[:room]}…", left_out=left_out)
    return TextPart(f"{text[:room]}…{text[-room:]}", left_out=left_out)
