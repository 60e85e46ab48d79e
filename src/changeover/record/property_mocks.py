"""A mock in the place of a property: a `PropertyMock` is called where somebody asks for the attribute."""

from __future__ import annotations

import sys
from typing import Any


def as_property(static: Any) -> Any:
    """What stands in a class; in place of a `PropertyMock` a property that asks it."""
    kind = getattr(sys.modules.get("unittest.mock"), "PropertyMock", None)
    if kind is None or kind not in type(static).__mro__:
        return static
    return property(lambda owner: static(), lambda owner, value: static(value))
