"""Ways in which async code reaches the outside, on one loop with what it has open; each as in `ways_out`."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.changeover.support import outside_servers
from tests.changeover.support.outside_servers import HOST, http_server, line_server
from tests.changeover.support.process_ways_out import lines_of
from tests.changeover.support.server_ways_out import RABBIT, REDIS
from tests.changeover.support.stores import SERVER

AsyncDeed = Callable[[], Awaitable[Any]]
AsyncSeen = Callable[[], Any]
AsyncReached = tuple[AsyncDeed, AsyncSeen]
AsyncWay = Callable[[Path, Path], AbstractAsyncContextManager[AsyncReached]]
ASYNC_WAYS: dict[str, tuple[str, AsyncWay]] = {}
HERE = "support.async_ways_out"


def way(name: str, client: str) -> Callable[[Callable[[Path, Path], AsyncIterator[AsyncReached]]], AsyncWay]:
    def kept(function: Callable[[Path, Path], AsyncIterator[AsyncReached]]) -> AsyncWay:
        made = asynccontextmanager(function)
        ASYNC_WAYS[name] = (client, made)
        return made

    return kept


async def there(name: str, pending: Awaitable[Any]) -> Any:
    try:
        return await pending
    except Exception as error:  # noqa: BLE001  each client raises its own
        pytest.skip(f"there is no {name} here: {error}")


@way("a stream", HERE)
async def stream(folder: Path, certificate: Path) -> AsyncIterator[AsyncReached]:
    with line_server() as (port, seen):
        reader, writer = await asyncio.open_connection(HOST, port)

        async def deed() -> None:
            writer.write(b"x\n")
            await writer.drain()
            await reader.readline()

        yield deed, seen
        writer.close()
        await writer.wait_closed()


@way("a stream over TLS", HERE)
async def tls_stream(folder: Path, certificate: Path) -> AsyncIterator[AsyncReached]:
    context = ssl.create_default_context(cafile=str(certificate))
    with line_server(certificate=certificate) as (port, seen):
        _, writer = await asyncio.open_connection(HOST, port, ssl=context)

        async def deed() -> None:
            writer.writelines([b"x", b"\n"])
            await writer.drain()

        yield deed, seen
        writer.transport.abort()


@way("a local stream", HERE)
async def local_stream(folder: Path, certificate: Path) -> AsyncIterator[AsyncReached]:
    with outside_servers.local_server(folder) as (place, seen):
        _, writer = await asyncio.open_unix_connection(place)

        async def deed() -> None:
            writer.write(b"x\n")
            await writer.drain()

        yield deed, seen
        writer.close()
        await writer.wait_closed()


@way("a transport", HERE)
async def transport(folder: Path, certificate: Path) -> AsyncIterator[AsyncReached]:
    with line_server() as (port, seen):
        one, _ = await asyncio.get_running_loop().create_connection(asyncio.Protocol, HOST, port)

        async def deed() -> None:
            one.write(b"x\n")

        yield deed, seen
        one.close()


@way("a transport over TLS", HERE)
async def tls_transport(folder: Path, certificate: Path) -> AsyncIterator[AsyncReached]:
    context = ssl.create_default_context(cafile=str(certificate))
    with line_server(certificate=certificate) as (port, seen):
        loop = asyncio.get_running_loop()
        one, _ = await loop.create_connection(asyncio.Protocol, HOST, port, ssl=context)

        async def deed() -> None:
            one.write(b"x\n")

        yield deed, seen
        one.abort()


@way("a transport of datagrams", HERE)
async def datagram_transport(folder: Path, certificate: Path) -> AsyncIterator[AsyncReached]:
    with outside_servers.datagram_server() as (port, seen):
        loop = asyncio.get_running_loop()
        one, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, remote_addr=(HOST, port))

        async def deed() -> None:
            one.sendto(b"x")

        yield deed, seen
        one.close()


@way("sendfile of a loop", HERE)
async def loop_sendfile(folder: Path, certificate: Path) -> AsyncIterator[AsyncReached]:
    (folder / "sent").write_bytes(b"x\n")
    with line_server() as (port, seen):
        loop = asyncio.get_running_loop()
        one, _ = await loop.create_connection(asyncio.Protocol, HOST, port)

        async def deed() -> None:
            with (folder / "sent").open("rb") as file:
                await loop.sendfile(one, file)

        yield deed, seen
        one.close()


@way("a socket of a loop", HERE)
async def loop_socket(folder: Path, certificate: Path) -> AsyncIterator[AsyncReached]:
    with line_server() as (port, seen), socket.create_connection((HOST, port)) as one:
        one.setblocking(False)
        loop = asyncio.get_running_loop()

        async def deed() -> None:
            await loop.sock_sendall(one, b"x\n")

        yield deed, seen


@way("a pipe of a loop", HERE)
async def pipe(folder: Path, certificate: Path) -> AsyncIterator[AsyncReached]:
    inner, outer = os.pipe()
    received: list[bytes] = []
    with open(inner, "rb", buffering=0) as read, open(outer, "wb", buffering=0) as write:  # noqa: PTH123
        loop = asyncio.get_running_loop()
        loop.add_reader(inner, lambda: received.append(read.read(1)))
        one, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, write)

        async def deed() -> None:
            one.write(b"x")

        yield deed, lambda: len(received)
        loop.remove_reader(inner)
        one.abort()
        await asyncio.sleep(0)


@way("a process of a loop", "subprocess.Popen")
async def process(folder: Path, certificate: Path) -> AsyncIterator[AsyncReached]:
    async def deed() -> None:
        command = f"echo x >> {folder / 'out'}"
        await (await asyncio.create_subprocess_exec("/bin/sh", "-c", command)).wait()

    yield deed, lines_of(folder / "out")


@way("a job in a thread", "open")
async def job(folder: Path, certificate: Path) -> AsyncIterator[AsyncReached]:
    def write() -> None:
        with (folder / "out").open("a") as file:
            file.write("x\n")

    async def deed() -> None:
        await asyncio.to_thread(write)

    yield deed, lines_of(folder / "out")


@way("httpx, async", "httpx")
async def httpx_client(folder: Path, certificate: Path) -> AsyncIterator[AsyncReached]:
    httpx = pytest.importorskip("httpx")
    with http_server() as (port, seen):
        async with httpx.AsyncClient(base_url=f"http://{HOST}:{port}") as one:
            await one.get("/")
            yield lambda: one.post("/", content=b"x"), seen


@way("httpx, async, over TLS", "httpx")
async def httpx_over_tls(folder: Path, certificate: Path) -> AsyncIterator[AsyncReached]:
    httpx = pytest.importorskip("httpx")
    context = ssl.create_default_context(cafile=str(certificate))
    with http_server(certificate) as (port, seen):
        async with httpx.AsyncClient(base_url=f"https://{HOST}:{port}", verify=context) as one:
            await one.get("/")
            yield lambda: one.post("/", content=b"x"), seen


@way("aiohttp", "aiohttp")
async def aiohttp_session(folder: Path, certificate: Path) -> AsyncIterator[AsyncReached]:
    aiohttp = pytest.importorskip("aiohttp")
    with http_server() as (port, seen):
        async with aiohttp.ClientSession() as one:

            async def ask(method: str, body: bytes | None = None) -> None:
                async with one.request(method, f"http://{HOST}:{port}/", data=body) as response:
                    await response.read()

            await ask("GET")
            yield lambda: ask("POST", b"x"), seen


@way("redis, async", "redis")
async def redis_client(folder: Path, certificate: Path) -> AsyncIterator[AsyncReached]:
    redis = pytest.importorskip("redis.asyncio")
    key = f"changeover-{uuid4()}"
    async with redis.Redis.from_url(REDIS) as one, redis.Redis.from_url(REDIS) as other:
        await there("Redis", one.ping())

        async def seen() -> int:
            return int(await other.get(key) or 0)

        yield lambda: one.incr(key), seen
        await other.delete(key)


@way("psycopg, async", "psycopg")
async def psycopg_connection(folder: Path, certificate: Path) -> AsyncIterator[AsyncReached]:
    psycopg = pytest.importorskip("psycopg")
    table = f"ways_{uuid4().hex}"
    one = await there("PostgreSQL", psycopg.AsyncConnection.connect(SERVER, autocommit=True))
    with psycopg.connect(SERVER, autocommit=True) as other:
        async with one:
            other.execute(f"create table {table} (x int)")
            yield (
                lambda: one.execute(f"insert into {table} values (1)"),  # noqa: S608  a name made here
                lambda: other.execute(f"select count(*) from {table}").fetchone()[0],  # noqa: S608  a name made here
            )
        other.execute(f"drop table {table}")


@way("asyncpg", "asyncpg")
async def asyncpg_connection(folder: Path, certificate: Path) -> AsyncIterator[AsyncReached]:
    asyncpg = pytest.importorskip("asyncpg")
    table = f"ways_{uuid4().hex}"
    one = await there("PostgreSQL", asyncpg.connect(SERVER))
    other = await asyncpg.connect(SERVER)
    await other.execute(f"create table {table} (x int)")
    yield (
        lambda: one.execute(f"insert into {table} values (1)"),  # noqa: S608  a name made here
        lambda: other.fetchval(f"select count(*) from {table}"),  # noqa: S608  a name made here
    )
    await other.execute(f"drop table {table}")
    await one.close()
    await other.close()


@way("aio-pika", "aio_pika")
async def aio_pika_channel(folder: Path, certificate: Path) -> AsyncIterator[AsyncReached]:
    aio_pika = pytest.importorskip("aio_pika")
    one = await there("RabbitMQ", aio_pika.connect(RABBIT))
    async with one, await aio_pika.connect(RABBIT) as other:
        name = f"ways-{uuid4()}"
        channel, asked = await one.channel(), await other.channel()
        await asked.declare_queue(name)

        async def deed() -> None:
            await channel.default_exchange.publish(aio_pika.Message(b"x"), name)

        async def seen() -> int:
            found = await asked.declare_queue(name, passive=True)
            return int(found.declaration_result.message_count)

        yield deed, seen
        await asked.queue_delete(name)


@way("a sync client in a thread", "http.client (requests)")
async def in_a_thread(folder: Path, certificate: Path) -> AsyncIterator[AsyncReached]:
    requests = pytest.importorskip("requests")
    with http_server() as (port, seen), closing(requests.Session()) as one:
        one.get(f"http://{HOST}:{port}/")
        yield lambda: asyncio.to_thread(one.post, f"http://{HOST}:{port}/", b"x"), seen
