"""`migration.use("redis")`: what every pack holds, sync and awaited, and what a store of keys has besides."""

from __future__ import annotations

import asyncio
import os
import re
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fakeredis
import pytest
import redis
import redis.asyncio

import changeover.packs.redis.commands as table
from changeover import Migration, Run
from changeover.packs.host import outside
from tests.changeover.packs.pack_contract import PackContract
from tests.changeover.packs.redis_commands import lines

DATABASE = 6 + 2 * (int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 5)
"""Of the server on this machine, with the next one; each process of the tests has its own two."""


def server() -> Any:
    """A client of the server on this machine, of an empty database; skips where there is none."""
    client = redis.Redis(db=DATABASE, socket_connect_timeout=1)
    try:
        client.flushdb()
    except redis.ConnectionError as error:
        pytest.skip(f"no Redis answers on this machine: {error}")
    return client


class RedisContract(PackContract):
    """A program that keeps a list and a value in a store."""

    failure = redis.ResponseError
    client: Any

    def begin(self) -> None:
        self.client = self.made()
        self.client.set("name", "Ada")

    def made(self) -> Any:
        """A client whose store is empty."""
        raise NotImplementedError

    def end(self) -> None:
        self.client.close()

    def use(self, migration: Migration) -> None:
        migration.use("redis")

    def read(self) -> Any:
        return self.client.get("name")

    def act(self, number: int) -> Any:
        return self.client.rpush("acts", number)

    def fail(self) -> Any:
        return self.client.llen("name")

    def acts(self) -> int:
        return int(self.client.llen("acts"))


class TestClient(RedisContract):
    """Its pool is open before any run."""

    def made(self) -> Any:
        return server()


class TestAwaitedClient(RedisContract):
    """The same store over redis.asyncio."""

    def made(self) -> Any:
        return server()

    def read(self) -> Any:
        return asyncio.run(self.read_async())

    def act(self, number: int) -> Any:
        return asyncio.run(self.act_async(number))

    async def read_async(self) -> Any:
        async with redis.asyncio.Redis(db=DATABASE) as client:
            return await client.get("name")

    async def act_async(self, number: int) -> Any:
        async with redis.asyncio.Redis(db=DATABASE) as client:
            return await client.rpush("acts", number)

    def fail(self) -> Any:
        async def failing() -> Any:
            async with redis.asyncio.Redis(db=DATABASE) as client:
                return await client.llen("name")

        return asyncio.run(failing())


class TestUsualMock(RedisContract):
    """fakeredis is below the port."""

    def made(self) -> Any:
        return fakeredis.FakeRedis()


class TestPipeline(RedisContract):
    """What a pipeline collects is asked at once."""

    def made(self) -> Any:
        return server()

    def read(self) -> Any:
        return self.client.pipeline(transaction=False).get("name").llen("none").execute()

    def act(self, number: int) -> Any:
        return self.client.pipeline().rpush("acts", number).set(f"act {number}", 1).execute()

    def fail(self) -> Any:
        return self.client.pipeline().get("name").llen("name").execute()

    async def read_async(self) -> Any:
        async with redis.asyncio.Redis(db=DATABASE) as client, client.pipeline() as pipe:
            return await pipe.get("name").llen("none").execute()

    async def act_async(self, number: int) -> Any:
        async with redis.asyncio.Redis(db=DATABASE) as client, client.pipeline() as pipe:
            return await pipe.rpush("acts", number).set(f"act {number}", 1).execute()


@pytest.fixture
def client() -> Iterator[Any]:
    made = server()
    made.set("name", "Ada")
    yield made
    made.close()


def run_of(legacy: Callable[[], Any], candidate: Callable[[], Any]) -> tuple[Any, Run]:
    """What the caller got, and the run."""
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)
    migration.use("redis")
    answer = migration.seam("s", legacy=lambda _: legacy(), candidate=lambda _: candidate())(1)
    return answer, runs[-1]


def meddle(line: str) -> None:
    """Somebody else, of whom no run knows anything, does this."""
    with socket.create_connection(("localhost", 6379), timeout=5) as other, other.makefile("rb") as told:
        other.sendall(f"SELECT {DATABASE}\r\n{line}\r\n".encode())
        assert [told.readline(), told.readline()] == [b"+OK\r\n", b"+OK\r\n"]


