"""Patterns of places, as rules are written: dotted segments, anchored at both ends.

name  "odd.name"  {a,b}     a name; an odd one in quotes; one of several
*  [*]                      any one name; any one item
[3]  [SPY,SELL]  [*,SELL]   the item with this index; the row with this key, part by part
**                          any number of segments, none included
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import lru_cache

from changeover.quick_dataclass import dataclass
from changeover.values.place import RowKey, Segment

PATH_TEXT_MAX = 1_000
ROOTS = ("result", "error", "effects", "events", "arguments", "self", "answers")

_SPECIAL = frozenset('.[]{}"*,\\') | frozenset(" \t\n\r")


class PathError(ValueError):
    """A path that cannot be read; says where, and what is allowed there."""


@dataclass(frozen=True, slots=True)
class NameIs:
    """One name: one of these, or any where `names` is None."""

    names: frozenset[str] | None

    def fits(self, segment: Segment) -> bool:
        """Whether the segment is such a name."""
        if isinstance(segment, (int, RowKey)):
            return False
        return self.names is None or str(segment) in self.names

    def meets(self, other: PathPart) -> bool:
        """Whether some segment fits both."""
        if not isinstance(other, NameIs):
            return False
        return self.names is None or other.names is None or bool(self.names & other.names)


@dataclass(frozen=True, slots=True)
class ItemIs:
    """One item: with this index or these key parts (None: any part), or any where `parts` is None."""

    parts: tuple[str | None, ...] | None

    def fits(self, segment: Segment) -> bool:
        """Whether the segment is such an item."""
        if not isinstance(segment, (int, RowKey)):
            return False
        return self.meets(ItemIs(segment.parts if isinstance(segment, RowKey) else (str(segment),)))

    def meets(self, other: PathPart) -> bool:
        """Whether some segment fits both."""
        if not isinstance(other, ItemIs):
            return False
        if self.parts is None or other.parts is None:
            return True
        return len(self.parts) == len(other.parts) and all(
            a is None or b is None or a == b for a, b in zip(self.parts, other.parts, strict=True)
        )


@dataclass(frozen=True, slots=True)
class Anything:
    """Any number of segments."""


PathPart = NameIs | ItemIs | Anything
Specificity = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class PathPattern:
    """A parsed path. `text` is what was written."""

    text: str
    parts: tuple[PathPart, ...]

    @property
    def specificity(self) -> Specificity:
        """Larger is more specific: exact segments, then alternatives, single wildcards, then few `**`."""
        exact = partly = single = anything = 0
        for part in self.parts:
            if isinstance(part, Anything):
                anything += 1
            elif isinstance(part, NameIs):
                exact += part.names is not None and len(part.names) == 1
                partly += part.names is not None and len(part.names) > 1
                single += part.names is None
            else:
                exact += part.parts is not None and None not in part.parts
                partly += part.parts is not None and None in part.parts
                single += part.parts is None
        return exact, partly, single, -anything

    def overlaps(self, other: PathPattern) -> bool:
        """Whether there is a place that both match."""
        left, right = self.parts, other.parts
        reachable = {(0, 0)}
        seen: set[tuple[int, int]] = set()
        while reachable:
            i, j = reachable.pop()
            if (i, j) in seen:
                continue
            seen.add((i, j))
            if i == len(left) and j == len(right):
                return True
            a = left[i] if i < len(left) else None
            b = right[j] if j < len(right) else None
            if isinstance(a, Anything):
                reachable |= {(i + 1, j)} | ({(i, j + 1)} if b is not None else set())
            if isinstance(b, Anything):
                reachable |= {(i, j + 1)} | ({(i + 1, j)} if a is not None else set())
            if isinstance(a, (NameIs, ItemIs)) and isinstance(b, (NameIs, ItemIs)) and a.meets(b):
                reachable.add((i + 1, j + 1))
        return False


def parse_path(text: str, roots: Collection[str] | None = ROOTS) -> PathPattern:
    """The pattern that the text describes, from one of the roots (None: from any); raises `PathError`."""
    if len(text) > PATH_TEXT_MAX:
        raise PathError(f"path has {len(text):,} characters, allowed: {PATH_TEXT_MAX:,}")
    parts = tuple(_Reader(text).parts())
    root = parts[0]
    if roots is not None and (
        isinstance(root, ItemIs)
        or (isinstance(root, NameIs) and root.names is not None and not root.names <= set(roots))
    ):
        raise PathError(f'path "{text}" matches nothing: allowed at its start: {", ".join(roots)}, *, **')
    return PathPattern(text, parts)


class _Reader:
    """Reads one path from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def parts(self) -> Iterator[PathPart]:
        yield self.segment()
        while self.at < len(self.text):
            if self.peek() == "[":
                yield self.item()
            else:
                self.expect(".", "a dot or [ between segments")
                yield self.segment()

    def segment(self) -> PathPart:
        if self.peek() == "[":
            return self.item()
        if self.text.startswith("**", self.at):
            self.at += 2
            return Anything()
        if self.peek() == "*":
            self.at += 1
            return NameIs(None)
        if self.peek() == "{":
            self.at += 1
            names = [self.name()]
            while self.peek() == ",":
                self.at += 1
                names.append(self.name())
            self.expect("}", "} after the alternatives")
            return NameIs(frozenset(names))
        return NameIs(frozenset({self.name()}))

    def item(self) -> PathPart:
        self.expect("[", "[")
        parts = [self.key_part()]
        while self.peek() == ",":
            self.at += 1
            parts.append(self.key_part())
        self.expect("]", "] after an item")
        return ItemIs(None if parts == [None] else tuple(parts))

    def key_part(self) -> str | None:
        if self.peek() == "*":
            self.at += 1
            return None
        return self.name()

    def name(self) -> str:
        if self.peek() == '"':
            return self.quoted_name()
        start = self.at
        while self.at < len(self.text) and self.text[self.at] not in _SPECIAL:
            self.at += 1
        if self.at == start:
            raise self.error("a name (an odd one in quotes)")
        return self.text[start : self.at]

    def quoted_name(self) -> str:
        self.at += 1
        letters: list[str] = []
        while self.peek() not in ('"', ""):
            if self.peek() == "\\":
                self.at += 1
                letters.append({"n": "\n", "r": "\r"}.get(self.peek(), self.peek()))
            else:
                letters.append(self.peek())
            self.at += 1
        self.expect('"', "a closing quote")
        return "".join(letters)

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def expect(self, character: str, allowed: str) -> None:
        if self.peek() != character:
            raise self.error(allowed)
        self.at += 1

    def error(self, allowed: str) -> PathError:
        found = f'"{self.peek()}"' if self.peek() else "its end"
        return PathError(f'path "{self.text}", character {self.at + 1}: found {found}, allowed: {allowed}')


