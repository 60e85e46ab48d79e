"""Errors name the line of the key they are about, however the file is written, and never a wrong one."""

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from changeover.errors import nearest_name
from changeover.values.toml_lines import KeyPath, lines_of
from changeover.values.toml_table import Table, TableError, parse_toml

TEXT = (
    """\
# [[rule]] in a comment
title = "a # [b] = \\" c"   # comment
"odd key" = 1
a.b.c = 2

[defaults]
types = '''
[[rule]]
abs = 1
'''
[[rule]]
path = """
    + '"""\nx = 1\n""""'
    + """
  abs = "1"

[[rule]]
names = [ # here
  "a", "]",
  "b",
]
at = 2026-01-01 10:00:00
inner = { x = 1, y = { z = [2, 3] } }
[rule.gate.live]
x = {}
[[rule.sub]]
k = 1
[[rule.sub]]
k = 2
"""
)
LINES: dict[KeyPath, int] = {
    ("title",): 2,
    ("odd key",): 3,
    ("a", "b", "c"): 4,
    ("a",): 4,
    ("defaults",): 6,
    ("defaults", "types"): 7,
    ("rule", 0): 11,
    ("rule", 0, "path"): 12,
    ("rule", 0, "abs"): 15,
    ("rule", 1): 17,
    ("rule", 1, "names"): 18,
    ("rule", 1, "at"): 22,
    ("rule", 1, "inner"): 23,
    ("rule", 1, "gate"): 24,
    ("rule", 1, "gate", "live", "x"): 25,
    ("rule", 1, "sub", 0, "k"): 27,
    ("rule", 1, "sub", 1): 28,
    ("rule", 1, "sub", 1, "k"): 29,
}


def test_every_key_is_found_on_its_line() -> None:
    tomllib.loads(TEXT)
    lines = lines_of(TEXT)
    assert {place: lines.get(place) for place in LINES} == LINES


def paths_in(value: Any, path: KeyPath = ()) -> list[KeyPath]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, one in inner for place in paths_in(one, (*path, key)))]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_nothing_is_made_up_and_only_what_stands_within_a_line_is_left_out(end: str) -> None:
    text = TEXT.replace("\n", end)
    within = {place for place in paths_in(tomllib.loads(text)) if {"names", "inner"} & {*place[2:-1]}}
    assert {(), *lines_of(text)} == {*paths_in(tomllib.loads(text))} - within


WORDS = some.text("ab\"'\\\n#[]{}=,. ", max_size=6)


@given(some.lists(some.tuples(WORDS, WORDS), max_size=6, unique_by=lambda pair: pair[0]))
def test_lines_of_a_written_file_are_those_it_was_written_on(pairs: list[tuple[str, str]]) -> None:
    def quoted(text: str) -> str:
        return '"' + "".join(f"\\u{ord(letter):04x}" for letter in text) + '"'

    text = "".join(f"{quoted(key)} = {quoted(value)}\n" for key, value in pairs)
    assert tomllib.loads(text) == dict(pairs)
    assert lines_of(text) == {(key,): number for number, (key, _) in enumerate(pairs, start=1)}


def test_an_error_falls_back_to_the_line_of_the_table_around_it() -> None:
    top = Table(parse_toml(TEXT, "f.toml"), "f.toml")
    rule = top.tables("rule")[1]
    assert str(rule.error("names[2]", "wrong")) == "f.toml line 18: rule[1].names[2]: wrong"
    assert (rule.error("elsewhere", "wrong").line, rule.error("gate.live.y", "wrong").line) == (17, 24)
    assert top.error("nowhere", "wrong").line is None
    with pytest.raises(
        TableError, match=r"^f.toml line 23: rule\[1\]\.inner\.y\.z: was \[2, 3\], allowed: a text$"
    ):
        rule.table("inner").table("y").text("z")  # type: ignore[union-attr]


def test_the_nearest_name_is_one_that_is_written_almost_so() -> None:
    known = ("abs", "rel", "types", "match_by")
    assert nearest_name("absolut", known) == "abs"
    assert nearest_name("matchby", known) == "match_by"
    assert nearest_name("zebra", known) is None
