"""Draws the pages: every value is escaped, and nothing is loaded from another machine."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from changeover.quick_dataclass import dataclass
from changeover.values.safe_text import pasted, visible
from changeover.values.value_text import value_text
from changeover.values.verdict import Verdict
from changeover.views.layout import count, plural
from changeover.views.live.data import PhaseLook
from changeover.views.live.strips import WORDS, describe_move
from changeover.views.rows import short_digest
from changeover.views.text.forecast import forecast_text

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = "templates"
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
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("changeover.views.live", TEMPLATES),
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
        "moment": lambda at: f"{at:%Y-%m-%d %H:%M:%S}Z",
        "iso": lambda at: f"{at:%Y-%m-%dT%H:%M:%S}Z",
        "value": lambda value: value_text(value, VALUE_SHOWN_MAX),
        "shade": lambda word: str(word).lower().replace(" ", "-"),
        "word": word_of_verdict,
        "piece": lambda text: quote(str(text), safe="", errors="replace"),
        "query": query_text,
        "pasted": pasted,
        "moved": describe_move,
        "forecast": _forecast,
        "sentences": lambda texts: " ".join(f"{text.rstrip('.')}." for text in texts),
    }
    return environment


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


def _harmless(value: Any) -> Any:
    """Every value on its way to the page: control and direction marks are written out, markup comes after."""
    return value if not isinstance(value, str) or hasattr(value, "__html__") else visible(value)
