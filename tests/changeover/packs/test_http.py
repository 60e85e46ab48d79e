"""`migration.use("http")`: five libraries, one port; what every pack holds, and what HTTP has besides."""

from __future__ import annotations

import asyncio
import io
import json
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import pytest
import requests
import urllib3

from changeover import Migration, Run
from changeover.errors import DeclarationError
from changeover.packs.http.messages import BODY_MAX
from tests.changeover.packs.counting_server import CountingServer
from tests.changeover.packs.pack_contract import PackContract

CLOSED = "http://127.0.0.1:9/"


class HttpContract(PackContract):
    """A program that asks a server over HTTP."""

    def begin(self) -> None:
        self.server = CountingServer()
        self.open()

    def end(self) -> None:
        self.server.close()

    def open(self) -> None:
        """Open what a program has open before any run."""

    def use(self, migration: Migration) -> None:
        migration.use("http")

    def acts(self) -> int:
        return self.server.posted()


class TestRequests(HttpContract):
    failure = requests.ConnectionError

    def open(self) -> None:
        self.session = requests.Session()
        self.session.get(self.server.url)

    def read(self) -> Any:
        return self.session.get(f"{self.server.url}/read", params={"b": 1, "a": 2}).json()

    def act(self, number: int) -> Any:
        return self.session.post(f"{self.server.url}/act", json={"number": number}).status_code

    def fail(self) -> Any:
        return requests.get("http://host.invalid./", timeout=1)


class TestHttpx(HttpContract):
    failure = httpx.ConnectError

    def open(self) -> None:
        self.client = httpx.Client()
        self.client.get(self.server.url)

    def read(self) -> Any:
        return self.client.get(f"{self.server.url}/read", params={"b": 1, "a": 2}).json()

    def act(self, number: int) -> Any:
        return self.client.post(f"{self.server.url}/act", json={"number": number}).status_code

    def fail(self) -> Any:
        return httpx.get(CLOSED)

    async def read_async(self) -> Any:
        async with httpx.AsyncClient() as client:
            return (await client.get(f"{self.server.url}/read")).json()

    async def act_async(self, number: int) -> Any:
        async with httpx.AsyncClient() as client:
            return (await client.post(f"{self.server.url}/act", json={"number": number})).status_code


class TestUrllib3(HttpContract):
    failure = urllib3.exceptions.HTTPError

    def open(self) -> None:
        self.pool = urllib3.PoolManager()
        self.pool.request("GET", self.server.url)

    def read(self) -> Any:
        return json.loads(self.pool.request("GET", f"{self.server.url}/read?a=1").data)

    def act(self, number: int) -> Any:
        return self.pool.request("POST", f"{self.server.url}/act", fields={"number": str(number)}).status

    def fail(self) -> Any:
        return self.pool.request("GET", CLOSED)


class TestAiohttp(HttpContract):
    failure = aiohttp.ClientConnectorError

    def read(self) -> Any:
        return asyncio.run(self.read_async())

    def act(self, number: int) -> Any:
        return asyncio.run(self.act_async(number))

    def fail(self) -> Any:
        async def failing() -> None:
            async with aiohttp.ClientSession() as session, session.get(CLOSED):
                pass

        asyncio.run(failing())

    async def read_async(self) -> Any:
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{self.server.url}/read", params={"b": "1", "a": "2"}) as found,
        ):
            return await found.json()

    async def act_async(self, number: int) -> Any:
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{self.server.url}/act", json={"number": number}) as found,
        ):
            return found.status


class TestUrllib(HttpContract):
    failure = urllib.error.URLError

    def read(self) -> Any:
        with urllib.request.urlopen(f"{self.server.url}/read") as found:
            return json.loads(found.read())

    def act(self, number: int) -> Any:
        request = urllib.request.Request(f"{self.server.url}/act", data=f"number={number}".encode())
        with urllib.request.urlopen(request) as found:
            return found.status

    def fail(self) -> Any:
        return urllib.request.urlopen(CLOSED)


@pytest.mark.parametrize("reads", ["POST x", ["POST"], [3]])
def test_a_route_that_is_none_is_refused(reads: Any) -> None:
    with pytest.raises(DeclarationError, match="reads was"):
        Migration().use("http", reads=reads)


@pytest.fixture
def server() -> Any:
    made = CountingServer()
    yield made
    made.close()


def run_of(legacy: Any, candidate: Any, **options: Any) -> tuple[Any, Run]:
    """What the caller got, and the run."""
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)
    migration.use("http", **options)
    answer = migration.seam("s", legacy=lambda _: legacy(), candidate=lambda _: candidate())(1)
    return answer, runs[-1]


