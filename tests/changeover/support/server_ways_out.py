"""Ways in which sync code reaches servers of this machine: Redis, PostgreSQL, MySQL and RabbitMQ."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.changeover.support.outside_servers import HOST
from tests.changeover.support.stores import SERVER
from tests.changeover.support.ways_out import Reached, Seen, way

RABBIT = os.environ.get("CHANGEOVER_TEST_RABBITMQ") or "amqp://guest:guest@127.0.0.1:5672/%2f"
REDIS = os.environ.get("CHANGEOVER_TEST_REDIS") or "redis://127.0.0.1:6379/0"
MYSQL = os.environ.get("CHANGEOVER_TEST_MYSQL_USER") or "root"


def server_or_skip(name: str, connect: Callable[[], Any]) -> Any:
    try:
        return connect()
    except Exception as error:  # noqa: BLE001  each client raises its own
        pytest.skip(f"there is no {name} here: {error}")


@way("redis", "redis")
def redis_client(folder: Path, certificate: Path) -> Iterator[Reached]:
    redis = pytest.importorskip("redis")
    key = f"changeover-{uuid4()}"
    with redis.Redis.from_url(REDIS) as one, redis.Redis.from_url(REDIS) as other:
        server_or_skip("Redis", one.ping)
        yield lambda: one.incr(key), lambda: int(other.get(key) or 0)
        other.delete(key)


@way("psycopg", "psycopg")
def psycopg_connection(folder: Path, certificate: Path) -> Iterator[Reached]:
    psycopg = pytest.importorskip("psycopg")
    table = f"ways_{uuid4().hex}"
    one = server_or_skip("PostgreSQL", lambda: psycopg.connect(SERVER, autocommit=True))
    with one, psycopg.connect(SERVER, autocommit=True) as other:
        other.execute(f"create table {table} (x int)")
        yield (
            lambda: one.execute(f"insert into {table} values (1)"),  # noqa: S608  a name made here
            lambda: other.execute(f"select count(*) from {table}").fetchone()[0],  # noqa: S608  a name made here
        )
        other.execute(f"drop table {table}")


@way("pymysql", "pymysql")
def pymysql_connection(folder: Path, certificate: Path) -> Iterator[Reached]:
    pymysql = pytest.importorskip("pymysql")
    base = f"ways_{uuid4().hex}"

    def connect() -> Any:
        return pymysql.connect(host=HOST, user=MYSQL, autocommit=True, connect_timeout=2)

    def said(connection: Any, statement: str) -> Any:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchone()

    with server_or_skip("MySQL", connect) as one, connect() as other:
        said(other, f"create database {base}")
        said(other, f"create table {base}.t (x int)")
        yield (
            lambda: said(one, f"insert into {base}.t values (1)"),  # noqa: S608  a name made here
            lambda: said(other, f"select count(*) from {base}.t")[0],  # noqa: S608  a name made here
        )
        said(other, f"drop database {base}")


@way("pika", "pika")
def pika_channel(folder: Path, certificate: Path) -> Iterator[Reached]:
    pika = pytest.importorskip("pika")
    queue = f"ways-{uuid4()}"

    def connect() -> Any:
        return server_or_skip("RabbitMQ", lambda: pika.BlockingConnection(pika.URLParameters(RABBIT)))

    with connect() as one, connect() as other:
        channel, asked = one.channel(), other.channel()
        asked.queue_declare(queue)
        yield (
            lambda: channel.basic_publish("", queue, b"x"),
            lambda: asked.queue_declare(queue, passive=True).method.message_count,
        )
        asked.queue_delete(queue)


@contextmanager
def rabbit_queue() -> Iterator[tuple[Any, str, Seen]]:
    """A connection of kombu that is open, a queue, and how much is in it."""
    kombu = pytest.importorskip("kombu")
    name = f"ways-{uuid4()}"
    with kombu.Connection(RABBIT) as one, kombu.Connection(RABBIT) as other:
        server_or_skip("RabbitMQ", other.connect)
        queue = kombu.Queue(name, channel=other.default_channel)
        queue.declare()
        yield one, name, lambda: queue.queue_declare(passive=True).message_count
        queue.delete()


@way("kombu", "amqp (kombu)")
def kombu_producer(folder: Path, certificate: Path) -> Iterator[Reached]:
    with rabbit_queue() as (one, queue, seen):
        producer = one.Producer()
        yield lambda: producer.publish({"x": 1}, routing_key=queue), seen


@way("celery", "amqp (celery)")
def celery_app(folder: Path, certificate: Path) -> Iterator[Reached]:
    celery = pytest.importorskip("celery")
    app = celery.Celery("shop", broker=RABBIT, set_as_current=False)
    with rabbit_queue() as (_, queue, seen), app.connection_for_write() as one, one.Producer() as producer:
        one.connect()
        yield lambda: app.send_task("shop.mail", queue=queue, producer=producer), seen
