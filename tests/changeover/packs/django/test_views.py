"""Views as seams: both paths get a request with a body, a session, a user and messages of their own."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from django.contrib.messages.storage.base import BaseStorage
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.test import AsyncRequestFactory, RequestFactory
from django.utils.functional import SimpleLazyObject

from changeover import Migration, Run
from changeover.packs.django import kept_request
from tests.changeover.support import django_shop
from tests.changeover.support.alchemy_shop import as_under_a_test

SETTINGS = django_shop.__name__  # its import gives Django its settings


class Messages(BaseStorage):  # type: ignore[misc]
    """Messages that nobody keeps."""

    def _get(self, *_: Any) -> tuple[list[Any], bool]:
        return [], True


def answered(legacy: Any, candidate: Any, request: HttpRequest) -> tuple[Any, Run]:
    """What the server is given, and the run."""
    runs: list[Run] = []
    migration = Migration(sink=runs.append)
    migration.use("django")
    seam: Any = migration.seam("s", legacy=legacy, candidate=candidate)
    with as_under_a_test():
        found = seam(request)
        answer = asyncio.run(found) if asyncio.iscoroutine(found) else found
    return answer, runs[-1]


def post(body: Any = None, **fields: Any) -> HttpRequest:
    if body is not None:
        return RequestFactory().post("/orders", json.dumps(body), content_type="application/json")
    return RequestFactory().post("/orders", fields)


def by_json(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"total": sum(json.loads(request.body).values()), "by": request.method})


def in_pieces(request: HttpRequest) -> HttpResponse:
    text = request.read(3) + request.read()
    return JsonResponse({"total": sum(json.loads(text).values()), "by": request.META["REQUEST_METHOD"]})


@pytest.mark.parametrize("candidate", [by_json, in_pieces])
@pytest.mark.parametrize("legacy", [by_json, in_pieces])
def test_both_paths_read_the_whole_body(legacy: Any, candidate: Any) -> None:
    answer, run = answered(legacy, candidate, post({"a": 1, "b": 2}))
    assert json.loads(answer.content) == {"total": 3, "by": "POST"}
    assert run.verdict == "match", run.reason or run.divergences


def test_another_answer_is_a_difference() -> None:
    def more(request: HttpRequest) -> HttpResponse:
        return JsonResponse({"total": 4, "by": "POST"}, status=201)

    answer, run = answered(by_json, more, post({"a": 1, "b": 2}))
    assert answer.status_code == 200
    assert run.verdict == "diverged"


def test_a_form_with_files_is_read_by_both_paths() -> None:
    def view(request: HttpRequest) -> HttpResponse:
        return JsonResponse({"name": request.POST["name"], "bytes": len(request.FILES["file"].read())})

    for parsed_before in (False, True):
        request = post(name="ink", file=SimpleUploadedFile("a.txt", b"hello"))
        if parsed_before:
            assert request.POST  # as a middleware against forgery does
        answer, run = answered(view, view, request)
        assert json.loads(answer.content) == {"name": "ink", "bytes": 5}
        assert run.verdict == "match", run.reason or run.divergences


def test_what_a_path_leaves_in_session_and_messages_is_an_effect_of_its_own() -> None:
    def view(word: str) -> Any:
        def answering(request: HttpRequest) -> HttpResponse:
            request.session["seen"] = word
            request._messages.add(20, f"{word} is here")
            return HttpResponse("ok")

        return answering

    request = post({})
    request.session = SessionStore()
    request.session["basket"] = [1]
    request._messages = Messages(request)
    _, run = answered(view("ink"), view("pen"), request)
    assert sorted(str(one.place) for one in run.divergences) == [
        "effects.request.changed[messages,#1].value[1]",
        "effects.request.changed[session,seen].value",
    ]
    assert (request.session["seen"], request.session["basket"]) == ("ink", [1])
    assert [str(one) for one in request._messages._queued_messages] == ["ink is here"]


class Profile:
    """What a middleware finds of somebody, and puts beside the request."""

    def __init__(self, name: str) -> None:
        self.name, self.seen, self.log = name, 0, ["made"]


def counting(request: HttpRequest) -> HttpResponse:
    found = request.profile
    found.seen += 1
    found.log.append(f"seen {found.seen}")
    request.user.credits -= 1
    return JsonResponse({"seen": found.seen, "log": found.log, "left": request.user.credits})


@pytest.mark.parametrize("is_lazy", [False, True])
def test_what_a_middleware_has_put_on_the_request_is_each_path_s_own(is_lazy: bool) -> None:
    request, profile, user = post({}), Profile("ann"), Profile("ann")
    user.credits = 3  # type: ignore[attr-defined]
    request.profile, request.user = profile, user
    if is_lazy:
        request.user = SimpleLazyObject(lambda: user)
        assert request.user.name == "ann"
    answer, run = answered(counting, lambda given: counting(given), request)
    assert json.loads(answer.content) == {"seen": 1, "log": ["made", "seen 1"], "left": 2}
    assert run.verdict == "match", run.reason or run.divergences
    assert (profile.seen, profile.log, user.credits) == (1, ["made", "seen 1"], 2)  # type: ignore[attr-defined]


def test_what_two_attributes_of_a_request_share_they_share_in_a_replay() -> None:
    def view(request: HttpRequest) -> HttpResponse:
        request.owner.seen += 1
        return JsonResponse({"seen": request.profile.seen})

    request = post({})
    request.profile = request.owner = Profile("ann")
    answer, run = answered(view, lambda given: view(given), request)
    assert json.loads(answer.content) == {"seen": 1}
    assert run.verdict == "match", run.reason or run.divergences


@pytest.mark.parametrize("has_cookie", [False, True])
def test_tokens_of_forms_are_the_same_in_a_replay(has_cookie: bool) -> None:
    def form(request: HttpRequest) -> HttpResponse:
        return HttpResponse(f"<input name=csrf value={get_token(request)}> {get_token(request)}")

    request = post({})
    if has_cookie:
        request.META["CSRF_COOKIE"] = "a" * 32
    _, run = answered(form, lambda given: form(given), request)
    assert run.verdict == "match", run.reason or run.divergences
    assert len({get_token(request) for _ in range(3)}) == 3, "the program draws as ever"


def test_a_form_with_one_token_more_differs() -> None:
    def form(tokens: int) -> Any:
        return lambda request: HttpResponse(" ".join(get_token(request) for _ in range(tokens)))

    assert answered(form(1), form(2), post({}))[1].verdict == "diverged"


def test_tokens_of_a_view_inside_of_another_seam_are_the_same_in_both() -> None:
    runs: list[Run] = []
    migration = Migration(sink=runs.append)
    migration.use("django")

    def form(request: HttpRequest) -> HttpResponse:
        return HttpResponse(get_token(request))

    inner: Any = migration.seam("inner", legacy=form, candidate=lambda request: form(request))
    outer: Any = migration.seam(
        "outer", legacy=lambda request: inner(request), candidate=lambda request: inner(request)
    )
    with as_under_a_test():
        outer(post({}))
    assert [str(run.verdict) for run in runs] == ["match", "match"], [run.divergences for run in runs]


def test_what_a_view_inside_of_another_seam_leaves_in_the_session_is_told_once_of_each() -> None:
    runs: list[Run] = []
    migration = Migration(sink=runs.append)
    migration.use("django")

    def seen(request: HttpRequest) -> HttpResponse:
        request.session["seen"] = "ink"
        return HttpResponse("ok")

    inner: Any = migration.seam("inner", legacy=seen, candidate=lambda request: seen(request))
    outer: Any = migration.seam(
        "outer", legacy=lambda request: inner(request), candidate=lambda request: inner(request)
    )
    request = post({})
    request.session = SessionStore()
    with as_under_a_test():
        outer(request)
    assert [str(run.verdict) for run in runs] == ["match", "match"], [run.divergences for run in runs]
    effects = [[call.name for call in run.legacy.effects] for run in runs if run.legacy is not None]
    assert effects == [["request.changed"], ["request.changed"]]


def test_an_async_view_is_followed() -> None:
    async def view(request: HttpRequest) -> HttpResponse:
        return JsonResponse({"bytes": len(request.body)})

    request = AsyncRequestFactory().post("/orders", b"hello", content_type="text/plain")
    answer, run = answered(view, view, request)
    assert json.loads(answer.content) == {"bytes": 5}
    assert run.verdict == "match", run.reason or run.divergences


def test_a_body_that_is_too_large_to_keep_goes_through_and_is_not_compared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(kept_request, "UPLOAD_MAX", 4)
    answer, run = answered(by_json, by_json, post({"a": 1, "b": 2}))
    assert json.loads(answer.content)["total"] == 3
    assert (run.verdict, "a body of more than 4 bytes" in str(run.reason)) == ("failed", True)


class View:
    """As a class of views has it: the request is a part of the object."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request

    def post(self, *_: Any) -> int:
        return len(self.request.read())


