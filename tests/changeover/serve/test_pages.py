"""Every page says what is known of the project, reads well without a script, and asks no other machine."""

from datetime import date
from pathlib import Path

import pytest

from changeover.serve.headers import HEADERS
from tests.changeover.support.asgi_client import Client
from tests.changeover.support.page_reading import Element, read
from tests.changeover.support.projects import Shop, shop_in
from tests.changeover.support.served_shop import addresses, busy_shop, client_of, found


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return busy_shop(tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="module")
def client(shop: Shop) -> Client:
    return client_of(shop)


def page_of(client: Client, address: str) -> Element:
    answer = client.get(address)
    assert answer.status == 200, answer.text
    return read(answer.text)


def main_of(client: Client, address: str) -> str:
    return page_of(client, address).named("main").whole_text


def test_every_page_is_whole_and_says_what_it_is_about(client: Client) -> None:
    for address in addresses(client):
        page = read(client.get(address).text)
        assert len(page.all("h1")) == 1, address
        assert page.all("title")[0].text.endswith("· changeover")
        assert page.all("html")[0].attributes["lang"] == "en"
        labels = {one.attributes["for"] for one in page.all("label")}
        fields = page.all("input") + page.all("select")
        assert {one.attributes["id"] for one in fields if one.attributes.get("type") != "hidden"} <= labels


def test_no_page_asks_another_machine_or_has_a_script_of_its_own(client: Client) -> None:
    for address in addresses(client):
        answer = client.get(address)
        for one in read(answer.text).every:
            for name in ("href", "src", "action"):
                assert one.attributes.get(name, "/").startswith(("/", "#")), (address, one.attributes)
                assert not one.attributes.get(name, "").startswith("//"), (address, one.attributes)
            assert "style" not in one.attributes
            assert not [name for name in one.attributes if name.startswith("on")]
            assert one.tag != "style"
            if one.tag == "script":
                assert one.attributes["src"] == "/static/live.js"


