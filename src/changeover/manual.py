"""The manual: its topics, where their pages lie, and what comes near a word that is no topic."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from changeover.errors import ConfigurationError, nearest_name
from changeover.quick_dataclass import dataclass

TOPICS = {
    "Tutorial": ("start", "life"),
    "How-to": (
        *(
            "packs",
            "databases",
            "recipes/fastapi",
            "recipes/django",
            "recipes/celery",
            "recipes/batch-job",
            "recipes/files",
            "recipes/message-bus",
        ),
        *("production", "ci", "explore", "removal"),
    ),
    "Reference": (
        *("rules", "configuration", "commands", "exit-codes", "declarations", "api"),
        *(
            "flips",
            "alerts",
            "serve",
            "metrics",
            "traces",
            "openfeature",
            "evidence",
            "report",
            "schemas",
            "glossary",
        ),
    ),
    "Explanation": ("architecture", "gate", "comparing", "limits", "isolation", "promises"),
}
"""By kind of page. A topic is the name of its page in `docs/`, in the wheel in `changeover/docs/`."""

PLACES_NAMED_MAX = 6
_COMMANDS = "commands"
_LIKENESS_MIN = 0.7
"""Short words are alike by chance: "init" and "limits" by 0.6."""
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_COMMENT = re.compile(r"^<!--.*?-->\n|[ \t]*<!--.*?-->", re.DOTALL | re.MULTILINE)
_ABOUT = re.compile(r"^\*(?:[\w-]+(?: and [\w-]+)?)\. (.*?[.])[ \n*]", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Topic:
    """One page; `text` is its Markdown, without what is meant for tests."""

    name: str
    kind: str
    text: str

    @property
    def title(self) -> str:
        """Its first heading."""
        return self.text.partition("\n")[0].removeprefix("# ")

    @property
    def about(self) -> str:
        """One line: what the page says of itself, its title where it says nothing."""
        found = _ABOUT.search(self.text)
        return self.title if found is None else _LINK.sub(r"\1", " ".join(found[1].split()))


def pages_folder() -> Path:
    """Where the pages are: in an installed package, else in the checkout that the package lies in.

    Raises:
        ConfigurationError: neither has them.
    """
    package = Path(__file__).parent
    for folder in (package / "docs", package.parents[1] / "docs"):
        if (folder / "start.md").is_file():
            return folder
    raise ConfigurationError(
        "docs", f"the pages of the manual are not beside {package}: install changeover anew"
    )


def all_topics() -> Iterator[Topic]:
    """Every topic, in the order of the manual."""
    for names in TOPICS.values():
        yield from map(find_topic, names)


def find_topic(name: str) -> Topic:
    """A topic by its name, also as a path has it: `limits`, `docs/limits.md`, `batch-job`.

    The name of a command that is no topic gives what the page of commands says of it.

    Raises:
        ConfigurationError: there is no such topic; it says which is near, or which pages speak of that word.
    """
    kinds = {topic: kind for kind, names in TOPICS.items() for topic in names}
    wanted = name.strip().lower().removeprefix("docs/").removesuffix(".md")
    wanted = next((topic for topic in kinds if topic.rpartition("/")[2] == wanted), wanted)
    if wanted in kinds:
        text = (pages_folder() / f"{wanted}.md").read_text(encoding="utf-8")
        return Topic(wanted, kinds[wanted], _COMMENT.sub("", text))
    commands = find_topic(_COMMANDS)
    described = dict(_described(commands, wanted))
    if described:
        others = [place for place in sections_about(wanted) if place[0] not in (_COMMANDS, "api")]
        return Topic(_COMMANDS, commands.kind, _command_text(described, others))
    wrong = ConfigurationError("TOPIC", f'"{name}" is no topic{_nearest(wanted, list(kinds))}')
    wrong.allowed = tuple(kinds)
    raise wrong


def command_names() -> list[str]:
    """The commands that the manual describes, without what stands behind them."""
    return [*dict.fromkeys(words.partition(" ")[0] for words, _ in _described(find_topic(_COMMANDS)))]


def _described(commands: Topic, name: str = "") -> Iterator[tuple[str, str]]:
    """Of each command of that name or group what the page says; of all unless one is named."""
    for heading, text in sections(commands.text):
        words = heading.strip("`")
        if heading.startswith("`") and (not name or words == name or words.startswith(f"{name} ")):
            yield words, text


def _command_text(described: dict[str, str], others: list[tuple[str, str]]) -> str:
    parts = [f"# `{words}`\n{text.rstrip()}\n" for words, text in described.items()]
    if others:
        parts.append(f"Found as well in: {_named(others)}\n")
    return "\n".join([*parts, "All commands: changeover docs commands\n"])


def _named(places: list[tuple[str, str]]) -> str:
    return ", ".join(f'{topic} ("{heading.replace("`", "")}")' for topic, heading in places)


def _nearest(wanted: str, known: list[str]) -> str:
    near = nearest_name(wanted, [*known, *command_names()], _LIKENESS_MIN)
    places = sections_about(wanted)
    hint = f', did you mean "{near}"?' if near is not None else ";" if places else ","
    if not places:
        return f"{hint} allowed: {', '.join(known)}"
    return f"{hint} found in: {_named(places)}"


def sections_about(words: str) -> list[tuple[str, str]]:
    """The sections that have all these words, as topic and heading.

    First the heading that is these words, then who has more of them in the titles of page and section, then
    who has them more often.
    """
    asked = words.lower().split()
    found: list[tuple[bool, int, int, int, tuple[str, str]]] = []
    for topic in all_topics():
        for heading, text in sections(topic.text):
            title = heading.lower().replace("`", "")
            titles = f"{topic.title} {title}".lower()
            counts = [f"{titles} {text}".lower().count(word) for word in asked]
            if asked and heading and all(counts):
                in_titles = sum(word in titles for word in asked)
                rank = title.split() != asked, -in_titles, -min(counts), len(found)
                found.append((*rank, (topic.name, heading)))
    return [place for *_, place in sorted(found)[:PLACES_NAMED_MAX]]


def sections(text: str) -> Iterator[tuple[str, str]]:
    """The headings of a page, each with the text below it up to the next heading; code is no heading."""
    heading, lines, in_code = "", list[str](), False
    for line in text.split("\n"):
        in_code ^= line.lstrip().startswith("```")
        if line.startswith("#") and not in_code:
            yield heading, "\n".join(lines)
            heading, lines = line.lstrip("#").strip(), []
        else:
            lines.append(line)
    yield heading, "\n".join(lines)
