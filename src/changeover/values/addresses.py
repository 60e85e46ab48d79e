"""Texts with the address of an object in them: where that lies is chance, in every process and every replay.

What Python writes for an object without a text of its own, `<shop.Order object at 0x7f8f9ab61d50>`, gets into
messages, names and keys. Its address tells nothing but whether it is the object that stood there before.
"""

from __future__ import annotations

import re

_MARK = " at 0x"
_ADDRESS = re.compile(r"(?<= at )0x[0-9a-fA-F]{9,16}(?=[ >])")
"""As in `<Order object at 0x7f8f9ab61d50>`: more digits than a number of 32 bits has."""


def without_addresses(text: str) -> str:
    """The text with a number for each address, in the order of the text; itself where there is none."""
    if _MARK not in text:
        return text
    numbers: dict[str, str] = {}
    return _ADDRESS.sub(lambda found: numbers.setdefault(found[0], f"#{len(numbers) + 1}"), text)


def same_text(one: str, other: str) -> bool:
    """Whether two texts are the same but for where objects lie."""
    return one == other or (_MARK in one and without_addresses(one) == without_addresses(other))
