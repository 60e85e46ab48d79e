"""Runs without their secrets: what is replaced, by what, and what stays as it was."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr

from changeover.compare.clusters import fingerprint_of
from changeover.errors import ConfigurationError
from changeover.record.codec import Codec, CodecError
from changeover.record.run import Run
from changeover.record.scenario_file import scenario_of, to_line
from changeover.redaction.key import TOKEN, RedactionKey
from changeover.redaction.redactor import Redactor
from changeover.rollout.plan_file import parse_plan
from changeover.values.observation import Raised, Returned
from tests.changeover.support.small_trade import Trade

Path_ = Callable[[Trade], Any]


class Login(BaseModel):
    user: str
    password: SecretStr


@dataclass(frozen=True, slots=True)
class Card:
    number: str
    cvc: SecretStr


class Odd(Exception):
    def __init__(self, code: int, text: str) -> None:
        super().__init__(code, text)
        self.text = text

    def __str__(self) -> str:
        return f"odd: {self.text}"


def _redactor(*paths: str, **environment: str) -> Redactor:
    return Redactor.of(paths, environment, None)


def _run(legacy: Path_, candidate: Path_ | None = None, **options: Any) -> Run:
    trade = Trade()
    with suppress(Exception):  # an exception is an answer like any other
        trade.run(legacy, candidate or legacy, **options)
    return trade.runs[-1]


def _returned(run: Run) -> Any:
    assert run.legacy is not None
    assert isinstance(run.legacy.outcome, Returned)
    return run.legacy.outcome.value


def _raised(run: Run) -> BaseException:
    assert run.legacy is not None
    assert isinstance(run.legacy.outcome, Raised)
    return run.legacy.outcome.error


def test_what_holds_no_secret_is_the_same_object() -> None:
    run = _run(
        lambda desk: {
            "rows": [Card("1", SecretStr("")), {"a": (1, None, b"x")}],
            "held": desk.broker.positions(),
        }
    )
    assert _redactor("**.password", SOME_TOKEN="not in there").run(run) is run


def test_a_redacted_run_is_redacted_already() -> None:
    run = _run(
        lambda _: {
            "password": "hunter22",
            "pin": 4711,
            "login": Login(user="kim", password=SecretStr("geheim99")),
        }
    )
    redactor = _redactor("**.{password,pin}")
    once = redactor.run(run)
    assert redactor.run(once) is once


def test_secrets_are_found_by_path_by_type_and_by_name_and_then_everywhere() -> None:
    run = _run(
        lambda _: {
            "password": "hunter22",
            "login": Login(user="geheim99", password=SecretStr("geheim99")),
            "seen": [
                "hunter22 and geheim99 and from-env-1",
                {"hunter22": 1},
                b"hunter22",
                ("hunter22", {"hunter22"}),
            ],
        }
    )
    found = _returned(_redactor("**.password", API_TOKEN="from-env-1").run(run))
    texts = repr(found) + repr(found["login"].password.get_secret_value())
    assert not any(secret in texts for secret in ("hunter22", "geheim99", "from-env-1"))
    token = found["password"]
    assert TOKEN.fullmatch(token)
    assert found["seen"][1:] == [{token: 1}, token.encode(), (token, {token})]
    assert found["login"].user == found["login"].password.get_secret_value()


def test_classes_stay_where_the_class_lets_them() -> None:
    run = _run(lambda _: [Card("4111", SecretStr("999x")), Login(user="kim", password=SecretStr("geheim99"))])
    card, login = _returned(_redactor().run(run))
    assert (type(card), card.number, type(card.cvc)) == (Card, "4111", SecretStr)
    assert (type(login), login.user, type(login.password)) == (Login, "kim", SecretStr)
    assert TOKEN.fullmatch(card.cvc.get_secret_value())


def test_a_field_annotated_as_a_secret_is_one_whatever_stands_in_it() -> None:
    run = _run(lambda _: Card("4111", "plain-text"))  # type: ignore[arg-type]
    assert TOKEN.fullmatch(_returned(_redactor().run(run)).cvc)


def test_two_secrets_still_differ_and_the_finding_keeps_its_name() -> None:
    run = _run(
        lambda _: {"pin": 4711, "s": SecretStr("old1")}, lambda _: {"pin": 4712, "s": SecretStr("new1")}
    )
    done = _redactor("**.pin").run(run)
    assert [found.place for found in done.divergences] == ["result.pin", "result.s._secret_value"]
    for found, before in zip(done.divergences, run.divergences, strict=True):
        assert TOKEN.fullmatch(found.legacy)
        assert TOKEN.fullmatch(found.candidate)
        assert found.legacy != found.candidate
        assert fingerprint_of("trade", found) == fingerprint_of("trade", before)


@pytest.mark.parametrize(
    "error",
    [
        lambda: ValueError("hunter22 is wrong"),
        lambda: KeyError("hunter22"),
        lambda: OSError(2, "no such file", "/home/hunter22/x"),
        lambda: Odd(3, "hunter22"),
        lambda: UnicodeDecodeError("utf-8", b"\xff hunter22", 0, 1, "hunter22"),
        lambda: ExceptionGroup("hunter22", [ValueError("hunter22")]),
    ],
)
def test_an_exception_tells_no_secret_and_keeps_its_name(error: Callable[[], Exception]) -> None:
    def fail(_: Trade) -> None:
        raise error()

    run = _run(fail)
    before, after = _raised(run), _raised(_redactor(SOME_SECRET="hunter22").run(run))
    assert type(after).__qualname__ == type(before).__qualname__
    assert "hunter22" not in f"{after} {after!r} {vars(after)}"


def test_effects_reads_tape_key_and_tags_are_redacted_and_the_world_stays() -> None:
    def path(desk: Trade) -> str:
        desk.broker.submit("client-4711", "SPY", "BUY", 3)
        desk.mailbox.send("client-4711", "for client-4711")
        return desk.broker.submit.__name__

    run = _run(path, key=lambda day: "client-4711", tags=lambda day: ("tag client-4711",))
    done = _redactor("effects.broker.submit[*].client_id").run(run)
    assert "client-4711" not in f"{done.legacy} {done.candidate} {done.tags} {done.key} {done.divergences}"
    assert all(
        "client-4711" not in repr((entry.args, entry.kwargs, entry.key)) for entry in done.tape.entries
    )
    assert done.world == run.world
    assert done.tape.entries[0].key == ("SPY", "BUY")


def test_a_whole_place_is_redacted_with_everything_below() -> None:
    run = _run(
        lambda _: {"account": {"iban": "DE99 1234", "n": [1, 2]}, "note": "to DE99 1234", "list": [5, 6]}
    )
    found = _returned(_redactor("result.account", "result.list[1]").run(run))
    assert TOKEN.fullmatch(found["account"])
    assert "DE99" not in found["note"]
    assert found["list"][0] == 5
    assert TOKEN.fullmatch(found["list"][1])


def test_a_number_that_became_a_text_cannot_become_a_scenario_and_says_where() -> None:
    run = _run(lambda desk: [desk.broker.submit("a", "SPY", "BUY", 4711).status])
    done = _redactor("effects.broker.submit[*].quantity").run(run)
    with pytest.raises(CodecError, match=r"effects\.broker\.submit\[\*\]\.quantity: int was redacted"):
        to_line(scenario_of(done), Codec())


def test_short_secrets_are_found_as_words_and_none_as_parts_of_numbers() -> None:
    run = _run(lambda _: {"pin": "4711", "text": "4711, 147110, a4711", "no": "1", "one": {"pin": "1"}})
    found = _returned(_redactor("**.pin").run(run))
    assert found["text"].endswith(", 147110, a4711")
    assert not found["text"].startswith("4711")
    assert found["no"] == "1"


def test_what_contains_itself_ends() -> None:
    def path(_: Trade) -> Any:
        ring: list[Any] = ["hunter22"]
        ring.append(ring)
        return ring

    assert "hunter22" not in repr(_returned(_redactor(SOME_SECRET="hunter22").run(_run(path))))


@pytest.mark.parametrize(
    ("environment", "known"),
    [
        ({"GITHUB_TOKEN": "abcdef"}, True),
        ({"aws_secret_access_key": "abcdef"}, True),
        ({"DB_PASSWD": "abcdef"}, True),
        ({"DATABASE_URL": "postgres://me:abcdef@host/x"}, True),
        ({"GITHUB_TOKEN": "abcde"}, False),
        ({"TOKEN_FILE": "abcdef"}, False),
        ({"PWD": "abcdef"}, False),
        ({"HOME": "abcdef"}, False),
    ],
)
def test_the_environment_says_by_its_names_what_is_secret(
    environment: Mapping[str, str], known: bool
) -> None:
    text = Redactor.of((), environment, None).text("it was abcdef, or abcde")
    assert ("[redacted" in text) is known


def test_a_path_that_begins_nowhere_is_refused() -> None:
    content = {"migration": {"name": "m", "redact": ["**.password", "argument.password"]}}
    with pytest.raises(ConfigurationError, match=r"migration\.redact\[1\].*allowed at its start: arguments"):
        parse_plan(content, "phases.toml")
    with pytest.raises(ConfigurationError, match=r"migration\.redact.*allowed at its start: arguments, self"):
        _redactor("argument.password")


def test_the_key_is_made_once_whoever_asks_and_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "redaction.key"
    with ThreadPoolExecutor(8) as pool:
        tokens = set(pool.map(lambda _: RedactionKey(path).token(b"x"), range(16)))
    assert tokens == {RedactionKey(path).token(b"x")}
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["redaction.key"]
    assert RedactionKey(tmp_path / "other.key").token(b"x") not in tokens


def test_without_a_place_for_the_key_secrets_are_redacted_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file" / "key", tmp_path, tmp_path / "file", None):
        key = RedactionKey(path)
        assert TOKEN.fullmatch(key.token(b"x"))
        assert key.token(b"x") == key.token(b"x") != key.token(b"y")
        assert (key.problem is not None) is (path is not None)


def test_nothing_is_written_where_nothing_is_redacted(tmp_path: Path) -> None:
    redactor = Redactor.for_project((), tmp_path, {})
    redactor.run(_run(lambda _: 1))
    assert list(tmp_path.iterdir()) == []
