"""The filter of the clusters: choices that need no script, and the style that obeys them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from changeover.quick_dataclass import dataclass
from changeover.views.html.differences import Place

CLUSTERS_MIN = 4
"""Of fewer all are seen at once."""
SEAMS_MAX = 24
_HIDE = "#clusters:has(#{}:checked)"


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice of a group; `number` clusters are seen where it is chosen."""

    id: str
    label: str
    number: int


Facets = list[tuple[str, list[Choice]]]


def facets(tree: Sequence[tuple[str, Place]]) -> Facets:
    """Groups of choices, the first of each shows everything; none where there is little to choose from.

    A choice among seams is left out for those beyond the limit, which stand on the page all the same.
    """
    clusters = [cluster for _, root in tree for cluster in root.every]
    if len(clusters) < CLUSTERS_MIN:
        return []
    states = Counter(one.state for one in clusters)
    unsafe = sum(one.unsafe for one in clusters)
    found: Facets = []
    kinds = [Choice("show-all", "all", len(clusters))]
    if 0 < unsafe < len(clusters):
        kinds.append(Choice("show-unsafe", "UNSAFE", unsafe))
    if len(states) > 1:
        kinds += [Choice(f"show-{state}", state, number) for state, number in states.items()]
    if len(kinds) > 1:
        found.append(("show", kinds))
    if len(tree) > 1:
        seams = [
            Choice(f"in-{number}", seam, root.count)
            for number, (seam, root) in enumerate(tree[:SEAMS_MAX], start=1)
        ]
        found.append(("in", [Choice("in-all", "every seam", len(clusters)), *seams]))
    return found


def facet_style(found: Facets) -> str:
    """What makes the choices work: of the names in it none is a value."""
    return "\n".join(line for _, choices in found for choice in choices[1:] for line in _rules(choice))


def _rules(choice: Choice) -> Iterator[str]:
    chosen, word = _HIDE.format(choice.id), choice.id.partition("-")[2]
    if choice.id.startswith("in-"):
        yield f"{chosen} .seam:not(#seam-{word}) {{ display: none; }}"
    else:
        mark = f".is-{word}"
        yield f"{chosen} :is(.seam, .places > li):not({mark}):not(:has({mark})) {{ display: none; }}"