def test_a_request_inside_of_an_object_is_that_of_the_replay() -> None:
    def read(view: View) -> int:
        return view.post()

    answer, run = answered(read, lambda view: read(view), View(post({"a": 1})))
    assert answer == 8
    assert run.verdict == "match", run.reason or run.divergences


def test_a_request_that_stands_deeper_is_not_guessed() -> None:
    def read(views: list[View]) -> int:
        return views[0].post()

    answer, run = answered(read, read, [View(post({"a": 1}))])
    assert answer == 8
    assert run.verdict == "failed", run.divergences
    assert "a request inside of another object" in str(run.reason)


class OnTop:
    """A request of a framework on top of Django, which has that of Django inside and notes what it reads."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    @property
    def data(self) -> Any:
        self._stream = self._request
        return json.loads(self._stream.read())


@pytest.mark.parametrize("given", ["as well", "alone", "on top", "on top alone"])
@pytest.mark.parametrize("added", [0, 1])
def test_a_method_of_a_view_that_keeps_its_request_is_compared(given: str, added: int) -> None:
    runs: list[Run] = []
    migration = Migration(sink=runs.append)
    migration.use("django")

    def read(view: View, *_: Any) -> int:
        return sum(view.request.data.values()) if "top" in given else View.post(view)

    class Place(View):
        def post(self, *_: Any) -> int:
            return read(self)

    reading: Any = read if "top" in given else View.post
    migration.wrap(Place, "post", candidate=lambda *args: reading(*args) + added, name="s")
    request: Any = post({"a": 8})
    request = OnTop(request) if "top" in given else request
    with as_under_a_test():
        assert Place(request).post(*([] if "alone" in given else [request])) == 8
    assert runs[-1].verdict == ("diverged" if added else "match"), runs[-1].reason or runs[-1].divergences
