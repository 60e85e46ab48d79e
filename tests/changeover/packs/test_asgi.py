"""`migration.use("fastapi", app)` and `use("asgi", app)`: what a path gets of a server, and leaves there."""

from __future__ import annotations

import asyncio
import gc
import inspect
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
import warnings
from pathlib import Path
from typing import Annotated, Any

import pytest
from fastapi import (
    BackgroundTasks,
    Depends,
    FastAPI,
    Header,
    HTTPException,
    Request,
    Response,
)
from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from changeover import Migration, Run
from changeover.errors import DeclarationError
from tests.changeover.support.fastapi_program import SENT, STAGE, Program, asked


class Order(BaseModel):
    name: str
    amount: int


async def user(x_user: Annotated[str, Header()]) -> dict[str, str]:
    return {"name": x_user}


Asking = Annotated[dict[str, str], Depends(user)]


def test_injection_goes_on_as_ever_for_an_endpoint_that_is_a_seam() -> None:
    program = Program()

    async def place(order: Order, who: Asking, count: int = 1) -> dict[str, Any]:
        return {"total": order.amount * count, "who": who["name"]}

    async def placed(order: Order, who: Asking, count: int = 1) -> dict[str, Any]:
        return {"total": order.amount * count, "who": who["name"]}

    program.endpoint(place, placed)
    answer = program.ask(params={"count": 2})
    assert (answer.json(), program.run.verdict) == ({"total": 6, "who": "ada"}, "match"), program.why
    refused = program.ask({"name": "ink"})
    assert (refused.status_code, len(program.runs)) == (422, 1)


def test_the_types_of_a_seam_are_found_wherever_they_are_looked_for() -> None:
    async def place(order: Order, request: Request) -> dict[str, int]:
        return {}

    async def unknown(order: Order, request: Later) -> None:  # type: ignore[name-defined]  # noqa: F821
        pass

    migration = Migration()
    seam = migration.seam("s")(place)
    assert [one.annotation for one in inspect.signature(seam).parameters.values()] == [Order, Request]
    late = migration.seam("t")(unknown)
    assert [one.annotation for one in inspect.signature(late).parameters.values()] == ["Order", "Later"]


def test_a_sync_endpoint_is_compared_in_its_thread() -> None:
    program = Program()

    def place(order: Order, request: Request) -> dict[str, Any]:
        return {"total": order.amount, "at": request.url.path, "who": request.headers["x-user"]}

    program.endpoint(place, place)
    assert program.ask().json() == {"total": 3, "at": "/", "who": "ada"}
    assert program.run.verdict == "match", program.why


def test_another_answer_of_the_candidate_is_a_difference() -> None:
    program = Program()

    async def place(order: Order, request: Request) -> int:
        return order.amount

    async def placed(order: Order, request: Request) -> int:
        return order.amount + 1

    program.endpoint(place, placed)
    assert (program.ask().json(), program.run.verdict) == (3, "diverged")


@pytest.mark.parametrize("reads", ["body", "json", "stream"])
def test_both_paths_read_the_whole_body_of_one_request(reads: str) -> None:
    program = Program()

    async def place(request: Request) -> Any:
        if reads == "stream":
            return [len(part) async for part in request.stream()]
        return len(await (request.body() if reads == "body" else request.json()))

    async def pieces() -> Any:
        for piece in (b'{"a": 1', b', "b": 2}'):
            yield piece

    program.endpoint(place, place)
    answer = asked(program.app, pieces())
    assert answer.json() == {"body": 16, "json": 2, "stream": [7, 9, 0]}[reads]
    assert program.run.verdict == "match", program.why


def test_a_body_that_the_server_read_before_is_read_again_by_both_paths() -> None:
    program = Program()

    async def place(order: Order, request: Request) -> Any:
        return [order.amount, await request.json()]

    program.endpoint(place, place)
    assert (program.ask().json(), program.run.verdict) == ([3, SENT], "match"), program.why


def test_a_body_that_the_answering_path_did_not_read_cannot_be_read_by_the_other() -> None:
    program = Program()

    async def place(request: Request) -> int:
        return 0

    async def reads(request: Request) -> int:
        return len(await request.body())

    program.endpoint(place, reads)
    assert (program.ask().json(), program.run.verdict) == (0, "failed")
    assert "did not read" in str(program.run.reason)


def test_only_the_tasks_of_the_answering_path_run_and_those_of_both_are_compared() -> None:
    program, ran = Program(), []

    def write(name: str, *, urgent: bool) -> None:
        ran.append((name, urgent))

    async def place(order: Order, tasks: BackgroundTasks) -> None:
        tasks.add_task(write, order.name, urgent=True)

    async def twice(order: Order, tasks: BackgroundTasks) -> None:
        tasks.add_task(write, order.name, urgent=True)
        tasks.add_task(write, order.name, urgent=True)

    program.endpoint(place, place)
    program.ask()
    assert (ran, program.run.verdict) == ([("ink", True)], "match"), program.why
    ran.clear()
    program = Program()
    program.endpoint(place, twice)
    program.ask()
    assert (ran, program.run.verdict) == ([("ink", True)], "unsafe")


