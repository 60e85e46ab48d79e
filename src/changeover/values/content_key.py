"""Values as keys: a hashable form to look them up by, a digest, and whether two have the same content."""

from __future__ import annotations

from hashlib import sha256
from types import FunctionType
from typing import Any

from changeover.values.addresses import without_addresses
from changeover.values.digest_text import digest_text
from changeover.values.equality import identical
from changeover.values.form import Tokens, leaves, open_value
from changeover.values.own_state import class_name
from changeover.values.place import render
from changeover.values.reading import Shape

DIGEST_VERSION = 2
"""Of what digests are made of: those of another version name other inputs and say nothing about today's."""


def frozen(value: Any, *, is_read: bool = True) -> Any:
    """The key of a question: equal where comparison finds no difference, and in a few more cases.

    Functions that a path made are one key where code and what they hold are the same, and what cannot be read
    where it is the very same object; without `is_read` either is known by its type alone.

    Moments are one key where they are one instant, a value of a derived class without attributes is one of
    its base, a number of numpy one of Python. An object of another class is another question. Raises
    NotComparable for what is too large.
    """
    if type(value) is str:
        return without_addresses(value)
    if type(value) is int:
        return value
    return Tokens(question=True, by_name=not is_read).of(value)


def unread_in(key: Any) -> str:
    """What stands in a key that nobody can read: "a function for it", or the type and place of a part."""
    for place, leaf in leaves(key):
        if type(leaf) is FunctionType:
            return "a function for it"
        if open_value(leaf)[0] is Shape.UNREADABLE:
            name = class_name(type(leaf))
            return f"{f'`{render(place)}` ({name})' if place else name} for it, which cannot be read"
    return "a part of it that cannot be read"


def same_content(one: Any, other: Any) -> bool:
    """Whether two values have the same types and contents; NaN equals NaN, identity does not matter.

    Raises NotComparable where they are too large.
    """
    return one is other or identical(one, other)


def text_digest(value: Any) -> str:
    """The digest of how a value prints itself: for large answers whose classes print their contents."""
    return sha256(repr(value).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def digest(value: Any) -> str:
    """Sixteen hexadecimal digits that equal values share, in every process."""
    text = f"{DIGEST_VERSION} {digest_text(value)}"
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
