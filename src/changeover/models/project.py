"""`[tool.changeover]` of `pyproject.toml`."""

from __future__ import annotations

from pydantic import Field

from changeover.models.table import UNSET, FileTable, Text


class ProjectTable(FileTable):
    """Where the toolkit finds the app and the migration's folder."""

    app: Text = Field(
        UNSET,
        description='A Migration, or a function that gives one: "module:attribute".',
        examples=["shop.compat:migration"],
    )
    directory: Text = Field("migration", description="The migration's folder, relative to pyproject.toml.")