def test_a_task_with_another_argument_differs_by_it() -> None:
    program = Program()

    def write(name: str) -> None:
        pass

    async def place(tasks: BackgroundTasks) -> None:
        tasks.add_task(write, "a")

    async def placed(tasks: BackgroundTasks) -> None:
        tasks.add_task(write, "b")

    program.endpoint(place, placed)
    program.ask()
    assert [(one.legacy, one.candidate) for one in program.run.divergences] == [("a", "b")]
    assert ".args[0]" in program.run.divergences[0].place


def test_what_a_replay_leaves_in_a_session_stays_there_and_is_compared() -> None:
    program = Program()

    async def place(request: Request) -> None:
        request.session["user"] = "ada"
        request.state.seen = 1

    async def another(request: Request) -> None:
        request.session["user"] = "eve"
        request.state.seen = 1

    program.endpoint(place, another)
    answer = program.ask()
    assert program.run.verdict == "unsafe"
    assert [(one.legacy, one.candidate) for one in program.run.divergences] == [("ada", "eve")]
    alike = Program()
    alike.endpoint(place, place)
    assert alike.ask().cookies["session"].partition(".")[0] == answer.cookies["session"].partition(".")[0]
    assert alike.run.verdict == "match", alike.why


def test_what_a_replay_leaves_in_a_state_stays_there() -> None:
    program = Program()

    async def legacy(request: Request) -> None:
        pass

    async def candidate(request: Request) -> None:
        request.state.seen = 1

    seam = program.migration.seam("s", legacy=legacy, candidate=candidate)

    async def place(request: Request) -> list[bool]:
        request.state.begun = True
        await seam(request)
        return [hasattr(request.state, name) for name in ("begun", "seen")]

    program.app.post("/")(place)
    assert (program.ask().json(), program.run.verdict) == ([True, False], "unsafe")


def test_a_replay_finds_the_session_as_the_answering_path_did() -> None:
    program = Program()

    async def place(request: Request) -> Any:
        count = request.session.get("count", 0) + 1
        request.session["count"] = count
        return count

    program.endpoint(place, place)
    assert (program.ask().json(), program.run.verdict) == (1, "match"), program.why


def test_a_response_that_is_filled_in_and_an_error_are_compared() -> None:
    program = Program()

    async def place(order: Order, response: Response) -> str:
        if order.amount > 3:
            raise HTTPException(404, "none")
        response.headers["x-total"] = str(order.amount)
        return "ok"

    program.endpoint(place, place)
    assert (program.ask().headers["x-total"], program.run.verdict) == ("3", "match"), program.why
    answer = program.ask({"name": "ink", "amount": 4})
    assert (answer.status_code, answer.json(), program.run.verdict) == (404, {"detail": "none"}, "match")


def test_a_request_inside_of_another_object_is_not_compared_and_not_touched() -> None:
    program = Program()

    class Asked:
        def __init__(self, request: Request) -> None:
            self.request = request

    async def legacy(asked: Asked) -> None:
        pass

    async def candidate(asked: Asked) -> None:
        asked.request.state.seen = 1

    seam = program.migration.seam("s", legacy=legacy, candidate=candidate)

    async def place(request: Request) -> bool:
        await seam(Asked(request))
        return hasattr(request.state, "seen")

    program.app.post("/")(place)
    assert (program.ask().json(), program.run.verdict) == (False, "failed")
    assert "inside of another object" in str(program.run.reason)


def test_in_the_background_the_request_is_what_it_was_too() -> None:
    program = Program(mode="background")

    async def place(request: Request, tasks: BackgroundTasks) -> Any:
        request.session["user"] = "ada"
        tasks.add_task(print, "", end="")
        return [await request.json(), request.headers["x-user"]]

    program.endpoint(place, place)
    assert program.ask().json() == [SENT, "ada"]
    program.migration.flush()
    assert program.run.verdict == "match", program.why


def test_an_endpoint_of_starlette_is_compared_with_its_response() -> None:
    runs: list[Run] = []
    migration = Migration(environment=STAGE, sink=runs.append)

    @migration.seam("s")
    async def place(request: Request) -> Response:
        return JSONResponse({"size": len(await request.body())}, status_code=201)

    @place.candidate
    async def placed(request: Request) -> Response:
        return JSONResponse({"size": len(await request.body())}, status_code=200)

    app = Starlette(routes=[Route("/", place, methods=["POST"])])
    migration.use("asgi", app)
    assert (asked(app, b"abc").json(), runs[-1].verdict) == ({"size": 3}, "diverged")
    assert [(one.legacy, one.candidate) for one in runs[-1].divergences] == [(201, 200)]


async def old_app(scope: Any, receive: Any, send: Any) -> None:
    message = await receive()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x-size", b"3")]})
    await send({"type": "http.response.body", "body": message["body"].upper()})


async def new_app(scope: Any, receive: Any, send: Any) -> None:
    message = await receive()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"X-Size", b"3")]})
    body = message["body"].decode().upper().encode()
    await send({"type": "http.response.body", "body": body[:1], "more_body": True})
    await send({"type": "http.response.body", "body": body[1:]})


