"""A statement as an engine sends it."""

from __future__ import annotations

from typing import Any, NamedTuple

from changeover.packs.database.statement_kind import Kind, key_of, kind_of


class SentStatement(NamedTuple):
    """What the functions of a dialect are called with.

    Args:
        cursor: of the driver, or what stands for one.
        text: as the driver gets it.
        parameters: of one call, or a list of them.
        context: of the execution, as SQLAlchemy makes it.
        fairy: the connection as it came from the pool.
    """

    cursor: Any
    text: str
    parameters: Any
    context: Any
    fairy: Any

    @property
    def kind(self) -> Kind:
        """Whether it asks, changes something, or sets something of its own connection alone."""
        return kind_of(self.text)

    @property
    def key(self) -> tuple[str, Any]:
        """Text and parameters in one form for all drivers."""
        return key_of(self.text, self.parameters)
