"""Self-contained HTML pages from templates: every value is escaped, a missing one is an error."""

from datetime import datetime
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from trading.wording import number, percent

NAME_CHARACTERS_MAX = 19
MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86_400


def render_page(template: str, **values: Any) -> str:
    """The page; it loads nothing from elsewhere, and its content security policy says so."""
    return _environment().get_template(template).render(**values)


def age(since: datetime, until: datetime) -> str:
    """How long that is, in the two largest units; what lies ahead is no time at all."""
    seconds = max(round((until - since).total_seconds()), 0)
    if seconds < MINUTE_S:
        return f"{seconds} s"
    if seconds < HOUR_S:
        return f"{seconds // MINUTE_S} min {seconds % MINUTE_S} s"
    if seconds < DAY_S:
        return f"{seconds // HOUR_S} h {seconds % HOUR_S // MINUTE_S} min"
    return f"{seconds // DAY_S:,} d {seconds % DAY_S // HOUR_S} h"


def beginning(name: str) -> str:
    """As much of an id as a table has room for: any unambiguous beginning of it is enough for a command."""
    return name if len(name) <= NAME_CHARACTERS_MAX else f"{name[: NAME_CHARACTERS_MAX - 1]}…"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("trading.screens"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters |= {
        "number": number,
        "percent": percent,
        "age": age,
        "whole": _whole,
        "beginning": beginning,
    }
    return environment


def _whole(value: float) -> str:
    return number(value, 0)
