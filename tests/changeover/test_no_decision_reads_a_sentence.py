"""No decision reads a sentence: with every sentence of the toolkit scrambled, all answers are the same."""

import json
import re
import subprocess
import sys
from enum import Enum
from importlib import import_module
from itertools import zip_longest
from pathlib import Path
from pkgutil import walk_packages
from typing import Any

import pytest

import changeover

LAID_OUT_ALIKE = frozenset(
    {"status", "gate", "flip", "rollback", "history", "kill", "unkill", "waive", "doctor"}
)
"""Commands whose screens keep their layout, letter for letter, as a scrambled word is as long as it was."""
_OWN_TO_EVERY_RUN = (  # times first: microseconds read like a digest, and a whole second has none
    (re.compile(r"\d{4}-\d\d-\d\dT[\d:.+Z]+"), "WHEN"),
    (re.compile(r"sha256:[0-9a-f]+|\b[0-9a-f]{6,64}\b"), "DIGEST"),
    (re.compile(r"/\S*/"), "FOLDER/"),
)


def begin(folder: Path, *words: str) -> subprocess.Popen[str]:
    """A life in a process of its own; folders have names of one length, as screens show and wrap them."""
    shop = folder / "shop"
    shop.mkdir()
    return subprocess.Popen(
        [sys.executable, "-m", "tests.changeover.support.every_command", str(shop), *words],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


def end(life: subprocess.Popen[str]) -> dict[str, Any]:
    out, err = life.communicate(timeout=120)
    assert life.returncode == 0, err
    found: dict[str, Any] = json.loads(out)
    return found


def enum_values() -> set[str]:
    """The values of every enum of the toolkit."""
    for module in walk_packages(changeover.__path__, "changeover."):
        if not module.name.endswith("__main__"):
            import_module(module.name)
    return {str(member.value) for enum in _all_enums(Enum) for member in enum}


def _all_enums(enum: type[Enum]) -> set[type[Enum]]:
    mine = {enum} if enum.__module__.startswith("changeover.") else set()
    return mine.union(*map(_all_enums, enum.__subclasses__()))


def without_sentences(value: Any, other: Any, enums: set[str]) -> Any:
    """The structure and every word of an answer; a sentence says only that it is there.

    What is a word is told by the other answer, whose sentences can be read.
    """
    if isinstance(value, dict):
        its = other if isinstance(other, dict) else {}
        return {key: without_sentences(part, its.get(key), enums) for key, part in value.items()}
    if isinstance(value, list):
        beside = zip_longest(value, other if isinstance(other, list) else ())
        return [without_sentences(*pair, enums) for pair in list(beside)[: len(value)]]
    if isinstance(value, float):
        return "a number"
    if not isinstance(value, str) or not isinstance(other, str):
        return value
    if other not in enums and re.search(r"\s", other.strip()):
        return "a sentence"
    for pattern, word in _OWN_TO_EVERY_RUN:
        value = pattern.sub(word, value)
    return value


Lives = tuple[dict[str, Any], dict[str, Any]]


@pytest.fixture(scope="module")
def lives(tmp_path_factory: pytest.TempPathFactory) -> Lives:
    """What every command of a migration's life answered: as it is, and with scrambled sentences."""
    readable = begin(tmp_path_factory.mktemp("plain"))
    scrambled = begin(tmp_path_factory.mktemp("mixed"), "scrambled")
    return end(readable), end(scrambled)


def test_every_answer_is_the_same_without_a_readable_sentence(lives: Lives) -> None:
    readable, scrambled = (life["answers"] for life in lives)
    enums = enum_values()
    wrong = []
    for number, (one, two) in enumerate(zip(readable, scrambled, strict=False)):
        expected = without_sentences(one["data"], one["data"], enums)
        found = without_sentences(two["data"], one["data"], enums)
        if (one["code"], expected) != (two["code"], found):
            wrong.append(f"{number} {one['command']}: {one['code']}, {two['code']} {_first(expected, found)}")
        elif one["command"].split()[0] in LAID_OUT_ALIKE and layout(one["text"]) != layout(two["text"]):
            wrong.append(f"{number} {one['command']}: another layout")
    assert not wrong, "\n".join(wrong)
    assert [one["command"] for one in readable] == [one["command"] for one in scrambled]


def layout(text: str) -> str:
    """Where its letters and numbers are, but for what is own to every run."""
    for pattern, word in _OWN_TO_EVERY_RUN:
        text = pattern.sub(word, text)
    return re.sub(r"[0-9]+", "0", re.sub(r"[a-z]", "x", re.sub(r"[A-Z]", "X", text)))


def _first(one: Any, two: Any, place: str = "") -> str:
    """The first difference, and where it is."""
    if isinstance(one, dict) and isinstance(two, dict) and one.keys() == two.keys():
        return next((said for key in one if (said := _first(one[key], two[key], f"{place}.{key}"))), "")
    if isinstance(one, list) and isinstance(two, list) and len(one) == len(two):
        pairs = enumerate(zip(one, two, strict=True))
        return next((said for at, pair in pairs if (said := _first(*pair, f"{place}[{at}]"))), "")
    return "" if one == two else f"{place}: {one!r}, scrambled: {two!r}"[:400]


def test_the_life_that_is_compared_meets_every_answer(lives: Lives) -> None:
    readable, scrambled = lives
    answers = [(one["command"], one["code"], one["data"]) for one in readable["answers"]]
    assert {data["answer"] for command, _, data in answers if command.startswith("gate shelf --format")} == {
        "pass",
        "inconclusive",
        "fail",
    }
    assert {code for command, code, _ in answers if command.startswith("flip ")} == {0, 1, 2, 3}
    assert "the life" not in {command for command, _, _ in answers}
    assert readable["sentences"] == 0
    assert scrambled["sentences"] > 1_000


def test_what_is_scrambled_cannot_be_read(lives: Lives) -> None:
    said = [" ".join(str(one["data"]) for one in life["answers"]) for life in lives]
    for sentence in ("no run on this code", "kill switch on", "no search for blind spots", "was moved back"):
        assert [sentence in text for text in said] == [True, False], sentence