def awaited(client: Any, work: Callable[[Any], Any]) -> Any:
    """What work gives with an awaited client of the same database."""

    async def ran() -> Any:
        async with redis.asyncio.Redis(db=DATABASE) as other:
            return await work(other)

    return asyncio.run(ran())


def test_a_sync_client_against_an_awaited_one_is_the_same_work(client: Any) -> None:
    def plain() -> Any:
        client.hset("h", mapping={"a": 1, "b": 2})
        return client.hgetall("h")

    async def other(awaiting: Any) -> Any:
        await awaiting.hset("h", mapping={"a": 1, "b": 2})
        return await awaiting.hgetall("h")

    answer, run = run_of(plain, lambda: awaited(client, other))
    assert (answer, run.verdict) == ({b"a": b"1", b"b": b"2"}, "match"), run.divergences or run.reason


def test_what_was_written_differs_by_the_argument(client: Any) -> None:
    _, run = run_of(lambda: client.hset("h", "paid", 1), lambda: client.hset("h", "paid", 2))
    assert [(one.place, one.legacy, one.candidate) for one in run.divergences] == [
        (f"effects.redis.write[HSET,h,localhost:6379/{DATABASE}].arguments[1]", "1", "2")
    ]


def test_texts_numbers_and_bytes_are_what_they_are_on_the_wire(client: Any) -> None:
    _, run = run_of(lambda: client.set("k", 5), lambda: client.set(b"k", b"5"))
    assert run.verdict == "match", run.divergences or run.reason


def test_a_value_that_ends_is_the_same_in_either_spelling(client: Any) -> None:
    _, run = run_of(
        lambda: client.set("name", "Bob", ex=60), lambda: client.execute_command("SETEX", "name", 60, "Bob")
    )
    assert run.verdict == "match", run.divergences or run.reason
    _, run = run_of(
        lambda: client.execute_command("PSETEX", "name", 500, "Bob"),
        lambda: client.set("name", "Bob", px=501),
    )
    assert run.verdict == "unsafe"


ORDERS = {
    "fields": (("HSET", "h", "a", 1, "b", 2), ("HSET", "h", "b", 2, "a", 1)),
    "keys that are set": (("MSET", "a", 1, "b", 2), ("MSET", "b", 2, "a", 1)),
    "members": (("SADD", "s", "a", "b"), ("SADD", "s", "b", "a")),
    "members that go": (("SREM", "s", "a", "b"), ("SREM", "s", "b", "a")),
    "fields that go": (("HDEL", "h", "a", "b"), ("HDEL", "h", "b", "a")),
    "ranked members that go": (("ZREM", "z", "a", "b"), ("ZREM", "z", "b", "a")),
    "keys that go": (("DEL", "a", "name"), ("DEL", "name", "a")),
    "keys that are asked for": (("EXISTS", "a", "name"), ("EXISTS", "name", "a")),
}


@pytest.mark.parametrize("is_one_pipeline", [False, True], ids=["one by one", "a pipeline"])
@pytest.mark.parametrize("kind", ORDERS)
def test_what_has_no_order_for_the_server_is_the_same_in_any(
    client: Any, kind: str, is_one_pipeline: bool
) -> None:
    def sends(words: tuple[Any, ...]) -> Any:
        if is_one_pipeline:
            return client.pipeline().execute_command(*words).execute()
        return client.execute_command(*words)

    legacy, candidate = ORDERS[kind]
    _, run = run_of(lambda: sends(legacy), lambda: sends(candidate))
    assert run.verdict == "match", run.divergences or run.reason


@pytest.mark.parametrize(
    ("legacy", "candidate"),
    [
        (("RPUSH", "l", "a", "b"), ("RPUSH", "l", "b", "a")),
        (("HSET", "h", "a", 1, "a", 2), ("HSET", "h", "a", 2, "a", 1)),
        (("HSET", "h", "a", 1, "b", 2), ("HSET", "h", "a", 2, "b", 1)),
        (("SADD", "s", "a", "b"), ("SADD", "s", "a")),
    ],
)
def test_where_the_order_says_something_it_is_compared(
    client: Any, legacy: tuple[Any, ...], candidate: tuple[Any, ...]
) -> None:
    _, run = run_of(lambda: client.execute_command(*legacy), lambda: client.execute_command(*candidate))
    assert run.verdict == "unsafe"


