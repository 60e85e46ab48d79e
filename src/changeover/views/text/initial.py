"""What `changeover init` wrote, what it found, and what to type next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from changeover.values.safe_text import columns_of
from changeover.views.layout import Screen, labelled, wrapped

_SAID = {"new": ("wrote", "would write"), "added to": ("added to", "would add to"), "kept": ("kept", "kept")}
_INDENT = "    "
FileLine = tuple[str, str, str]
"""The path of a file, what became of it, and what was added."""


def initial_screen(
    files: Iterable[FileLine],
    libraries: Mapping[str, str],
    uncovered: Mapping[str, str],
    following: Sequence[str],
    dry_run: bool,
    screen: Screen,
) -> str:
    """The files first, then what is covered of the libraries that the program uses, and what is not."""
    said = [(_SAID[state][dry_run], path, what) for path, state, what in files]
    width = max(len(word) for word, _, _ in said)
    lines: list[str] = []
    for word, path, what in said:
        lines += wrapped(
            f"{word:<{width}}   {path}{f'   {what}' if what else ''}", screen.prose, " " * (width + 3)
        )
    if libraries:
        lines += ["", "covered by a pack (changeover docs packs)"]
        lines += [f"    {name:<12} {place}" for name, place in libraries.items()]
    if uncovered:
        lines += ["", "covered by no pack: give it a port (changeover docs packs, what has no pack)"]
        lines += [f"    {name:<12} {place}" for name, place in uncovered.items()]
    lines += ["", "next"]
    for one in following:
        lines += _step(one, screen.prose)
    return "\n".join(lines) + "\n"


def _step(step: str, width: int) -> list[str]:
    """What to do, and beside it what that is for, where both do not go into one line."""
    command, gap, what = step.partition("   ")
    if not gap or columns_of(step) <= width - 2 * len(_INDENT):
        return [_INDENT + line for line in wrapped(step, width - len(_INDENT), _INDENT)]
    return labelled(_INDENT + command, what.strip(), width, len(_INDENT) + len(step) - len(what.lstrip()))
