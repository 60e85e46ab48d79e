"""A phase is moved from a page by whoever has the token, through its gate, and by nobody else."""

import json
from pathlib import Path

import pytest

from changeover.serve.access import TRIES_MAX, TRIES_S, Allowed, Token, is_loopback, is_of_this_site
from tests.changeover.support.asgi_client import HOST, Answer, Client
from tests.changeover.support.page_reading import read
from tests.changeover.support.projects import Shop
from tests.changeover.support.served_shop import TOKEN, busy_shop, client_of

FORM = {"token": TOKEN, "who": "kim", "reason": "it was the price feed"}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return busy_shop(tmp_path_factory.mktemp("shop"))


@pytest.fixture
def client(shop: Shop) -> Client:
    """A server of its own: wrong tokens of one test are not held against another."""
    return client_of(shop, TOKEN)


def flags_of(shop: Shop) -> dict[str, str]:
    content = json.loads((shop.root / "migration" / "flags.json").read_text())
    return {name: flag["defaultVariant"] for name, flag in content["flags"].items()}


def said(answer: Answer) -> str:
    return read(answer.text).named("main").whole_text


def test_without_the_option_nothing_can_be_moved(shop: Shop) -> None:
    client, before = client_of(shop), flags_of(shop)
    for address in ("/phases/shelf/rollback", "/phases/shelf/flip", "/kill", "/unkill"):
        assert client.post(address, FORM).status in (404, 405)
    for address in ("/", "/phases/shelf"):
        page = read(client.get(address).text)
        assert [one.attributes["action"] for one in page.all("form")] == ["/search"]
        assert "These pages move nothing." in page.whole_text
    assert flags_of(shop) == before


def test_a_move_needs_the_token(shop: Shop, client: Client) -> None:
    before = flags_of(shop)
    for token in ("", "wrong", TOKEN.upper(), f"{TOKEN} "):
        answer = client.post("/phases/shelf/rollback", {**FORM, "token": token})
        assert answer.status == 403
        assert "Nothing was moved. The token is wrong" in said(answer)
        assert TOKEN not in answer.text
    assert flags_of(shop) == before
    assert not (shop.root / "migration" / "KILL").exists()


def test_nobody_can_guess_the_token(shop: Shop, client: Client) -> None:
    for _ in range(TRIES_MAX):
        assert client.post("/kill", {**FORM, "token": "guess"}).status == 403
    answer = client.post("/kill", FORM)
    assert answer.status == 429
    assert "too many wrong tokens" in said(answer)
    assert not (shop.root / "migration" / "KILL").exists()


def test_after_a_while_the_token_is_asked_again() -> None:
    now = [0.0]
    token = Token(TOKEN, lambda: now[0])
    assert [token.check("no") for _ in range(TRIES_MAX + 1)] == [Allowed.NO] * TRIES_MAX + [Allowed.LATER]
    assert token.check(TOKEN) is Allowed.LATER
    now[0] += TRIES_S
    assert token.check(TOKEN) is Allowed.YES


def test_forms_of_other_sites_are_refused_although_they_have_the_token(shop: Shop, client: Client) -> None:
    before = flags_of(shop)
    for headers in (
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
    ):
        answer = client.post("/phases/shelf/rollback", FORM, **headers)
        assert answer.status == 403
        assert "not sent by a page of this server" in said(answer)
    assert flags_of(shop) == before
    assert is_of_this_site({"origin": f"http://{HOST}", "host": HOST})


def test_what_a_gate_refuses_is_said_and_not_done(shop: Shop, client: Client) -> None:
    answer = client.post("/phases/shelf/flip", {**FORM, "stage": "live"})
    assert answer.status == 409
    assert "FAIL The gate of shelf -> live does not pass. Nothing was moved." in said(answer)
    assert "effects that differ" in said(answer)
    assert flags_of(shop)["shelf"] == "shadow"


def test_a_form_that_cannot_be_is_a_sentence(shop: Shop, client: Client) -> None:
    for address, fields, told in (
        ("/phases/shelf/flip", {"stage": "moon"}, "allowed: off, shadow"),
        ("/phases/shelf/flip", {"stage": "ramp", "percent": "140"}, "140"),
        ("/phases/nobody/rollback", {}, "nobody"),
        ("/phases/shelf/rollback", {"who": " "}, "who moves"),
        ("/phases/shelf/flip", {"stage": "live", "reason": ""}, "said why"),
        ("/phases/shelf/flip", {"stage": "x" * 20_000}, "too long"),
    ):
        answer = client.post(address, {**FORM, **fields})
        assert answer.status in (400, 409, 413), address
        assert told in said(answer)
    assert flags_of(shop)["shelf"] == "shadow"


def test_whoever_has_the_token_moves_phases_and_the_history_says_who(tmp_path: Path) -> None:
    shop = busy_shop(tmp_path)
    client = client_of(shop, TOKEN)
    done = client.post("/phases/cleanup/flip", {**FORM, "stage": "done"})
    assert (done.status, done.headers["location"]) == (303, "/phases/cleanup?moved=2")
    assert "Done: flip cleanup open -> done, revision 2." in said(client.get("/phases/cleanup?moved=2"))
    back = client.post("/phases/shelf/rollback", {**FORM, "stage": "", "reason": ""})
    assert back.headers["location"] == "/phases/shelf?moved=3"
    assert flags_of(shop) == {"shelf": "off", "cleanup": "done"}
    assert client.post("/kill", FORM).status == 303
    assert read(client.get("/").text).all("h1")[0].text.startswith("The kill switch is on")
    assert client.post("/unkill", FORM).status == 303
    assert not (shop.root / "migration" / "KILL").exists()
    lines = (shop.root / "migration" / "history.jsonl").read_text().splitlines()
    told = [(line["action"], line["who"], line["reason"]) for line in map(json.loads, lines[1:])]
    reason = FORM["reason"]
    assert told == [
        ("flip", "kim (serve)", reason),
        ("rollback", "kim (serve)", "no reason given"),
        ("kill", "kim (serve)", reason),
        ("unkill", "kim (serve)", reason),
    ]


def test_a_page_that_has_moved_nothing_says_nothing_of_a_move(client: Client) -> None:
    for revision in ("99", "<b>", "1; Done: flip"):
        assert "Done:" not in said(client.get(f"/phases/shelf?moved={revision}"))


def test_only_addresses_of_this_machine_are_loopback() -> None:
    assert [is_loopback(host) for host in ("127.0.0.1", "127.8.8.8", "::1", "localhost")] == [True] * 4
    assert [is_loopback(host) for host in ("0.0.0.0", "::", "10.0.0.1", "example.org")] == [False] * 4  # noqa: S104
