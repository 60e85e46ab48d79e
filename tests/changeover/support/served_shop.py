"""The small shop after some days: runs in production of which some differ, a comparison, a rule, a move."""

from pathlib import Path

from changeover.api.live import LiveProject
from changeover.project import find_project
from changeover.serve.access import Hosts, Token
from changeover.serve.app import make_app
from tests.changeover.support.asgi_client import Client
from tests.changeover.support.production_runs import sell
from tests.changeover.support.projects import Shop, shop_in

TOKEN = "a token that nobody guesses"
PLAN = """\
[migration]
name = "shop-on-events"
code = ["shop"]

[[phase]]
name = "shelf"
number = 2
title = "Refill the shelf"
seams = ["shelf.refill"]

[phase.gate.shadow]
corpus = { sources = ["days"], tags = ["full", "short", "sold-out"] }

[[phase]]
name = "cleanup"
number = 3

[phase.gate.done]
check = ["true"]
"""
RULES = '[[rule]]\npath = "result.cost"\nabs = "0.5"\nreason = "the prices of a day"\n'
PAGES = (
    "/",
    "/phases/shelf",
    "/timeline",
    "/clusters",
    "/runs",
    "/rules",
    "/workers",
    "/search?q=shelf",
    "/no",
)


def busy_shop(folder: Path) -> Shop:
    """A shop at shadow: five runs that match, two in which an order differs, one in which the cost does."""
    shop = shop_in(folder)
    (folder / "migration" / "phases.toml").write_text(PLAN)
    (folder / "migration" / "rules.toml").write_text(RULES)
    assert shop.run("compare", "--source", "days", planted="dear").code == 1
    flip = ("flip", "shelf", "shadow", "--force", "--who", "anna", "--reason", "first week")
    assert shop.run(*flip).code == 0
    sell(shop, 10, 20, 30, 40, 50, stage=None)
    sell(shop, 15, 25, planted="whole", stage=None)
    sell(shop, 35, planted="dear", stage=None)
    return shop


def live_of(shop: Shop) -> LiveProject:
    return LiveProject(find_project(shop.root, {}), slow_s=float("inf"))


def client_of(shop: Shop, token: str | None = None, listens_at: str = "127.0.0.1") -> Client:
    return Client(make_app(live_of(shop), Hosts(listens_at), None if token is None else Token(token)))


def addresses(client: Client) -> list[str]:
    """One address of each kind of page, with a cluster and a run that differ."""
    return [*PAGES, found(client, "/clusters", "/clusters/"), found(client, "/runs?verdict=unsafe", "/runs/")]


def found(client: Client, page: str, begin: str) -> str:
    """The first link on a page that begins so."""
    text = client.get(page).text
    start = text.index(f'href="{begin}') + len('href="')
    return text[start : text.index('"', start)]