def by_requests(url: str) -> Any:
    requests.post(f"{url}/act", json={"number": 1})
    return requests.get(f"{url}/read?b=1&a=2").json()


def by_httpx(url: str) -> Any:
    httpx.post(f"{url}/act", json={"number": 1})
    return httpx.get(f"{url}/read", params={"a": 2, "b": 1}).json()


def by_urllib3(url: str) -> Any:
    pool, body = urllib3.PoolManager(), json.dumps({"number": 1})
    pool.request("POST", f"{url}/act", body=body, headers={"Content-Type": "application/json"})
    found = json.loads(pool.request("GET", f"{url}/read?a=2&b=1").data)
    pool.clear()
    return found


def by_urllib(url: str) -> Any:
    body, kind = json.dumps({"number": 1}).encode(), {"Content-Type": "application/json"}
    urllib.request.urlopen(urllib.request.Request(f"{url}/act", data=body, headers=kind)).close()
    with urllib.request.urlopen(f"{url}/read?a=2&b=1") as found:
        return json.loads(found.read())


def by_aiohttp(url: str) -> Any:
    async def asked() -> Any:
        async with aiohttp.ClientSession() as session:
            async with session.post(f"{url}/act", json={"number": 1}):
                pass
            async with session.get(f"{url}/read", params={"b": 1, "a": 2}) as found:
                return await found.json()

    return asyncio.run(asked())


LIBRARIES = [by_requests, by_httpx, by_urllib3, by_urllib, by_aiohttp]


@pytest.mark.parametrize("candidate", LIBRARIES)
@pytest.mark.parametrize("legacy", LIBRARIES)
def test_one_library_against_another_is_the_same_work(server: Any, legacy: Any, candidate: Any) -> None:
    _, run = run_of(lambda: legacy(server.url), lambda: candidate(server.url))
    assert (run.verdict, server.posted()) == ("match", 1), run.divergences or run.reason


def test_what_was_sent_differs_by_the_field(server: Any) -> None:
    def send(body: dict[str, Any]) -> None:
        httpx.post(f"{server.url}/act", json=body)

    _, run = run_of(lambda: send({"paid": 1, "to": "a"}), lambda: send({"paid": 2, "to": "a"}))
    assert [(one.place, one.legacy, one.candidate) for one in run.divergences] == [
        (f'effects.http.post["{server.url}/act"].body.paid', 1, 2)
    ]


def test_an_effect_is_shown_where_the_program_made_it(server: Any) -> None:
    _, run = run_of(lambda: requests.post(f"{server.url}/act").status_code, lambda: 200)
    assert run.legacy is not None
    assert "test_http.py" in str(run.legacy.effects[0].asked_at)


def test_a_post_that_only_reads_is_a_read_where_it_is_named(server: Any) -> None:
    def search() -> Any:
        return requests.post(f"{server.url}/search", json={"q": "x"}).json()

    answer, run = run_of(search, lambda: (search(), search())[0], reads=[f"POST {server.url}/sea*"])
    assert (answer["value"], run.verdict, server.posted()) == (7, "match", 1)


def test_a_header_is_compared_where_it_is_named(server: Any) -> None:
    def send(key: str) -> None:
        requests.post(f"{server.url}/act", headers={"Idempotency-Key": key, "X-Trace": key})

    _, run = run_of(lambda: send("a"), lambda: send("b"), headers=["Idempotency-Key"])
    assert [one.place for one in run.divergences] == [
        f'effects.http.post["{server.url}/act"].headers.idempotency-key'
    ]
    _, run = run_of(lambda: send("a"), lambda: send("b"))
    assert run.verdict == "match"


def test_the_boundary_of_a_form_with_files_is_no_difference(server: Any) -> None:
    def send(text: bytes) -> None:
        requests.post(f"{server.url}/act", files={"file": ("a.txt", text, "text/plain")}, data={"n": "1"})

    assert run_of(lambda: send(b"x"), lambda: send(b"x"))[1].verdict == "match"
    assert run_of(lambda: send(b"x"), lambda: send(b"y"))[1].verdict == "unsafe"


def test_a_body_that_can_be_read_once_is_sent_and_compared(server: Any) -> None:
    def send(parts: list[bytes]) -> None:
        requests.post(f"{server.url}/act", data=iter(parts))

    _, run = run_of(lambda: send([b"a", b"b"]), lambda: send([b"ab"]))
    assert (run.verdict, server.came[-1][2]) == ("match", b"ab"), run.divergences or run.reason


