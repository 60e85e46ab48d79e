"""The grammar of places (`result.items[*].price`) as regular expressions, which JSON Schemas can hold."""

from __future__ import annotations

from typing import Annotated

from changeover.models.table import Like

PATH_TEXT_MAX = 1_000
_NAME = r'(?:[^.\[\]{}"*,\\ \t\n\r]+|"(?:\\[\s\S]|[^"\\])*")'
_KEY = rf"(?:\*|{_NAME})"
_ITEM = rf"\[{_KEY}(?:,{_KEY})*\]"
_SEGMENT = rf"(?:\*\*|\*|\{{{_NAME}(?:,{_NAME})*\}}|{_NAME}|{_ITEM})"
_REST = rf"(?:{_ITEM}|\.{_SEGMENT})*"
_HOW = "dotted names, * for one, ** for any number, [*] for an item"


def _path(roots: tuple[str, ...], *, wildcards: bool) -> Like:
    root = "|".join(part for name in roots for part in (name, f'"{name}"'))
    first = rf"{root}|\{{(?:{root})(?:,(?:{root}))*\}}" + (r"|\*\*|\*" if wildcards else "")
    begins = ", ".join((*roots, "*, **") if wildcards else roots)
    return Like(rf"(?:{first}){_REST}", f"a place ({_HOW}) that begins with {begins}", PATH_TEXT_MAX)


RulePath = Annotated[str, _path(("result", "error", "effects"), wildcards=True)]
RedactPath = Annotated[
    str, _path(("arguments", "result", "error", "effects", "reads", "key"), wildcards=True)
]
PlaceOfResult = Annotated[str, _path(("result", "error"), wildcards=False)]
SeamPattern = Annotated[str, Like(r"[\w.*:/-]{1,200}", "a seam's name, * for any part of it")]
