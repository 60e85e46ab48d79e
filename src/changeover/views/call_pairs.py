"""The calls of both paths side by side: both orders kept, calls that are the same beside one another."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from difflib import SequenceMatcher
from typing import TypeVar

Call = TypeVar("Call")


def pair_calls(
    legacy: Sequence[Call], candidate: Sequence[Call], identity: Callable[[Call], str]
) -> Iterator[tuple[Call | None, Call | None]]:
    """Pairs of calls of one identity; a call that only one side has stands alone."""
    ours, theirs = list(map(identity, legacy)), list(map(identity, candidate))
    for kind, start, end, other, until in SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes():
        if kind == "equal":
            yield from zip(legacy[start:end], candidate[other:until], strict=True)
        else:
            yield from ((call, None) for call in legacy[start:end])
            yield from ((None, call) for call in candidate[other:until])
