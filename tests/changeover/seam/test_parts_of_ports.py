"""Objects that a port holds (`client.orders`): what acts through them past every port is never a match."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import cached_property
from typing import Any

import pytest

from changeover import Migration, Run
from changeover.evidence.scenario_replay import codec_of, replayed_scenarios
from changeover.record.scenario_file import from_line, scenario_of, to_line
from changeover.values.verdict import Verdict


class Table:
    """A part of a client."""

    def __init__(self, client: Any, rows: list[Any]) -> None:
        self.client, self.rows, self.count, self.limits = client, rows, 0, {"a": 7}

    def create(self, number: int) -> bool:
        self.rows.append(("create", number))
        return True

    async def create_later(self, number: int) -> bool:
        await asyncio.sleep(0)
        self.rows.append(("create", number))
        return True

    def create_in_client(self, number: int) -> bool:
        self.client.rows.append(("create", number))
        return True

    def counts(self, number: int) -> bool:
        self.count += 1
        return True

    def limit(self, number: int) -> int:
        found = {}
        found["limit"] = self.limits["a"] + number
        return found["limit"]

    def through_port(self, number: int) -> str:
        return str(self.client.post(number))


class Below:
    def __init__(self, client: Any, rows: list[Any]) -> None:
        self.table = Table(client, rows)

    def nothing(self) -> None:
        """So that it is an object with methods."""


def made() -> Any:
    """A class of clients of its own, so that no test meets the port of another one."""

    class Client:
        def __init__(self) -> None:
            self.rows: list[Any] = []
            self.table = Table(self, self.rows)
            self.v1 = Below(self, self.rows)
            self._lazy: Table | None = None

        def post(self, number: int) -> str:
            self.rows.append(("post", number))
            return "posted"

        @property
        def lazy(self) -> Table:
            if self._lazy is None:
                self._lazy = Table(self, self.rows)
            return self._lazy

        @property
        def anew(self) -> Table:
            return Table(self, self.rows)

        @cached_property
        def cached(self) -> Table:
            return Table(self, self.rows)

        @property
        def next_number(self) -> int:
            self.rows.append(("number", 1))
            return len(self.rows)

        def __getattr__(self, name: str) -> Any:
            if name.startswith("_"):
                raise AttributeError(name)
            return Table(self, self.rows)

    return Client


def at_table(client: Any) -> Any:
    return client.table


def two_below(client: Any) -> Any:
    return client.v1.table


def made_lazily(client: Any) -> Any:
    return client.lazy


def made_anew(client: Any) -> Any:
    return client.anew


def kept_when_asked(client: Any) -> Any:
    return client.cached


def of_no_name(client: Any) -> Any:
    return client.anything


WAYS = [at_table, two_below, made_lazily, made_anew, kept_when_asked, of_no_name]
Way = Callable[[Any], Any]


def declared(migration: Migration, cls: Any, what: str) -> Any:
    """The client whose class, or that itself, is the port."""
    if what == "class, made before":
        client = cls()
        migration.port("shop", cls, effects={"post"})
        return client
    if what == "class, made after":
        migration.port("shop", cls, effects={"post"})
        return cls()
    client = cls()
    migration.port("shop", client, effects={"post"})
    return client


PORTS = ["class, made before", "class, made after", "object"]


def compared(
    legacy: Callable[[Any, int], Any],
    candidate: Callable[[Any, int], Any],
    *,
    port: str = "object",
    mode: str = "inline",
    stage: str = "shadow",
    is_async: bool = False,
) -> tuple[Run, Any]:
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": stage}, refresh_s=0, sink=runs.append, mode=mode)
    client = declared(migration, made(), port)

    def path(does: Callable[[Any, int], Any]) -> Any:
        if not is_async:
            return lambda number: does(client, number)

        async def awaited(number: int) -> Any:
            return await does(client, number)

        return awaited

    answer: Any = migration.seam("s", legacy=path(legacy), candidate=path(candidate))(3)
    if is_async:
        asyncio.run(answer)
    migration.flush()
    migration.close()
    return runs[0], client


def calls(way: Way, method: str, more: int = 0) -> Callable[[Any, int], Any]:
    return lambda client, number: getattr(way(client), method)(number + more)


def nothing(client: Any, number: int) -> bool:
    return True


@pytest.mark.parametrize("mode", ["inline", "background"])
@pytest.mark.parametrize("port", PORTS)
@pytest.mark.parametrize("method", ["create", "create_in_client"])
@pytest.mark.parametrize("way", WAYS)
def test_what_acts_there_acts_once_and_is_no_match(way: Way, method: str, port: str, mode: str) -> None:
    same = calls(way, method)
    for legacy, candidate in ((same, same), (same, calls(way, method, 1)), (same, nothing)):
        run, client = compared(legacy, candidate, port=port, mode=mode)
        assert run.verdict is Verdict.FAILED
        assert "shop." in str(run.reason)
        assert method in str(run.reason)
        assert client.rows == [("create", 3)]


@pytest.mark.parametrize("stage", ["shadow", "live"])
@pytest.mark.parametrize("port", PORTS)
@pytest.mark.parametrize("way", WAYS)
def test_what_only_the_replayed_path_does_there_is_refused(way: Way, port: str, stage: str) -> None:
    acts, looks = calls(way, "create"), nothing
    sides = (looks, acts) if stage == "shadow" else (acts, looks)
    run, client = compared(*sides, port=port, stage=stage)
    assert run.verdict is Verdict.FAILED
    assert "create" in str(run.reason)
    assert client.rows == []


@pytest.mark.parametrize("port", PORTS)
@pytest.mark.parametrize("way", WAYS)
def test_what_is_awaited_there_acts_once(way: Way, port: str) -> None:
    same = calls(way, "create_later")
    run, client = compared(same, same, port=port, is_async=True)
    assert (run.verdict, client.rows) == (Verdict.FAILED, [("create", 3)])


@pytest.mark.parametrize("way", [at_table, two_below, made_lazily, kept_when_asked])
def test_what_counts_there_counts_once(way: Way) -> None:
    run, client = compared(calls(way, "counts"), calls(way, "counts"))
    assert (run.verdict, way(client).count) == (Verdict.FAILED, 1)


@pytest.mark.parametrize("port", PORTS)
@pytest.mark.parametrize("method", ["limit", "through_port"])
@pytest.mark.parametrize("way", WAYS)
def test_what_only_looks_or_calls_a_declared_method_is_compared(way: Way, method: str, port: str) -> None:
    same = calls(way, method)
    run, client = compared(same, same, port=port)
    assert (run.verdict, run.reason) == (Verdict.MATCH, None)
    assert client.rows == ([("post", 3)] if method == "through_port" else [])
    run, client = compared(same, calls(way, method, 1), port=port)
    assert run.verdict is (Verdict.UNSAFE if method == "through_port" else Verdict.DIVERGED)
    run, client = compared(lambda client, number: 10, calls(way, "limit"), port=port)
    assert (run.verdict, run.reason) == (Verdict.MATCH, None)


@pytest.mark.parametrize("port", PORTS)
def test_a_property_that_acts_and_that_nobody_declared_is_no_match(port: str) -> None:
    run, client = compared(
        lambda client, _: client.next_number, lambda client, _: client.next_number, port=port
    )
    assert run.verdict is Verdict.FAILED
    assert 'declare "next_number" of port "shop"' in str(run.reason)
    run, client = compared(lambda client, _: client.next_number, lambda client, _: 1, port=port)
    assert (run.verdict, client.rows) == (Verdict.FAILED, [("number", 1)])


def test_an_object_of_the_same_class_that_no_port_holds_is_nobodys() -> None:
    def path(client: Any, number: int) -> Any:
        own = Table(client, [])
        own.counts(number)
        own.create(number)
        return [own.count, own.rows]

    run, _ = compared(path, path)
    assert (run.verdict, run.reason) == (Verdict.MATCH, None)


def test_a_part_that_is_a_port_of_its_own_is_one() -> None:
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append, mode="inline")
    client = made()()
    migration.port("shop", client, effects={"post"})
    migration.port("table", client.table, effects={"create"})
    migration.seam(
        "s",
        legacy=lambda number: client.table.create(number),
        candidate=lambda number: client.table.create(number + 1),
    )(3)
    assert (runs[0].verdict, client.rows) == (Verdict.UNSAFE, [("create", 3)])


def test_a_stored_run_is_no_match_where_only_the_other_path_acts_there() -> None:
    def migration_of(candidate: Callable[[Any, int], Any], runs: list[Run]) -> tuple[Migration, Any]:
        migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append, mode="inline")
        client = made()()
        migration.port("shop", client, effects={"post"})
        seam = migration.seam(
            "s", legacy=lambda number: True, candidate=lambda number: candidate(client, number)
        )
        return migration, seam

    runs: list[Run] = []
    migration, seam = migration_of(nothing, runs)
    seam(3)
    line = to_line(scenario_of(runs[0]), codec_of(migration))
    migration, _ = migration_of(calls(at_table, "create"), [])
    scenario = from_line(line.encode(), codec_of(migration), migration.runtime.book)
    [(_, run)] = replayed_scenarios(migration, [scenario])
    assert run.verdict is Verdict.FAILED
    assert "shop.table.create" in str(run.reason)


def test_objects_made_later_are_known_to_every_migration_that_has_the_class_as_a_port() -> None:
    cls, clients, runs = made(), list[Any](), list[Run]()

    def path(number: int) -> Any:
        return clients[-1].table.create(number)

    for _ in range(3):
        migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append, mode="inline")
        migration.port("shop", cls, effects={"post"})
        seam = migration.seam("s", legacy=path, candidate=path)
        for _ in range(2):
            clients.append(cls())
            seam(3)
            assert (runs[-1].verdict, clients[-1].rows) == (Verdict.FAILED, [("create", 3)])
