"""Redaction gives new objects: whatever the program can reach is as it was before."""

from __future__ import annotations

import logging
import re
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from changeover.redaction.finder import Finder
from changeover.redaction.key import RedactionKey
from changeover.redaction.masking import Redacting
from changeover.redaction.redact_paths import RedactPaths
from changeover.values.content_key import same_content
from changeover.values.copying import snapshot

SECRET = "hunter22-4711"


class Settings:
    """Is its own copy, as what is copied by its name is."""

    def __init__(self) -> None:
        self.key = SECRET

    def __reduce__(self) -> str:
        return "SETTINGS"

    def __copy__(self) -> Settings:
        return self

    def __deepcopy__(self, memo: object) -> Settings:
        return self


SETTINGS = Settings()


class Registry(dict[str, Any]):
    """A dict that is its own copy."""

    def __copy__(self) -> Registry:
        return self

    def copy(self) -> Registry:
        return self


class Order:
    def __init__(self) -> None:
        self.secret = SECRET
        self.log = logging.getLogger("shop.orders")
        self.notes = [SECRET]

    @cached_property
    def label(self) -> str:
        return f"order {self.secret}"


class Watched:
    """Counts who sets an attribute of it."""

    def __init__(self) -> None:
        self.__dict__["sets"] = 0
        self.__dict__["secret"] = SECRET

    def __setattr__(self, name: str, value: object) -> None:
        self.__dict__["sets"] += 1
        self.__dict__[name] = value


class Extended(BaseModel):
    model_config = ConfigDict(extra="allow")
    number: int


class Lost(Exception):
    def __init__(self, where: str) -> None:
        super().__init__(where, [SECRET])
        self.where = where


def _order() -> Order:
    made = Order()
    assert made.label
    return made


def _ring() -> Any:
    made: dict[str, Any] = {"secret": SECRET, "harmless": {"a": 1}}
    made["self"] = made
    return made


VALUES: dict[str, Callable[[], Any]] = {
    "what is its own copy": lambda: SETTINGS,
    "a dict that is its own copy": lambda: Registry(a=SECRET),
    "an object with a logger and a kept property": _order,
    "an object that counts what is set": Watched,
    "a model with extras": lambda: Extended(number=1, more=[SECRET]),  # type: ignore[call-arg]
    "an exception": lambda: Lost(SECRET),
    "an ordered dict": lambda: OrderedDict(a=[SECRET]),
    "a dict that makes values": lambda: defaultdict(list, {"a": [SECRET]}),
    "a view": lambda: MappingProxyType({"a": [SECRET]}),
    "a tuple of lists": lambda: ([SECRET], {SECRET}, {SECRET: 1}),
    "a dict that contains itself": _ring,
    "a path": lambda: Path(SECRET),
}


def _redacted(value: Any) -> tuple[Any, Redacting]:
    redacting = Redacting(RedactPaths([]), frozenset({SECRET}), RedactionKey(None).token)
    return redacting.value(value), redacting


@pytest.mark.parametrize("name", VALUES)
def test_no_object_that_the_program_can_reach_is_changed(name: str) -> None:
    value = VALUES[name]()
    reachable = [value, logging.getLogger("shop.orders").__dict__.copy(), SETTINGS.__dict__.copy()]
    before = [snapshot(value) if name != "what is its own copy" else None, *map(dict, reachable[1:])]
    done, _ = _redacted(value)
    assert done is not value
    assert SECRET not in repr(done)
    if before[0] is not None:
        assert same_content(value, before[0])
    assert logging.getLogger("shop.orders").__dict__ == before[1]
    assert SETTINGS.__dict__ == before[2] == {"key": SECRET}
    if isinstance(value, Watched):
        assert vars(value) == {"sets": 0, "secret": SECRET}


@pytest.mark.parametrize("name", [name for name in VALUES if name != "a path"])
def test_a_redacted_value_keeps_its_class(name: str) -> None:
    value = VALUES[name]()
    assert type(_redacted(value)[0]) is type(value)


def test_what_leads_back_to_itself_and_holds_no_secret_is_the_same_object() -> None:
    value: dict[str, Any] = {"a": 1}
    value["self"] = value
    assert _redacted(value)[0] is value


def test_what_is_shared_in_a_value_is_redacted_once_and_shared() -> None:
    shared = [SECRET]
    one, other = _redacted([shared, shared])[0]
    assert one is other is not shared


@pytest.mark.parametrize(
    ("secrets", "text", "done"),
    [
        ({"hunter22"}, "see hunter22!", "see *!"),
        ({"4711"}, "4711 and 147110", "* and 147110"),
        ({"geheim", "geheim99"}, "geheim99geheim", "**"),
        ({"a b/c"}, "x=a%20b%2Fc&y=a+b%2Fc", "x=*&y=*"),
        ({"hunter22"}, "none", "none"),
    ],
)
def test_secrets_are_found_in_every_form_the_longest_first(secrets: set[str], text: str, done: str) -> None:
    assert Finder(secrets).masked(text, lambda _: "*") == done


def test_many_secrets_are_looked_for_without_a_pattern_for_each_run(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[object] = []
    original = re.compile

    def counted(*args: Any, **rest: Any) -> Any:
        compiled.append(args)
        return original(*args, **rest)

    monkeypatch.setattr(re, "compile", counted)
    for run in range(3):
        rows = [{"id": number, "password": f"geheim-{run}-{number}"} for number in range(50)]
        redacting = Redacting(RedactPaths(["result[*].password"]), frozenset(), RedactionKey(None).token)
        redacting.value(rows, redacting.paths.step(redacting.paths.start, "result"))
        again = Redacting(redacting.paths, frozenset(redacting.found), RedactionKey(None).token)
        again.value(rows)
        assert len(redacting.found) == 50
    assert not [args for args in compiled if "geheim" in str(args)]