def test_redirects_cookies_and_statuses_come_back_the_same(server: Any) -> None:
    def asked() -> Any:
        found = requests.get(f"{server.url}/moved")
        none = requests.get(f"{server.url}/none")
        return (
            found.url.removeprefix(server.url),
            [one.status_code for one in found.history],
            sorted(found.cookies.items()),
            none.status_code,
            none.ok,
            none.reason,
            none.headers["content-type"],
        )

    answer, run = run_of(asked, asked)
    assert answer[:3] == ("/there", [302], [("again", "2"), ("seen", "1")])
    assert run.verdict == "match", run.divergences or run.reason


def test_a_status_that_raises_raises_in_both_paths(server: Any) -> None:
    def by_requests() -> str:
        try:
            requests.get(f"{server.url}/none").raise_for_status()
        except requests.HTTPError as error:
            return f"{error.response.status_code} {error}"
        return "none"

    def by_urllib() -> str:
        try:
            urllib.request.urlopen(f"{server.url}/none")
        except urllib.error.HTTPError as error:
            return f"{error.code} {json.loads(error.read())['value']}"
        return "none"

    async def by_aiohttp() -> str:
        async with aiohttp.ClientSession(raise_for_status=True) as session:
            try:
                await session.get(f"{server.url}/none")
            except aiohttp.ClientResponseError as error:
                return f"{error.status} {error.message}"
        return "none"

    for path in (by_requests, by_urllib, lambda: asyncio.run(by_aiohttp())):
        answer, run = run_of(path, path)
        assert answer.startswith("404"), answer
        assert run.verdict == "match", run.divergences or run.reason


async def httpx_in_time(url: str, seconds: float) -> str:
    async with httpx.AsyncClient(timeout=None) as client:
        try:
            async with asyncio.timeout(seconds):
                await client.get(url)
        except TimeoutError:
            return "too late"
    return "in time"


async def aiohttp_in_time(url: str, seconds: float) -> str:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=seconds)) as session:
        try:
            await session.get(url)
        except TimeoutError:
            return "too late"
    return "in time"


async def httpx_with_its_own(url: str, seconds: float) -> str:
    async with httpx.AsyncClient(timeout=seconds) as client:
        try:
            await client.get(url)
        except httpx.TimeoutException:
            return "too late"
    return "in time"


IN_TIME = [httpx_in_time, aiohttp_in_time, httpx_with_its_own]


@pytest.mark.parametrize("candidate", IN_TIME)
@pytest.mark.parametrize("legacy", IN_TIME)
def test_a_call_that_a_time_out_ended_ends_so_in_the_replay(server: Any, legacy: Any, candidate: Any) -> None:
    url = f"{server.url}/never"
    answer, run = run_of(lambda: asyncio.run(legacy(url, 0.1)), lambda: asyncio.run(candidate(url, 0.1)))
    assert answer == "too late"
    assert run.verdict == "match", run.divergences or run.reason
    assert len(server.came) <= 1  # none, where the time was over before a busy server took it


def test_what_came_after_a_time_out_nobody_knows(server: Any) -> None:
    """The candidate would wait for ever: an answer may have come a moment later."""
    url = f"{server.url}/never"

    async def waiting() -> int:
        async with httpx.AsyncClient(timeout=None) as client:
            status: int = (await client.get(url)).status_code
            return status

    answer, run = run_of(lambda: asyncio.run(httpx_in_time(url, 0.1)), lambda: asyncio.run(waiting()))
    assert (answer, run.verdict) == ("too late", "failed")
    assert "and this path waits longer for one" in str(run.reason)


def test_a_stream_of_known_length_is_read_piece_by_piece_by_both_paths(server: Any) -> None:
    def by_requests() -> list[int]:
        with requests.get(f"{server.url}/read", stream=True) as found:
            return [len(piece) for piece in found.iter_content(10)]

    def by_httpx() -> list[int]:
        with httpx.stream("GET", f"{server.url}/read") as found:
            return [len(piece) for piece in found.iter_bytes(10)]

    async def by_aiohttp() -> list[int]:
        async with aiohttp.ClientSession() as session, session.get(f"{server.url}/read") as found:
            return [len(piece) async for piece in found.content.iter_chunked(10)]

    for path in (by_requests, by_httpx, lambda: asyncio.run(by_aiohttp())):
        answer, run = run_of(path, path)
        assert sum(answer) == len(json.dumps({"path": "/read", "value": 7}))
        assert run.verdict == "match", run.divergences or run.reason


