"""A key function gets what a call means, however the call was made, also where it takes fewer arguments."""

from collections.abc import Callable
from typing import Any

import pytest

from changeover import Migration, Run


class Client:
    def get(self, a: int, b: int = 1, *, c: int = 2) -> int:
        return a

    def put(self, a: int, b: int = 1, *, c: int = 2) -> None:
        pass

    def send(self, a: int, b: int = 1, **more: int) -> None:
        pass


KEYS: dict[str, Callable[..., object]] = {
    "the first": lambda a: a,
    "both in order": lambda a, b: (a, b),
    "the second alone": lambda b: b,
    "names of its own": lambda one, two: (one, two),
}
TAKES_ALL: dict[str, Callable[..., object]] = {
    "all by name": lambda **given: sorted(given.items()),
    "one and the others by name": lambda a, **given: (a, sorted(given.items())),
}
ONE_WAY: Callable[[Client, str, int], Any] = lambda client, method, n: getattr(client, method)(n)  # noqa: E731
WAYS: dict[str, Callable[[Client, str, int], Any]] = {
    "defaults passed": lambda client, method, n: getattr(client, method)(n, 1),
    "by name": lambda client, method, n: getattr(client, method)(a=n),
    "all by name": lambda client, method, n: getattr(client, method)(b=1, a=n),
}


def _run(key: Callable[..., object], method: str, way: Callable[[Client, str, int], Any]) -> Run:
    class Mine(Client):
        pass

    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append, mode="inline")
    keys = {name: key if name == method else None for name in ("get",)}
    effects = {name: key if name == method else (lambda a: a) for name in ("put", "send")}
    migration.port("client", Mine, reads=keys, effects=effects)
    client = Mine()
    migration.seam(
        "s", legacy=lambda n: ONE_WAY(client, method, n), candidate=lambda n: way(client, method, n)
    )(7)
    return runs[0]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("method", ["get", "put"])
@pytest.mark.parametrize("key", KEYS | TAKES_ALL)
def test_one_call_has_one_key_however_it_is_made(key: str, method: str, way: str) -> None:
    run = _run((KEYS | TAKES_ALL)[key], method, WAYS[way])
    assert (run.verdict, run.reason) == ("match", None)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("key", ["the first", "both in order", "the second alone"])
def test_a_call_of_a_method_that_takes_any_names_has_one_key_as_well(key: str, way: str) -> None:
    run = _run(KEYS[key], "send", WAYS[way])
    assert (run.verdict, run.reason) == ("match", None)
