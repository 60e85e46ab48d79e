"""`migration.use("wsgi", app)`: what a view or an app gets of a server, and leaves there."""

from __future__ import annotations

import io
import sys
from typing import Any

import pytest
from flask import Flask, g, jsonify, request, session

from changeover import Migration, Run
from changeover.errors import DeclarationError
from changeover.rollout.test_override import StageOverride, override_stages
from changeover.values.stage import Setting, Stage

STAGE = {"CHANGEOVER_STAGE_S": "shadow"}


class Program:
    """An app of Flask with one view that is a seam of two paths, and the runs of it."""

    def __init__(self, legacy: Any, candidate: Any, **options: Any) -> None:
        self.runs: list[Run] = []
        self.migration = Migration(environment=STAGE, sink=self.runs.append, **options)
        self.app = Flask("shop")
        self.app.secret_key = "key"
        self.migration.use("wsgi", self.app)
        seam: Any = self.migration.seam("s", legacy=legacy, candidate=candidate)
        self.app.add_url_rule("/<name>", "place", seam, methods=["POST"])
        self.client = self.app.test_client()

    def ask(self, **sent: Any) -> Any:
        """The answer to one request."""
        return self.client.post("/ink", **(sent or {"json": {"amount": 3}}))

    @property
    def run(self) -> Run:
        """The last run."""
        return self.runs[-1]

    @property
    def why(self) -> Any:
        """What to say where it is no match."""
        return self.run.reason or self.run.divergences


@pytest.mark.parametrize("mode", ["inline", "background"])
@pytest.mark.parametrize("reads", ["json", "data", "stream", "form"])
def test_both_paths_read_the_body_of_one_request(reads: str, mode: str) -> None:
    def view(name: str) -> Any:
        if reads == "json":
            return {"got": request.get_json()["amount"], "name": name}
        if reads == "form":
            return {"got": request.form["amount"]}
        return {"got": len(request.stream.read() if reads == "stream" else request.get_data(cache=False))}

    def other(name: str) -> Any:
        return view(name)

    program = Program(view, other, mode=mode)
    answer = program.ask(data={"amount": "3"}) if reads == "form" else program.ask()
    program.migration.flush()
    assert answer.json["got"] == {"json": 3, "form": "3", "data": 13, "stream": 13}[reads]
    assert program.run.verdict == "match", program.why


def test_another_answer_is_a_difference() -> None:
    program = Program(
        lambda name: jsonify(request.get_json()["amount"]),
        lambda name: jsonify(request.get_json()["amount"] + 1),
    )
    assert (program.ask().json, program.run.verdict) == (3, "diverged")


def test_a_body_that_the_answering_path_did_not_read_cannot_be_read_by_the_other() -> None:
    program = Program(lambda name: "ok", lambda name: str(len(request.get_data())) and "ok")
    assert (program.ask().text, program.run.verdict) == ("ok", "failed")
    assert "did not read" in str(program.run.reason)


def test_what_a_replay_leaves_in_a_session_stays_there_and_is_compared() -> None:
    def as_user(name: str) -> Any:
        def view(**_: Any) -> str:
            session["user"] = name
            g.seen = True
            return "ok"

        return view

    program = Program(as_user("ada"), as_user("eve"))
    program.ask()
    with program.client.session_transaction() as kept:
        assert kept["user"] == "ada"
    assert program.run.verdict == "unsafe"
    assert [(one.legacy, one.candidate) for one in program.run.divergences] == [("ada", "eve")]
    assert program.run.divergences[0].place.startswith("effects.web.changed[session,user]")
    alike = Program(as_user("ada"), as_user("ada"))
    alike.ask()
    assert alike.run.verdict == "match", alike.why


def test_a_replay_finds_session_and_g_as_the_answering_path_did_and_leaves_them_alone() -> None:
    def view(name: str) -> Any:
        session["count"] = session.get("count", 0) + 1
        g.count = getattr(g, "count", 10) + 1
        return {"session": session["count"], "g": g.count}

    def after(response: Any) -> Any:
        response.headers["x-count"] = f"{session['count']} {g.count}"
        return response

    def other(name: str) -> Any:
        session["count"] = g.count = 99
        return {}

    differing = Program(view, other)
    differing.app.after_request(after)
    assert (differing.ask().headers["x-count"], differing.run.verdict) == ("1 11", "unsafe")
    program = Program(view, view)
    program.app.after_request(after)
    answer = program.ask()
    assert (answer.json, answer.headers["x-count"]) == ({"session": 1, "g": 11}, "1 11")
    assert program.run.verdict == "match", program.why
    assert program.ask().json == {"session": 2, "g": 11}


def test_what_was_hung_on_the_request_before_is_there_in_the_replay() -> None:
    def view(name: str) -> str:
        return str(getattr(request, "who", "nobody"))

    program = Program(view, lambda name: view(name))

    def before() -> None:
        setattr(request._get_current_object(), "who", "ada")  # noqa: B010  as a program may

    program.app.before_request(before)
    assert (program.ask().text, program.run.verdict) == ("ada", "match"), program.why


def old_app(environ: Any, start_response: Any) -> list[bytes]:
    body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    start_response("200 OK", [("X-Size", str(len(body)))])
    return [body.upper()]


def new_app(environ: Any, start_response: Any) -> list[bytes]:
    body = b"".join(environ["wsgi.input"].read(1) for _ in range(int(environ["CONTENT_LENGTH"])))
    start_response("200 OK", [("x-size", str(len(body)))])
    return [body.decode().upper().encode()]


def false_app(environ: Any, start_response: Any) -> list[bytes]:
    body = old_app(environ, lambda *_: None)
    start_response("404 Not Found", [("x-size", "3")])
    return body


@pytest.mark.parametrize(("candidate", "verdict"), [(new_app, "match"), (false_app, "unsafe")])
def test_one_app_of_wsgi_is_compared_with_another_and_answers_once(candidate: Any, verdict: str) -> None:
    runs: list[Run] = []
    migration = Migration(environment=STAGE, sink=runs.append)
    seam = migration.seam("s", legacy=old_app, candidate=candidate)

    class App:
        def __call__(self, environ: Any, start_response: Any) -> Any:
            return seam(environ, start_response)

    app, started = App(), []
    migration.use("wsgi", app)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "POST",
        "CONTENT_LENGTH": "3",
        "wsgi.input": io.BytesIO(b"abcnext"),
    }
    environ["wsgi.errors"] = sys.stderr
    assert app(environ, lambda status, headers: started.append(status)) == [b"ABC"]
    assert (started, runs[-1].verdict) == (["200 OK"], verdict), runs[-1].reason or runs[-1].divergences


def test_an_app_that_is_none_is_refused() -> None:
    with pytest.raises(DeclarationError, match="an app of WSGI"):
        Migration().use("wsgi", object())


def test_what_a_seam_inside_of_a_view_leaves_in_the_session_is_told_once_of_each() -> None:
    def remember(name: str) -> str:
        session["seen"] = name
        return name

    def view(name: str) -> Any:
        return {"seen": inner(name)}

    program = Program(view, lambda name: view(name))
    inner: Any = program.migration.seam("inner", legacy=remember, candidate=lambda name: remember(name))
    with override_stages(StageOverride(Setting(Stage.SHADOW), lambda run: None)):
        program.ask()
    assert {run.seam: str(run.verdict) for run in program.runs} == {"inner": "match", "s": "match"}, [
        run.divergences for run in program.runs
    ]
    assert [len(run.legacy.effects) for run in program.runs if run.legacy is not None] == [1, 1]
