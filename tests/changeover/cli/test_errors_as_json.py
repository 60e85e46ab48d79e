"""With `--format json` every command prints one JSON object, also where it has no result."""

import json
from pathlib import Path
from typing import Any

import click
import pytest

from changeover.api import status as status_verbs
from changeover.cli.output import offer_json, say, show
from changeover.cli.session import begin_session
from changeover.errors import FailureKind
from changeover.models.catalogue import OUTPUTS
from tests.changeover.support.command_tree import commands
from tests.changeover.support.json_schemas import validator
from tests.changeover.support.own_app import OwnApp
from tests.changeover.support.projects import Answer, Shop, shop_in

COMMANDS = dict(commands())


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return shop_in(tmp_path_factory.mktemp("errors-as-json", numbered=False))


def error_of(answer: Answer) -> dict[str, Any]:
    """The one object on standard output, which fits its schema and says what standard error says."""
    document = json.loads(answer.out)
    assert [one.message for one in validator("error").iter_errors(document)] == []
    error: dict[str, Any] = document["error"]
    assert error["exit_code"] == answer.code
    assert f"changeover: {error['message']}" in answer.err
    return error


@pytest.mark.parametrize("words", COMMANDS)
def test_every_command_says_in_json_what_was_mistyped(shop: Shop, words: str) -> None:
    error = error_of(shop.run(*words.split(), "--format", "json", "--no-such-option"))
    assert (error["kind"], error["where"]) == (FailureKind.USAGE, "--no-such-option")
    assert "--format" in error["allowed"]
    assert error["do"] == f"changeover {words} --help"


@pytest.mark.parametrize("words", COMMANDS)
def test_every_command_has_json_of_its_own_or_says_how_it_ended(words: str) -> None:
    (option,) = (one for one in COMMANDS[words].params if "--format" in one.opts)
    assert isinstance(option.type, click.Choice)
    assert "json" in option.type.choices
    assert words.replace(" ", "-") in OUTPUTS or COMMANDS[words].callback.__wrapped__  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("words", "where", "near"),
    [
        (["statsu"], "statsu", "status"),
        (["rules", "chek"], "chek", "check"),
        (["flip", "shelff", "shadow", "--reason", "r"], "PHASE", "shelf"),
        (["flip", "shelf", "shaddow", "--reason", "r"], "STAGE", "shadow"),
        (["gate", "shelff"], 'phase "shelff"', "shelf"),
        (["gate", "shelf", "--to", "shaddow"], "--to", "shadow"),
        (["rollback", "shelff"], "PHASE", "shelf"),
        (["compare", "shelf.refil"], "shelf.refil", "shelf.refill"),
        (["compare", "--source", "dayz"], 'source "dayz"', "days"),
        (["explore", "shelf.refil"], "shelf.refil", "shelf.refill"),
        (["schema", "phase"], "NAME", "phases"),
        (["docs", "comands"], "TOPIC", "commands"),
        (["alerts", "test", "--receiver", "lug"], "--receiver", "log"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_a_mistyped_name_has_what_was_meant_and_what_is_allowed(
    shop: Shop, words: list[str], where: str, near: str
) -> None:
    answer = shop.run(*words, "--format", "json")
    error = error_of(answer)
    assert (answer.code, error["where"]) == (2, where)
    assert f'did you mean "{near}"?' in error["message"]
    assert near in error["allowed"]


@pytest.mark.parametrize(
    ("words", "near"),
    [
        (["flip", "shelf", "--to", "shadow"], ""),
        (["flip", "shelf", "shadow", "--reasn", "r"], "--reason"),
        (["compare", "--suorce", "days"], "--source"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_an_option_is_like_another_by_its_name_and_not_by_its_dashes(
    shop: Shop, words: list[str], near: str
) -> None:
    said = error_of(shop.run(*words, "--format", "json"))["message"]
    assert ("did you mean" in said) == bool(near)
    assert near in said


def test_a_value_that_is_missing_or_no_choice_is_named(shop: Shop) -> None:
    missing = error_of(shop.run("flip", "shelf", "shadow", "--format=json"))
    assert (missing["where"], missing["allowed"]) == ("--reason", None)
    wrong = error_of(shop.run("compare", "--world", "mars", "--format=json"))
    assert (wrong["where"], wrong["allowed"]) == ("--world", ["tape", "copy"])
    assert error_of(shop.run("rules", "--format", "json"))["kind"] == "usage"


def test_each_kind_of_failure_is_told(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "app").mkdir()
    app = OwnApp(tmp_path / "app", at_import="raise LookupError('no price list')")
    assert error_of(app.run("compare", "--format", "json"))["kind"] == "program"
    assert error_of(shop.run("explain", "--format", "json"))["kind"] == "nothing-compared"
    (tmp_path / "empty").mkdir()
    empty = Shop(tmp_path / "empty")
    assert error_of(empty.run("status", "--format", "json"))["kind"] == "configuration"
    raised = {
        KeyboardInterrupt(): "interrupted",
        RuntimeError("odd"): "defect",
        SystemExit(0): "program-ended",
    }
    for error, kind in raised.items():

        def fails(error: BaseException = error) -> None:
            raise error

        monkeypatch.setattr(status_verbs, "status", fails)
        if kind != "program-ended":  # click takes it for the end of the command
            assert error_of(shop.run("status", "--format", "json"))["kind"] == kind


def test_the_error_is_no_second_object_behind_a_result(tmp_path: Path) -> None:
    stopped = "number == 1 and __import__('signal').raise_signal(2)"
    answer = OwnApp(tmp_path, in_case=stopped).run("compare", "--format", "json")
    assert answer.code == 130
    assert "comparisons" in json.loads(answer.out)


def test_a_command_without_json_says_how_it_ended(capsys: pytest.CaptureFixture[str]) -> None:
    @click.command("serve")
    def serve() -> None:
        show("http://127.0.0.1:8470\n")
        say("Ctrl-C ends it")
        raise click.exceptions.Exit(3)

    offer_json(serve)
    begin_session(json=True, traceback=False)
    code = serve.main(["--format", "json"], prog_name="changeover serve", standalone_mode=False)
    done = json.loads(capsys.readouterr().out)
    assert [one.message for one in validator("done").iter_errors(done)] == []
    assert (done["command"], done["exit_code"], code) == ("serve", 3, 3)
    assert done["lines"] == ["http://127.0.0.1:8470"]