def test_another_database_is_another_place(client: Any) -> None:
    elsewhere = redis.Redis(db=DATABASE + 1)
    _, run = run_of(lambda: client.set("k", 5), lambda: elsewhere.set("k", 5))
    assert (run.verdict, elsewhere.get("k")) == ("unsafe", None)


def test_a_write_to_one_key_takes_no_answer_from_another_key(client: Any) -> None:
    def reads_first() -> Any:
        found = client.get("name")
        client.set("seen", 1)
        return found

    def writes_first() -> Any:
        client.set("seen", 1)
        return client.get("name")

    assert run_of(reads_first, writes_first)[1].verdict == "match"


def test_no_answer_is_given_from_across_a_write_to_its_own_key(client: Any) -> None:
    def reads_first() -> Any:
        found = client.get("name")
        client.set("name", "Grace")
        return found

    def writes_first() -> Any:
        client.set("name", "Grace")
        return client.get("name")

    _, run = run_of(reads_first, writes_first)
    assert run.verdict == "failed"
    assert "GET" in str(run.reason)


def test_a_script_may_have_written_any_key(client: Any) -> None:
    def reads_first() -> Any:
        found = client.get("name")
        client.eval("return redis.call('set', KEYS[1], 1)", 1, "seen")
        return found

    def runs_first() -> Any:
        client.eval("return redis.call('set', KEYS[1], 1)", 1, "seen")
        return client.get("name")

    assert run_of(reads_first, reads_first)[1].verdict == "match"
    assert run_of(reads_first, runs_first)[1].verdict == "failed"


def test_a_registered_script_is_loaded_and_run_by_both_paths(client: Any) -> None:
    client.script_flush()
    script = client.register_script("return redis.call('incr', KEYS[1])")

    def path() -> Any:
        return script(keys=["count"])

    answer, run = run_of(path, path)
    assert (answer, client.get("count")) == (1, b"1")
    assert run.verdict == "match", run.divergences or run.reason


def test_a_transaction_that_watches_is_tried_again_by_both_paths(client: Any) -> None:
    def path() -> Any:
        def more(pipe: Any) -> None:
            found = int(pipe.get("count"))
            if tries:
                with outside():  # it is none of what the path does
                    meddle(tries.pop())
            pipe.multi()
            pipe.set("count", found + 1)

        return client.transaction(more, "count")

    tries = ["SET count 10"]
    client.set("count", 1)
    answer, run = run_of(path, path)
    assert (answer, client.get("count"), run.verdict) == ([True], b"11", "match"), (
        run.divergences or run.reason
    )


def test_an_error_among_the_answers_of_a_pipeline_comes_back_as_one(client: Any) -> None:
    def path() -> Any:
        pipe = client.pipeline(transaction=False)
        found = pipe.set("a", 1).incr("name").get("name").execute(raise_on_error=False)
        return [str(one) if isinstance(one, redis.ResponseError) else one for one in found]

    answer, run = run_of(path, path)
    assert answer[1].startswith("value is not an integer")
    assert run.verdict == "match", run.divergences or run.reason


def test_a_pipeline_is_empty_after_a_replay_as_after_a_call(client: Any) -> None:
    def path() -> Any:
        pipe = client.pipeline()
        pipe.set("a", 1).execute()
        return len(pipe), pipe.execute()

    answer, run = run_of(path, path)
    assert (answer, run.verdict) == ((0, []), "match"), run.divergences or run.reason


def test_nothing_of_a_lock_differs_but_its_token(client: Any) -> None:
    def path() -> Any:
        with client.lock("order", timeout=5):
            return client.get("name")

    answer, run = run_of(path, path)
    assert (answer, client.exists("order")) == (b"Ada", 0)
    assert all(re.fullmatch("[0-9a-f]{32}", str(one.legacy)) for one in run.divergences), run.divergences
    assert run.divergences


def test_a_command_that_waits_answers_a_replay_at_once(client: Any) -> None:
    client.rpush("jobs", "a")

    def path() -> Any:
        return client.blpop("jobs", timeout=1), client.blpop("none", timeout=0.05)

    answer, run = run_of(path, path)
    assert (answer, run.verdict) == (((b"jobs", b"a"), None), "match"), run.divergences or run.reason


