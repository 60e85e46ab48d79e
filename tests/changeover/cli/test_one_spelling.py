"""One option has one spelling, one meaning and one sentence of help, in every command that takes it."""

from collections import defaultdict

from changeover.cli.options import REPEATABLE
from tests.changeover.support.command_tree import options


def meaning(text: str | None) -> str:
    return (text or "").removesuffix(REPEATABLE)


def test_an_option_says_the_same_of_itself_in_every_command() -> None:
    said = defaultdict[str, dict[str, list[str]]](lambda: defaultdict(list))
    for words, option in options():
        for name in option.opts:
            said[name][f"{meaning(option.help)} ({option.metavar})"].append(words)
    assert {name: dict(texts) for name, texts in said.items() if len(texts) > 1} == {}


def test_every_option_says_what_it_is_for() -> None:
    assert [(words, option.opts) for words, option in options() if not option.help] == []


def test_no_two_options_mean_the_same() -> None:
    names = defaultdict[str, set[str]](set)
    for _, option in options():
        names[meaning(option.help)].add("/".join(option.opts))
    assert {text: sorted(found) for text, found in names.items() if len(found) > 1} == {}


def test_only_what_every_command_takes_has_a_letter_and_the_file_of_a_result() -> None:
    everywhere = {"-h", "-q", "-v", "-C", "-o"}
    letters = {
        (words, name)
        for words, option in options()
        for name in (*option.opts, *option.secondary_opts)
        if not name.startswith("--") and name not in everywhere
    }
    assert letters == set()
