"""Self-contained HTML pages from templates: every value is escaped, a missing one is an error."""

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from trading.wording import number, percent


def render_page(template: str, **values: Any) -> str:
    """The page; it loads nothing from elsewhere, and its content security policy says so."""
    environment = Environment(
        loader=PackageLoader("trading.screens"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters |= {"number": number, "percent": percent}
    return environment.get_template(template).render(**values)
