"""What `changeover init` wrote, what it found, and what to type next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from changeover.views.layout import Screen, wrapped

_SAID = {"new": ("wrote", "would write"), "added to": ("added to", "would add to"), "kept": ("kept", "kept")}
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
        lines += wrapped(f"    {one}", screen.prose, "    ")
    return "\n".join(lines) + "\n"
