"""Twenty questions of a new user are answered by the manual, and found with the words that they type."""

from __future__ import annotations

import re
from typing import NamedTuple

import pytest

from changeover.manual import TOPICS, find_topic, sections, sections_about
from tests.docs.pages import page_text

LINK = re.compile(r"\]\(([\w/-]+)\.md")


class Question(NamedTuple):
    number: int
    text: str
    search: str
    page: str
    heading: str
    answer: str


def questions() -> list[Question]:
    found = re.findall(
        r"^## (\d+)\. (.*)\n\n- search: (.*)\n- page: (\S+), (.*)\n- answer: (.*)$",
        page_text("../tests/docs/questions.md"),
        re.MULTILINE,
    )
    return [Question(int(number), *rest) for number, *rest in found]


ALL = questions()


def test_there_are_twenty() -> None:
    assert [question.number for question in ALL] == list(range(1, 21))


@pytest.mark.parametrize("question", ALL, ids=[str(question.number) for question in ALL])
def test_the_page_answers_below_that_heading(question: Question) -> None:
    texts = dict(sections(page_text(question.page)))
    assert question.heading in texts
    assert question.answer in texts[question.heading]


@pytest.mark.parametrize("question", ALL, ids=[str(question.number) for question in ALL])
def test_the_words_of_the_user_lead_to_the_page(question: Question) -> None:
    """To the section itself, or to one that links to the page."""
    reached = set()
    for topic, heading in sections_about(question.search):
        reached |= {topic, *LINK.findall(dict(sections(find_topic(topic).text))[heading])}
    if question.search.lower() in TOPICS["How-to"]:
        reached.add(find_topic(question.search).name)
    assert question.page.removesuffix(".md") in reached
