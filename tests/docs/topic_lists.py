"""The list of all topics on the first page of the manual."""

from __future__ import annotations

from collections.abc import Iterator

from changeover.manual import TOPICS, find_topic


def topic_lists() -> str:
    """By kind, each page with its line."""
    return "\n".join(["", *_lines(), ""])


def _lines() -> Iterator[str]:
    for kind, names in TOPICS.items():
        yield f"**{kind}**"
        yield ""
        for name in names:
            topic = find_topic(name)
            yield f"- [{topic.title}]({name}.md): {topic.about}"
        yield ""
