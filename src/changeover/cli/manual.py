"""`changeover docs`: the pages of the manual."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from changeover.cli.options import complete_with, format_option
from changeover.cli.output import result_stream, say, show, show_json
from changeover.errors import ConfigurationError
from changeover.manual import TOPICS, Topic, all_topics, find_topic, pages_folder
from changeover.values.safe_text import visible_lines

SITE = "site"
"""Where `mkdocs build` puts the site, beside the folder of the pages."""


@click.command("docs")
@click.argument("words", metavar="[TOPIC]", nargs=-1, shell_complete=complete_with("topic_names"))
@click.option("--open", "in_browser", is_flag=True, help="in a browser, where mkdocs build has made the site")
@format_option
def docs_command(words: tuple[str, ...], in_browser: bool, format_: str) -> None:
    """Print a page of the manual as plain Markdown, on a terminal page by page; without TOPIC list them all.

    The name of a command prints what there is about it. A word that is neither is answered with the sections
    that speak of it; exits 2 then.

    For example: changeover docs limits
    """
    found = find_topic(" ".join(words)) if words else None
    page = _page_of_site(found) if in_browser else None
    if page is not None:
        _open(page)
    if format_ == "json":
        topics = list(all_topics()) if found is None else [found]
        texts = [{} if found is None else {"text": found.text}] * len(topics)
        listed = [
            {"name": one.name, "kind": one.kind, "about": one.about, **text}
            for one, text in zip(topics, texts, strict=True)
        ]
        show_json("docs", {"topics": listed, "opened": None if page is None else page.as_uri()})
    elif page is not None:
        say(f"opened      {page}")
    elif found is None:
        show(topics_screen())
    elif result_stream().isatty() and sys.stdin.isatty() and sys.stderr.isatty():
        click.echo_via_pager(visible_lines(found.text))
    else:
        show(found.text)


def topics_screen() -> str:
    """Every topic with a line about it, by kind of page."""
    width = max(len(name) for names in TOPICS.values() for name in names)
    lines: list[str] = []
    for kind, names in TOPICS.items():
        lines += [kind, *(f"    {name:<{width}}   {find_topic(name).about}" for name in names), ""]
    return "\n".join(
        [*lines, "changeover docs TOPIC prints one; changeover docs WORD says which pages speak of it", ""]
    )


def _page_of_site(topic: Topic | None) -> Path:
    folder = pages_folder().parent / SITE
    page = folder / ("index.html" if topic is None else f"{topic.name}.html")
    if not page.is_file():
        problem = "no site is built there: mkdocs build makes one; without --open the page is printed"
        raise ConfigurationError(str(page), problem)
    return page


def _open(page: Path) -> None:
    import webbrowser

    if not webbrowser.open(page.as_uri()):
        raise ConfigurationError(str(page), "no browser could be started; without --open the page is printed")
