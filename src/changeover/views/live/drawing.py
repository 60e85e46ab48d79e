"""Draws the pages: every value is escaped, and nothing is loaded from another machine."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from changeover.quick_dataclass import dataclass
from changeover.values.value_text import value_text
from changeover.values.verdict import Verdict
from changeover.views.live.data import PhaseLook
from changeover.views.live.strips import WORDS, describe_move
from changeover.views.templates import TEMPLATES, template_environment
from changeover.views.text.forecast import forecast_text

if TYPE_CHECKING:
    from jinja2 import Environment

VALUE_SHOWN_MAX = 2_000


@dataclass(frozen=True, slots=True)
class Frame:
    """What is around every page. `word` is the worst that is known, empty where nothing is wrong.

    `has_moves` says that phases may be moved from the pages.
    """

    migration: str
    code: str | None
    rules: str
    at: datetime
    mark: str
    problems: int = 0
    word: str = ""
    has_moves: bool = False


def draw(template: str, frame: Frame, section: str, title: str, **parts: Any) -> str:
    """A whole page; `section` is the entry of the navigation that it belongs to."""
    found = _environment().get_template(f"{template}.html.j2")
    return found.render(frame=frame, section=section, title=title, **parts)


def static_text(name: str) -> str:
    """A style sheet, script or picture that the pages ask for."""
    return files(__package__).joinpath(TEMPLATES, name).read_text(encoding="utf-8")


def style_text() -> str:
    """The style of the report page, and what these pages add."""
    report = files("changeover.views.html").joinpath("templates", "style.css").read_text(encoding="utf-8")
    return f"{report}\n{static_text('live.css')}"


@cache
def _environment() -> Environment:
    return template_environment(
        "changeover.views.live",
        {
            "moment": lambda at: f"{at:%Y-%m-%d %H:%M:%S}Z",
            "iso": lambda at: f"{at:%Y-%m-%dT%H:%M:%S}Z",
            "value": lambda value: value_text(value, VALUE_SHOWN_MAX),
            "word": word_of_verdict,
            "piece": lambda text: quote(str(text), safe="", errors="replace"),
            "query": query_text,
            "moved": describe_move,
            "forecast": _forecast,
        },
    )


def word_of_verdict(verdict: Verdict) -> str:
    """As screens write it: what nobody may overlook in capitals."""
    return WORDS[verdict]


def query_text(values: dict[str, Any]) -> str:
    """The query of an address, with its question mark; without what is empty."""
    kept = {name: str(value) for name, value in values.items() if value not in (None, "")}
    return f"?{urlencode(kept, errors='replace')}" if kept else ""


def _forecast(look: PhaseLook) -> str:
    if look.forecast is None or look.step is None:
        return ""
    return forecast_text(look.forecast, look.step.verdict.answer)
