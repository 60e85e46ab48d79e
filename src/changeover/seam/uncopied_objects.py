"""Methods whose object no replay can have a copy of: what their classes say, before any call is made."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from typing import Any, get_args, get_type_hints

from changeover.record.port import PortBook
from changeover.seam.seam import Seam
from changeover.values.copy_plan import plan_of

WAY_OUT = "or say shared_self=True of an object without state, or give fresh(build)"


def problems_of_objects(seams: Iterable[Seam], book: PortBook) -> Iterator[str]:
    """A sentence about each seam whose runs will be `failed` for that."""
    for seam in seams:
        for problem in () if seam.shared_self else seam.bound.problems(book):
            yield f"seam {seam.name!r}: {problem}; {WAY_OUT}"
        cls = seam.method_object.known_class
        if cls is None or seam.shared_self:
            continue
        found = next(_uncopied(cls, book), None)
        if found is not None:
            yield f"seam {seam.name!r}: its runs will be failed: {found}; {WAY_OUT}"


def _uncopied(cls: type, book: PortBook) -> Iterator[str]:
    problem = plan_of(cls).problem
    if problem is not None:
        yield f"`self` ({cls.__name__}) {problem}"
    for name, part in _annotated(cls).items():
        for one in (part, *get_args(part)):
            problem = plan_of(one).problem if isinstance(one, type) else None
            if problem is not None and not book.is_port_class(one):
                yield f"`self.{name}` ({one.__name__}) {problem}"


def _annotated(cls: type) -> dict[str, Any]:
    """What class and `__init__` say of the parts of an object; empty where they cannot be asked."""
    found: dict[str, Any] = {}
    for annotated in (inspect.getattr_static(cls, "__init__", None), cls):
        try:
            found |= get_type_hints(annotated)
        except Exception:  # noqa: BLE001, S112  annotations are code of the program, and may name anything
            continue
    found.pop("return", None)
    return found