EFFECTS, EVENTS, RESULT = "effects", "events", "result"
_SEGMENT = re.compile(r'(?:"(?:[^"\\]|\\.)*"|\[(?:"(?:[^"\\]|\\.)*"|[^\]"])*\]|[^."\[])+')
_KEYED = re.compile(r'\[(?:"(?:[^"\\]|\\.)*"|[^\]"])*\]')


@lru_cache(maxsize=4_096)
def segments(place: str) -> tuple[str, ...]:
    """The names of a place from its root on; a key in brackets stays with the name before it."""
    return tuple(_SEGMENT.findall(place)) or (place,)


def is_effect(place: str) -> bool:
    """Whether it lies in what a path did to the world."""
    return segments(place)[0] == EFFECTS


def method_at(place: str) -> str:
    """Port and method of the effect at a place (`broker.submit_order`), empty for a place of no effect."""
    names = segments(place)
    return ".".join(map(without_items, names[1:3])) if names[0] == EFFECTS else ""


def event_at(place: str) -> str:
    """Bus and type of the event at a place (`orders.OrderPlaced`), empty for a place of no event."""
    names = segments(place)
    return ".".join(map(without_items, names[1:3])) if names[0] == EVENTS else ""


def below_method(place: str) -> tuple[str, ...]:
    """The names below the method of an effect, those below the root for another place."""
    return segments(place)[3 if is_effect(place) else 1 :]


def below_root(place: str) -> str:
    """The place without `effects` or `result` in front."""
    root, *names = segments(place)
    return ".".join(names) if names and root in (EFFECTS, RESULT) else place


def without_items(name: str) -> str:
    """A name without the items it stands for: `items[*]` is `items`."""
    return _KEYED.split(name, maxsplit=1)[0]