def test_one_who_asks_once_more_without_changing_anything_is_no_difference(client: Any) -> None:
    def path() -> Any:
        return client.ping(), client.config_get("maxmemory"), client.exists("name"), client.ttl("name")

    def twice() -> Any:
        return path() and path()

    assert run_of(path, twice)[1].verdict == "match"


def test_a_subscription_is_not_compared(client: Any) -> None:
    def path() -> Any:
        listening = client.pubsub()
        listening.subscribe("news")
        found = listening.get_message(timeout=1)
        listening.close()
        return found["type"]

    answer, run = run_of(path, path)
    assert (answer, run.verdict) == ("subscribe", "failed")
    assert "a subscription of redis" in str(run.reason)


def test_what_is_published_is_an_effect(client: Any) -> None:
    assert (
        run_of(lambda: client.publish("news", "a"), lambda: client.publish("news", "a"))[1].verdict == "match"
    )
    assert (
        run_of(lambda: client.publish("news", "a"), lambda: client.publish("news", "b"))[1].verdict
        == "unsafe"
    )


def test_a_client_that_makes_texts_is_answered_with_texts(client: Any) -> None:
    texts = redis.Redis(db=DATABASE, decode_responses=True)
    client.hset("h", "a", "b")

    def path(asked: Any) -> Any:
        return {str(key, "utf-8") if isinstance(key, bytes) else key for key in asked.hgetall("h")}

    assert run_of(lambda: path(client), lambda: path(texts))[1].verdict == "match"
    _, run = run_of(lambda: path(texts), lambda: path(client))
    assert run.verdict == "failed"
    assert "gives bytes" in str(run.reason)


def test_tasks_at_the_same_time_have_epochs_by_key_as_well(client: Any) -> None:
    def tasks(reads_first: bool) -> Any:
        async def one(store: Any, number: int) -> Any:
            found = await store.get("name") if reads_first else None
            await store.set(f"seen {number}", 1)
            return found or await store.get("name")

        async def both(store: Any) -> Any:
            return await asyncio.gather(one(store, 1), one(store, 2))

        return awaited(client, both)

    answer, run = run_of(lambda: tasks(reads_first=True), lambda: tasks(reads_first=False))
    assert (answer, run.verdict) == ([b"Ada", b"Ada"], "match"), run.divergences or run.reason


def test_the_same_words_that_are_read_in_another_way_are_another_question(client: Any) -> None:
    client.zadd("z", {"a": 2.0})

    def path(cast: Any) -> Any:
        return client.zrange("z", 0, -1, withscores=True, score_cast_func=cast)

    assert run_of(lambda: path(int), lambda: path(int))[1].verdict == "match"
    assert run_of(lambda: path(int), lambda: path(str))[1].verdict == "failed"


def test_a_method_of_an_object_that_holds_a_client_is_a_seam_as_any_other(client: Any) -> None:
    class Shop:
        def __init__(self) -> None:
            self.store = client
            self.seen = 0

        def place(self, order: str) -> Any:
            self.seen += 1
            return self.store.rpush("orders", order)

    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_PLACE": "shadow"}, sink=runs.append)
    migration.use("redis")
    seam = migration.seam("place", legacy=Shop.place, candidate=Shop.place)
    shop = Shop()
    assert (seam(shop, "a"), shop.seen, client.llen("orders")) == (1, 1, 1)
    assert runs[-1].verdict == "match", runs[-1].divergences or runs[-1].reason


def test_the_table_is_what_a_server_says(client: Any) -> None:
    """Commands of other versions are in no table of this server; those of both are said alike."""
    kept = Path(table.__file__).with_name("commands.txt").read_text().splitlines()
    known = {line.split()[0]: line for line in kept if not line.startswith("#")}
    told = {line.split()[0]: line for line in lines(client)}
    both = known.keys() & told.keys()
    assert len(both) > 300
    assert {name: known[name] for name in both} == {name: told[name] for name in both}


def test_a_command_that_no_table_has_is_an_effect_that_may_change_anything() -> None:
    command = table.command_of(("JSON.SET", "a", "$", "1"))
    assert (command.is_read, command.touches(("JSON.SET", "a", "$", "1"))) == (False, None)