def test_every_answer_tells_the_browser_what_it_may_do(client: Client) -> None:
    for address in (*addresses(client), "/static/style.css", "/static/live.js", "/static/none", "/metrics"):
        headers = client.get(address).headers
        assert {name: headers[name] for name in HEADERS} == HEADERS, address
    policy = HEADERS["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_the_first_page_says_what_differs_and_what_each_gate_needs(client: Client) -> None:
    page = page_of(client, "/")
    assert page.all("h1")[0].whole_text == "An effect differs on today's code."
    assert page.all("title")[0].text.startswith("UNSAFE · ")
    problems = page.named("problems").whole_text
    assert "UNSAFE in production, on this code: 2 of 8 runs, shelf.refill" in problems
    shelf, cleanup = (one for one in page.all("section") if one.attributes.get("class") == "phase")
    assert "2 shelf Refill the shelf" in shelf.whole_text
    assert "shadow legacy answers" in shelf.whole_text
    assert "8 runs in 30 days, 3 diverged (2 UNSAFE" in shelf.whole_text
    assert "of 20 days" in shelf.whole_text
    assert "waiting alone does not help" in shelf.whole_text
    assert "open" in cleanup.whole_text


def test_a_phase_has_every_criterion_of_its_gate(client: Client) -> None:
    page = page_of(client, "/phases/shelf")
    (table,) = [one for one in page.all("table") if "criteria" in one.attributes.get("class", "")]
    rows = {row[1]: row for row in table.rows()[1:]}
    assert rows["effects that differ"][0] == "fail"
    assert rows["production: days covered"][:3] == ["inconclusive", "production: days covered", ">= 20"]
    assert "anna" in page.named("main").whole_text


def test_the_numbers_of_the_timeline_add_up(client: Client) -> None:
    page = page_of(client, "/timeline")
    (table,) = [one for one in page.all("table") if one.attributes.get("class") == "numbers"]
    rows = [[int(cell.replace("·", "0")) for cell in row[1:8]] for row in table.rows()[1:]]
    assert len(rows) == 30
    for runs, match, tolerated, waived, diverged, unsafe, not_compared in rows:
        assert runs == match + tolerated + waived + diverged + not_compared
        assert unsafe <= diverged
    assert [sum(column) for column in zip(*rows, strict=True)] == [8, 5, 0, 0, 3, 2, 0]
    assert table.rows()[1][8] == "flip shelf off -> shadow"


def test_moves_and_runs_stand_on_one_time_line(client: Client) -> None:
    text = main_of(client, "/timeline")
    assert "shelf: 8 runs, UNSAFE in 1 period" in text
    assert "flip shelf off -> shadow: first week anna" in text
    assert "flip shelf off -> shadow" not in main_of(client, "/timeline?phase=cleanup&days=90")


def test_clusters_have_a_state_and_when_they_were_seen(client: Client) -> None:
    page = page_of(client, "/clusters")
    rows = page.all("table")[0].rows()
    assert rows[0] == ["cluster", "state", "seam", "place", "runs", "first seen", "last seen", "where"]
    by_place = {row[3]: row for row in reversed(rows[1:])}
    order = by_place["effects.depot.order[apples].quantity"]
    assert (order[1], order[2], order[4], order[7]) == ("UNSAFE new", "shelf.refill", "2", "production")
    assert order[5].startswith(f"{date.today():%Y-}")
    assert by_place["result.cost"][7] == "production, days"
    assert page.all("h1")[0].whole_text == "5 clusters on today's code, 2 of effects."


def test_clusters_of_one_state_can_be_shown_alone(client: Client) -> None:
    assert "None in this state." in main_of(client, "/clusters?state=fixed")
    assert main_of(client, "/clusters?state=fixed&phase=cleanup")
    assert main_of(client, "/clusters?state=no-state") == main_of(client, "/clusters")


def test_a_cluster_has_several_examples_with_what_differs_marked(client: Client) -> None:
    page = page_of(client, found(client, "/clusters", "/clusters/"))
    examples = [one for one in page.all("section") if one.attributes.get("class") == "example"]
    assert len(examples) == 2
    diffs = [(one.all("del")[0].text, one.all("ins")[0].text) for one in examples]
    assert diffs == [("35", "60"), ("45", "60")]
    assert "production, stage shadow" in examples[0].whole_text


def test_a_cluster_is_found_by_any_beginning_that_is_long_enough(client: Client) -> None:
    address = found(client, "/clusters", "/clusters/")
    digest = address.rpartition("/")[2]
    assert main_of(client, f"/clusters/{digest[:8]}") == main_of(client, address)
    assert client.get(f"/clusters/{digest[:2]}").status == 404
    assert client.get("/clusters/zzzz").status == 404


def test_a_run_has_its_tape_side_by_side(client: Client) -> None:
    page = page_of(client, found(client, "/runs?verdict=unsafe", "/runs/"))
    assert page.all("h1")[0].whole_text.startswith("UNSAFE shelf.refill store/")
    (tape,) = [one for one in page.all("table") if one.attributes.get("class") == "tape"]
    rows = tape.rows()
    assert rows[0] == ["#", "what", "legacy, performed", "candidate, replayed"]
    told = {row[2].split(" ")[0]: row for row in rows[1:]}
    held, order = told["depot.held"], told["depot.order"]
    assert (held[1], held[3]) == ("read", "same")
    assert order[1] == "EFFECT differs"
    assert "quantity=35" in order[2]
    assert "quantity=60" in order[3]
    assert "shop.py:" in order[2]


def test_a_case_of_a_comparison_is_a_page_too(client: Client) -> None:
    cost = page_of(client, "/clusters").all("table")[0]
    links = {row.all("td")[2].text: row.all("a")[0].attributes["href"] for row in cost.all("tr")[1:]}
    run = found(client, links["result.cost"], "/runs/")
    assert "shelf.refill" in main_of(client, run)
    answer = client.get("/runs/days/1")
    assert (answer.status, "not kept" in answer.text) in ((200, False), (404, False))


def test_runs_are_listed_by_what_is_asked_for(client: Client) -> None:
    everything = page_of(client, "/runs")
    assert everything.all("h1")[0].whole_text == "8 runs in production"
    assert len(everything.all("table")[0].rows()) == 9
    unsafe = page_of(client, "/runs?verdict=unsafe&phase=shelf")
    assert {row[4] for row in unsafe.all("table")[0].rows()[1:]} == {"UNSAFE"}
    assert "None." in main_of(client, "/runs?last=2001-01-01")
    assert "None." in main_of(client, "/runs?phase=nobody")
    assert main_of(client, "/runs?verdict=odd&first=never&until=now&cluster=%22") == main_of(client, "/runs")


def test_rules_have_their_hits_and_the_comparison_that_counted_them(client: Client) -> None:
    row = page_of(client, "/rules").all("table")[0].rows()[1]
    assert (row[0], row[2], row[8]) == ("result.cost", "abs 0.5", "the prices of a day")
    assert row[6] == "days"


def test_a_search_leads_to_what_has_the_text(client: Client) -> None:
    digest = found(client, "/clusters", "/clusters/").rpartition("/")[2]
    answer = client.get(f"/search?q={digest[:6]}")
    assert (answer.status, answer.headers["location"]) == (303, f"/clusters/{digest}")
    assert "flip shelf" not in main_of(client, "/search?q=nobody")
    assert "Nothing has “nobody”" in main_of(client, "/search?q=nobody")
    found_ = main_of(client, "/search?q=shelf")
    assert all(word in found_ for word in ("Phases", "Seams", "Clusters", "What was moved"))
    run = found(client, "/runs", "/runs/").rpartition("/")[2]
    assert run[:8] in main_of(client, f"/search?q={run[:8]}x"[:-1])


def test_what_is_not_there_is_said_with_a_way_back(client: Client) -> None:
    for address in ("/no", "/phases/nobody", "/runs/nobody", "/clusters/abcdef123456"):
        answer = client.get(address)
        assert answer.status == 404, address
        assert read(answer.text).named("main").all("a")[-1].text == "Back"


def test_prometheus_can_read_what_the_project_says(client: Client) -> None:
    assert 'seam="shelf.refill",stage="shadow",verdict="unsafe"} 2.0' in client.get("/metrics").text


def test_a_plan_that_is_broken_meanwhile_is_said_on_the_page(tmp_path: Path) -> None:
    broken = shop_in(tmp_path)
    (broken.root / "migration" / "phases.toml").write_text("[migration\n")
    answer = client_of(broken).get("/")
    assert answer.status == 503
    assert "phases.toml" in read(answer.text).named("main").whole_text
    assert "Traceback" not in answer.text


def test_other_sites_cannot_read_pages_under_a_name_of_their_own(client: Client, shop: Shop) -> None:
    assert client.get("/", host="evil.example:8470").status == 421
    assert [client.get("/", host=name).status for name in ("localhost", "[::1]:9")] == [200, 200]
    assert client_of(shop, listens_at="0.0.0.0").get("/", host="migration.example").status == 200  # noqa: S104
