"""The report as one self-contained HTML page: no script, nothing loaded, every value escaped."""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from changeover.compare.paths import below_root
from changeover.compare.text_diff import text_diff
from changeover.errors import ConfigurationError, describe_os_error, need_package
from changeover.evidence.tallies import total_effects, total_of
from changeover.settings import PRODUCTION
from changeover.values.atomic_file import write_file
from changeover.values.stage import CHECK_STAGES, SEAM_STAGES, Setting
from changeover.values.value_text import value_text
from changeover.views.html import caveats, differences
from changeover.views.html.charts import HEIGHT, WIDTH, Matrix, duration_text, matrix, paired_dots
from changeover.views.html.data import ReportData, word_of
from changeover.views.html.facets import facet_style, facets
from changeover.views.html.headline import Headline, headline, worst_cluster
from changeover.views.html.spread import spread
from changeover.views.html.strip import HEIGHT as STRIP_HEIGHT
from changeover.views.html.strip import WORDS as STRIP_WORDS
from changeover.views.html.what_to_do import answer_option, what_to_do
from changeover.views.layout import cut
from changeover.views.templates import TEMPLATES, template_environment

if TYPE_CHECKING:
    from jinja2 import Environment


CASES_SHOWN_MAX = 40
CHANGES_SHOWN_MAX = 20
LOGGED_SHOWN_MAX = 400
PLACE_SHOWN_MAX = 38
EXAMPLE_SHOWN_MAX = 200


def report_page(data: ReportData) -> str:
    """The whole page. The same data give the same page, to the byte."""
    worst, found, tree = worst_cluster(data), differences.findings(data), differences.tree(data)
    begins = differences.begins_with(data, worst)
    choices = facets(tree[0])
    style = files(__package__).joinpath(TEMPLATES, "style.css").read_text(encoding="utf-8")
    style += facet_style(choices)
    production = [one for one in data.sources if one.source == PRODUCTION]
    drawn = matrix(data)
    not_compared = caveats.why_not_compared(data)
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            data=data,
            style=style,
            style_digest=b64encode(sha256(style.encode()).digest()).decode(),
            headline=headline(data),
            matrix=drawn,
            findings=found,
            some_elsewhere=any(one.elsewhere for one in found[: differences.FINDINGS_SHOWN_MAX]),
            findings_max=differences.FINDINGS_SHOWN_MAX,
            worst=worst,
            sides=None
            if data.example is None or worst is None
            else differences.side_by_side(data.example, worst),
            unshown=caveats.unshown(data),
            others=caveats.other_sources(data),
            begins=begins,
            to_do=what_to_do(data, worst, begins),
            answer_option=answer_option(data),
            contents=contents(data, drawn),
            on_page={one.digest for one in data.corpus.clusters[: differences.CLUSTERS_SHOWN_MAX]},
            changes_max=CHANGES_SHOWN_MAX,
            logged_max=LOGGED_SHOWN_MAX,
            strip_height=STRIP_HEIGHT,
            strip_words=STRIP_WORDS,
            beside=[
                (one.source, one.at, total_of(one.seams.values()), word_of(one), one is data.corpus)
                for one in data.sources
            ],
            production_known=bool(production),
            tree=tree,
            facets=choices,
            all_effects=total_effects(data.corpus.effects),
            not_compared=not_compared,
            drawing=paired_dots(data.corpus.summary.own_time.pairs),
            drawn=(WIDTH, HEIGHT),
            cases_max=CASES_SHOWN_MAX,
        )
    )


def contents(data: ReportData, drawn: Matrix) -> list[tuple[str, str, str]]:
    """Anchor, title, and how much there is, of each part below the first screen."""
    corpus, changes = data.corpus, data.changes
    return [
        ("changes", "Since the last report", "" if changes is None or changes.is_nothing else "changed"),
        ("production", "Production", "" if data.strip is None else f"{data.strip.total:,}"),
        ("clusters", "Clusters", f"{len(corpus.clusters):,}"),
        ("effects", "Effects", f"{len(corpus.effects):,}"),
        ("rules", "Rules", f"{len(corpus.summary.rules or ()):,}"),
        ("not-compared", "Not compared", f"{drawn.total.not_compared:,}"),
        ("times", "Own time", ""),
        ("gates", "Gates", f"{len(data.gates):,}"),
        ("history", "History", f"{len(data.history):,}"),
        ("blind-spots", "Blind spots", f"{len(data.blind_spots):,}"),
        ("runs", "Runs", f"{drawn.total.runs:,}"),
    ]


@cache
def _environment() -> Environment:
    return template_environment(
        "changeover.views.html",
        {
            "cut": cut,
            "short_place": lambda place: cut(below_root(place), PLACE_SHOWN_MAX),
            "moment": lambda at: f"{at:%Y-%m-%d %H:%M}Z",
            "track": _track,
            "spread": spread,
            "text_diff": lambda found: text_diff(found.legacy, found.candidate),
            "sides": differences.change_sides,
            "value": lambda value: value_text(value, EXAMPLE_SHOWN_MAX),
            "duration": duration_text,
        },
    )


def _track(setting: Setting) -> list[tuple[str, bool]]:
    """The stages that such a phase may have, and which of them it has reached."""
    stages = CHECK_STAGES if setting.stage in CHECK_STAGES else SEAM_STAGES
    reached = stages.index(setting.stage)
    return [(str(stage), number <= reached) for number, stage in enumerate(stages)]


DEFAULT_FILE = "changeover-report.html"


def check_place(path: Path) -> None:
    """Raises an error where no page could be drawn or written, before anything long is begun."""
    need_package("jinja2")
    if path.is_dir():
        raise ConfigurationError(str(path), "was a folder, needed: the name of a file")
    if not path.parent.is_dir():
        raise ConfigurationError(str(path), f"cannot be written: there is no folder {path.parent}")


def write_report(path: Path, data: ReportData) -> Headline:
    """Draw the page and write it; what it says first is handed back. Raises ConfigurationError."""
    write_page(path, report_page(data))
    return headline(data)


def write_page(path: Path, page: str) -> None:
    """Replace the file in one step: whoever opens it sees the old page or the new one."""
    check_place(path)
    try:
        write_file(path, page.encode())
    except OSError as error:
        raise ConfigurationError(str(path), f"cannot be written: {describe_os_error(error)}") from error