def test_a_stream_that_may_have_no_end_is_handed_on_and_not_compared(server: Any) -> None:
    def asked() -> bytes:
        with requests.get(f"{server.url}/chunked", stream=True) as found:
            return b"".join(found.iter_content(4))

    answer, run = run_of(asked, asked)
    assert json.loads(answer)["value"] == 7
    assert run.verdict == "failed"
    assert "is a stream that is read as it comes" in str(run.reason)


def test_chunks_that_are_read_at_once_are_compared(server: Any) -> None:
    def asked() -> Any:
        return requests.get(f"{server.url}/chunked").json()

    assert run_of(asked, asked)[1].verdict == "match"


def test_a_library_that_is_imported_later_is_covered_too() -> None:
    """In a process of its own, where nothing has imported it yet."""
    server = CountingServer()
    program = f"""
from changeover import Migration, Run
runs = []
migration = Migration(environment={{"CHANGEOVER_STAGE_S": "shadow"}}, sink=runs.append)
migration.use("http")
import sys
assert "requests" not in sys.modules and "httpx" not in sys.modules
def path(_):
    import requests, httpx
    return requests.post("{server.url}/act").status_code, httpx.post("{server.url}/act").status_code
seam = migration.seam("s", legacy=path, candidate=path)
print(seam(1), runs[-1].verdict, sys.meta_path[0])
"""
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    server.close()
    assert said.stdout.startswith("(200, 200) match"), said.stderr
    assert server.posted() == 2


def test_usual_mocks_of_the_libraries_are_below_the_port() -> None:
    class Answering(httpx.MockTransport):  # type: ignore[misc]
        calls = 0

        def handle_request(self, request: httpx.Request) -> httpx.Response:
            type(self).calls += 1
            return super().handle_request(request)

    client = httpx.Client(transport=Answering(lambda _: httpx.Response(200, json={"value": 7})))

    def path() -> Any:
        return client.post("http://nowhere.test/act", json={"n": 1}).json()

    answer, run = run_of(path, path)
    assert (answer, run.verdict, Answering.calls) == ({"value": 7}, "match", 1)


def test_an_answer_that_the_pack_cannot_make_again_is_no_difference(
    server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A defect of a pack, or a version that it does not know, is never one of the candidate."""

    def broken(*_: Any, **__: Any) -> Any:
        raise AttributeError("no such thing in this version")

    monkeypatch.setattr("changeover.packs.http.requests_client.made_response", broken)
    answer, run = run_of(
        lambda: requests.get(server.url).status_code, lambda: requests.get(server.url).status_code
    )
    assert (answer, run.verdict) == (200, "failed")
    assert "cannot be made again: AttributeError: no such thing" in str(run.reason)


@pytest.mark.parametrize(
    "made", [requests.Session, httpx.Client, urllib3.PoolManager], ids=["requests", "httpx", "urllib3"]
)
def test_a_method_of_an_object_that_holds_a_client_is_a_seam_as_any_other(server: Any, made: Any) -> None:
    class Shop:
        def __init__(self) -> None:
            self.client = made()
            self.asked = 0

        def order(self, item: str) -> int:
            self.asked += 1
            answer = self.client.request("POST", f"{server.url}/{item}")
            return int(getattr(answer, "status_code", None) or answer.status)

    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_SHOP_ORDER": "shadow"}, sink=runs.append)
    migration.use("http")
    old = Shop.order
    migration.wrap(Shop, "order", candidate=lambda self, item: old(self, item))
    shop = Shop()
    assert (shop.order("lamp"), shop.asked) == (200, 1)
    assert (runs[-1].verdict, server.posted()) == ("match", 1), runs[-1].reason or runs[-1].divergences


def test_a_file_that_is_too_large_to_keep_is_sent_as_it_is_and_not_compared(
    server: Any, tmp_path: Path
) -> None:
    """It is not even read ahead: a program that sends a film does not hold it in memory for us."""

    class Film(io.FileIO):
        longest = 0

        def read(self, size: int | None = -1, /) -> bytes:
            found = super().read(-1 if size is None else size)
            Film.longest = max(Film.longest, len(found or b""))
            return found or b""

    (tmp_path / "film").write_bytes(b"x" * (BODY_MAX + 1))

    def send() -> int:
        with Film(tmp_path / "film") as film:
            return int(requests.post(f"{server.url}/act", data=film).status_code)

    answer, run = run_of(send, send)
    assert (answer, len(server.came[-1][2]), server.posted()) == (200, BODY_MAX + 1, 1)
    assert run.verdict == "failed"
    assert "a file of more than 8,000,000 bytes is sent" in str(run.reason)
    assert Film.longest < BODY_MAX
