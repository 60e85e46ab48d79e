"""What of the manual is made, and of what: `python -m tests.docs` writes it, and a test holds it so."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from tests.changeover.support.verb_reference import reference
from tests.docs.command_page import command_page
from tests.docs.declared_page import declarations, names, running, signatures_page
from tests.docs.key_tables import TABLES, key_table
from tests.docs.pages import page_text
from tests.docs.topic_lists import topic_lists
from tests.docs.variables import variable_table

PARTS: dict[str, tuple[str, Callable[[], str]]] = {
    f"{schema} {table}": (
        "rules.md" if schema == "rules" else "configuration.md",
        partial(key_table, schema, table),
    )
    for schema, tables in TABLES.items()
    for table in tables
} | {
    "variables": ("configuration.md", variable_table),
    "declarations": ("declarations.md", declarations),
    "running": ("declarations.md", running),
    "names": ("declarations.md", names),
    "topics": ("index.md", topic_lists),
}
"""By name: the page that a part stands on, and what makes it."""


def pages() -> dict[str, str]:
    """Pages that are made as a whole; of the page about the verbs all but its beginning."""
    verbs = page_text("api.md").partition("## Compare\n")[0] + reference()
    return {"commands.md": command_page(), "signatures.md": signatures_page(), "api.md": verbs}
