"""What every command takes, before its words or behind them: -C, -q, -v, --color, --traceback."""

from pathlib import Path

import pytest

from changeover.api import status as status_verbs
from changeover.cli.common_options import CommonOption, common_options
from tests.changeover.support.command_tree import commands
from tests.changeover.support.own_app import OwnApp
from tests.changeover.support.projects import Shop, shop_in

RED = "\x1b[1;31m"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A project that is only looked at, with a comparison in its store."""
    made = shop_in(tmp_path_factory.mktemp("common-options", numbered=False))
    assert made.run("compare", "--runs", "3").code == 0
    return made


def test_every_command_takes_them() -> None:
    wanted = {name for one in common_options() for name in one.opts}
    for words, command in commands():
        taken = {name for one in command.params if isinstance(one, CommonOption) for name in one.opts}
        assert taken == wanted, words


def test_a_quiet_command_says_its_result_and_nothing_else(shop: Shop) -> None:
    loud, quiet, before = (
        shop.run(*words, "--runs", "2") for words in (["compare"], ["compare", "-q"], ["-q", "compare"])
    )
    assert loud.err.startswith("2 comparisons in ")
    assert (quiet.err, before.err) == ("", "")
    shown = [one.out.partition("own time")[0] for one in (loud, quiet, before)]  # no two take the same time
    assert len(set(shown)) == 1


def test_a_quiet_command_still_warns_and_says_what_is_wrong(shop: Shop, tmp_path: Path) -> None:
    other = shop_in(tmp_path)
    assert other.run("-q", "flip", "cleanup", "done", "--force", "--reason", "r").err.startswith("! ")
    assert "did you mean" in shop.run("-q", "gate", "shelff").err


def test_a_talkative_command_says_where_it_looks_and_how_it_ended(shop: Shop) -> None:
    answer = shop.run("status", "-v")
    assert answer.out == shop.run("status").out
    for label, text in (
        ("project", str(shop.root)),
        ("migration", "migration"),
        ("app", "shop:migration"),
        ("store", ".changeover/evidence.db"),
    ):
        assert f"{label:<12}{text}\n" in answer.err
    assert answer.err.splitlines()[-1].startswith("exit code 0 after ")


def test_the_log_is_said_only_where_it_was_asked_for(tmp_path: Path) -> None:
    shop = shop_in(tmp_path)
    (tmp_path / "migration" / "flags.json").write_text("{}")
    said = [line for line in shop.run("status", "-v").err.splitlines() if line.startswith("warning: ")]
    assert said
    assert "warning: " not in shop.run("status").err


def test_quiet_and_talkative_exclude_each_other(shop: Shop) -> None:
    answer = shop.run("-q", "status", "-v")
    assert answer.code == 2
    assert "-q: was given together with -v" in answer.err


def test_a_command_works_in_the_folder_that_is_named(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "old.jsonl").write_text('{"s": 1}\n')
    elsewhere = Shop(Path("/"))
    for words in (["-C", str(shop.root), "status"], ["status", "-C", str(shop.root)]):
        assert elsewhere.run(*words).out == shop.run("status").out
    diff = ["diff", "-C", str(tmp_path), "old.jsonl", "old.jsonl", "--by", "s"]
    assert elsewhere.run(*diff).code == 0


def test_a_folder_that_is_not_there_is_one_sentence(shop: Shop) -> None:
    answer = shop.run("-C", "nowhere", "status")
    assert answer.code == 2
    assert answer.err == "changeover: -C: 'nowhere' is no folder to work in: No such file or directory\n"


def test_the_traceback_of_the_program_begins_with_the_program(tmp_path: Path) -> None:
    app = OwnApp(tmp_path, at_import="raise LookupError('no price list')")
    for words in (["--traceback", "compare"], ["compare", "--traceback"]):
        lines = app.run(*words).err.splitlines()
        assert lines[0] == "Traceback (most recent call last):"
        assert "own_app.py" in lines[1]
        assert lines[-1].startswith("changeover: pyproject.toml: tool.changeover.app: ")
    assert "Traceback" not in app.run("compare").err


def test_the_traceback_of_a_case_that_raises_is_shown(tmp_path: Path) -> None:
    app = OwnApp(tmp_path, in_case="raise LookupError('no such case')")
    said = app.run("compare", "--traceback").err
    assert "own_app.py" in said
    assert said.index("LookupError: no such case") < said.index("raised in cases/case-0")
    assert "Traceback" not in app.run("compare").err


def test_the_traceback_of_a_defect_is_shown_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise RuntimeError("two phases, one flag")

    monkeypatch.setattr(status_verbs, "status", broken)
    answer = OwnApp(tmp_path).run("--traceback", "status")
    assert answer.code == 70
    assert "status_command" in answer.err


@pytest.mark.parametrize(
    "words", [["gate", "shelff"], ["statsu"], ["status", "--formt"], ["flip"], ["compare", "--source", "x"]]
)
def test_what_somebody_mistyped_has_no_traceback(shop: Shop, words: list[str]) -> None:
    answer = shop.run("--traceback", *words)
    assert answer.code == 2
    assert len(answer.err.splitlines()) == 1


def test_colour_is_there_where_it_was_asked_for(shop: Shop) -> None:
    asked = ["compare", "--runs", "2"]
    assert "\x1b" not in shop.run(*asked, planted="whole").out
    assert RED in shop.run(*asked, "--color", "always", planted="whole", NO_COLOR="1").out
    assert "\x1b" not in shop.run(*asked, "--color", "never", planted="whole").out
