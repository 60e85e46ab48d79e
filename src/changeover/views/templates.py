"""How pages are drawn from templates: every value is escaped, and a name that is not there is an error."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from changeover.values.gate_verdict import command_and_purpose
from changeover.values.safe_text import pasted, visible
from changeover.views.layout import count, plural
from changeover.views.rows import short_digest

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = "templates"
"""The folder of them in a package."""


def template_environment(package: str, filters: Mapping[str, Callable[..., Any]]) -> Environment:
    """That of the templates of a package, with its own filters beside those of all pages."""
    # Imported here: commands that make no page do not pay for it.
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader(package, TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_harmless,
    )
    environment.filters |= {
        "count": count,
        "plural": plural,
        "digits": short_digest,
        "pasted": pasted,
        "command_and_purpose": command_and_purpose,
        "sentences": lambda texts: " ".join(f"{text.rstrip('.')}." for text in texts),
        "shade": lambda word: str(word).lower().replace(" ", "-"),
        **filters,
    }
    return environment


def _harmless(value: Any) -> Any:
    """Every value on its way to the page: control and direction marks are written out, markup comes after."""
    return value if not isinstance(value, str) or hasattr(value, "__html__") else visible(value)
