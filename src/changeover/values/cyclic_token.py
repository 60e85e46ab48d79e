"""Tokens of values that contain themselves, and of parts that stand in more than one place.

Two values that contain themselves are the same if no path into them tells them apart. Their parts are sorted
into classes that get finer round by round, as automata are made minimal, until a round makes no new class.
The classes that are there then, each with what it leads to, are the token of the whole.
"""

from __future__ import annotations

from collections.abc import Hashable
from hashlib import blake2b

Label = str
Edges = list[tuple[str, "int | str"]]
Node = tuple[Label, Edges, bool]
"""What a part is, where it leads to (another part, or a leaf as text), and whether that has an order."""


class SharedToken:
    """The token of a part that was met before: its hash is worked out once, equality at most once a pair."""

    __slots__ = ("hashed", "token")

    def __init__(self, token: Hashable) -> None:
        self.token = token
        self.hashed = hash(token)

    def __hash__(self) -> int:
        return self.hashed

    def __eq__(self, other: object) -> bool:
        if type(other) is SharedToken:
            if self.token is other.token:
                return True
            if self.hashed != other.hashed or self.token != other.token:
                return False
            other.token = self.token
            return True
        return bool(self.token == other)


def minimal_token(nodes: dict[int, Node], root: int) -> Hashable:
    """The token of a value whose parts lead back to themselves; equal where no path tells two apart."""
    colours = {at: _digest(label) for at, (label, _, _) in nodes.items()}
    count = len(set(colours.values()))
    while True:
        finer = {at: _digest(colours[at], *_around(node, colours)) for at, node in nodes.items()}
        classes = len(set(finer.values()))
        if classes == count:
            return ("cyclic", colours[root], frozenset(finer.values()))
        colours, count = finer, classes


def _around(node: Node, colours: dict[int, str]) -> list[str]:
    _, edges, is_ordered = node
    led = [f"{name}={to if type(to) is str else colours[to]}" for name, to in edges]  # type: ignore[index]
    return led if is_ordered else sorted(led)


def _digest(*texts: str) -> str:
    digest = blake2b(digest_size=16)
    for text in texts:
        digest.update(f"{len(text)}:{text}".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