async def false_app(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 500, "headers": [(b"X-Size", b"3")]})
    await send({"type": "http.response.body", "body": (await receive())["body"].upper()})


@pytest.mark.parametrize(("candidate", "verdict"), [(new_app, "match"), (false_app, "unsafe")])
def test_one_app_of_asgi_is_compared_with_another_and_answers_once(candidate: Any, verdict: str) -> None:
    runs: list[Run] = []
    migration = Migration(environment=STAGE, sink=runs.append)
    seam = migration.seam("s", legacy=old_app, candidate=candidate)

    class App:
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            await seam(scope, receive, send)

    app = App()
    migration.use("asgi", app)
    assert (asked(app, b"abc").text, runs[-1].verdict) == ("ABC", verdict), runs[-1].reason


def lived(app: Any) -> None:
    """The lifespan of an app, as a server drives it."""

    async def ran() -> None:
        told = iter(({"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}))
        seen: list[str] = []

        async def receive() -> Any:
            return next(told)

        async def send(message: Any) -> None:
            seen.append(message["type"])

        await app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, receive, send)
        assert seen == ["lifespan.startup.complete", "lifespan.shutdown.complete"]

    asyncio.run(ran())


async def plain(scope: Any, receive: Any, send: Any) -> None:
    for step in ("startup", "shutdown"):
        assert (await receive())["type"] == f"lifespan.{step}"
        await send({"type": f"lifespan.{step}.complete"})


class Plain:
    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await plain(scope, receive, send)


@pytest.mark.parametrize("kind", ["fastapi", "starlette", "object", "function"])
def test_evidence_is_written_out_when_the_app_ends(kind: str) -> None:
    made: Any = {"fastapi": FastAPI, "starlette": Starlette, "object": Plain, "function": lambda: plain}
    app = made[kind]()
    written: list[int] = []
    migration = Migration()
    migration.runtime.settled = lambda: written.append(1)
    migration.use("fastapi" if kind == "fastapi" else "asgi", app)
    lived(globals()["plain"] if kind == "function" else app)
    assert written == [1]


def test_an_app_that_is_none_is_refused() -> None:
    with pytest.raises(DeclarationError, match="a FastAPI"):
        Migration().use("fastapi", object())
    with pytest.raises(DeclarationError, match="an app of ASGI"):
        Migration().use("asgi", object())


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_the_usual_test_client_sees_the_same() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it is about the library below the client
        from starlette.testclient import TestClient
    program = Program()

    async def place(order: Order, request: Request) -> int:
        return order.amount

    program.endpoint(place, place)
    with TestClient(program.app) as client:
        assert client.post("/", json=SENT).json() == 3
    assert program.run.verdict == "match", program.why
    del client
    gc.collect()  # older versions of the client leave streams open


SERVICE = """
import os
from fastapi import BackgroundTasks, FastAPI, Request
from changeover import Migration

migration = Migration.load("migration", mode="background")
app = FastAPI()
migration.use("fastapi", app)

@app.post("/")
@migration.seam("place")
async def place(request: Request, tasks: BackgroundTasks):
    order = await request.json()
    tasks.add_task(len, order["name"])
    return {"total": order["amount"], "worker": 0}

@place.candidate
async def placed(request: Request, tasks: BackgroundTasks):
    order = await request.json()
    tasks.add_task(len, order["name"])
    return {"total": order["amount"] + (order["amount"] == 13), "worker": 0}

@app.get("/who")
def who():
    return os.getpid()
"""
PLAN = '[migration]\nname = "m"\ncode = ["service"]\n[[phase]]\nname = "place"\nseams = ["place"]\n'
PROJECT = '[tool.changeover]\napp = "service:migration"\n'


def test_two_workers_of_uvicorn_leave_all_of_their_evidence(tmp_path: Path) -> None:
    pytest.importorskip("uvicorn")
    (tmp_path / "service.py").write_text(SERVICE)
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    (tmp_path / "migration").mkdir()
    (tmp_path / "migration" / "phases.toml").write_text(PLAN)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "service:app", "--workers", "2", "--port", str(port)]
    server = subprocess.Popen(
        [*command, "--log-level", "critical"],
        cwd=tmp_path,
        env={**os.environ, "CHANGEOVER_STAGE_PLACE": "shadow", "PYTHONPATH": str(tmp_path)},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        _wait_for(f"http://127.0.0.1:{port}/who", server)
        for amount in range(40):
            body = json.dumps({"name": "ink", "amount": amount}).encode()
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", data=body, timeout=10) as answer:
                assert json.load(answer)["total"] == amount
    finally:
        server.terminate()
        server.communicate(timeout=60)
    said = subprocess.run(
        [sys.executable, "-m", "changeover", "status", "--format", "json"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert '"match": 39' in said.stdout, said.stdout + said.stderr
    assert '"diverged": 1' in said.stdout


def _wait_for(address: str, server: subprocess.Popen[str]) -> None:
    for _ in range(600):
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            assert server.poll() is None, server.communicate()[1]
            time.sleep(0.1)
    raise AssertionError("the server did not answer")
