"""How a driver wants values to be named in a statement."""

from __future__ import annotations

from collections.abc import Iterable

ParameterStyle = str
"""`paramstyle` of a dialect of SQLAlchemy: format, pyformat, numeric_dollar."""


def marks(style: ParameterStyle, types: Iterable[str], first: int = 1) -> list[str]:
    """A mark for each value, read as text and made the type that it has: the same for every driver."""
    dollar = style == "numeric_dollar"
    return [
        f"CAST({f'${place}' if dollar else '%s'} AS text)::{escaped(style, kind)}"
        for place, kind in enumerate(types, first)
    ]


def escaped(style: ParameterStyle, statement: str) -> str:
    """A name or a type in a statement with marks: some drivers read a percent sign as one."""
    return statement if style == "numeric_dollar" else statement.replace("%", "%%")
